"""How facts are worded in a note of one split, and which ICD-10-CM code a fact stands for by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.codes import Code, procedure
from ghostchart.schemas.errors import CodeError, TemplateError
from ghostchart.schemas.note import Split
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.marks import require_value

# Of five or more surface forms, one in five is kept for test notes and one for validation notes; of three or four,
# the last is kept for test notes. Test notes use a kept form this often, so that at least 30 % of condition mentions
# in test notes are worded as training never saw them (issue: "splits by phrase").
HELD_OUT_SHARE = 0.4
_TEST_SLOT, _VALIDATION_SLOT, _SLOTS = 3, 4, 5
_PAST = ("history", "resolved")


class FamilyLike(Protocol):
    """What notes ask of a condition family."""

    @property
    def chronic(self) -> bool:
        """Whether the condition lasts."""
        ...


class WordingLibrary(Protocol):
    """The part of the condition library that notes use."""

    @property
    def families(self) -> Mapping[str, FamilyLike]:
        """Condition families by key."""
        ...

    def code_for(self, concept: str, attributes: Mapping[str, str]) -> str:
        """Direct code of a concept; CodeError if unknown."""
        ...

    def surface_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        """Noun phrases for a condition."""
        ...

    def history_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        """Noun phrases for what the patient once had."""
        ...

    def family_history_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        """Noun phrases for what a relative has."""
        ...

    def procedure_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        """Noun phrases for a procedure."""
        ...


class FormChoices(NamedTuple):
    """What one fact may be called: ``open`` in every split, ``kept`` in this split alone."""

    open: tuple[str, ...]
    kept: tuple[str, ...]

    def draw(self, draws: Draws) -> str:
        """One of them; kept ones with :data:`HELD_OUT_SHARE` of the chances."""
        if self.kept and (not self.open or draws.chance(HELD_OUT_SHARE)):
            return draws.pick(self.kept)
        return draws.pick(self.open)


class FormBook:
    """Surface forms per split; remembers them, because the same conditions return in thousands of notes."""

    def __init__(self, library: WordingLibrary, split: Split, describe: Callable[[Code], str]) -> None:
        self._library = library
        self._describe = describe
        self._split = split
        self._choices: dict[tuple[object, ...], FormChoices] = {}
        self._codes: dict[tuple[object, ...], str] = {}

    def code_of(self, fact: ClinicalFact) -> str:
        """The ICD-10-CM code the concept has by itself, "" where it has none; steers wording only, never gold."""
        key = (fact.concept, *fact.attributes.items())
        code = self._codes.get(key)
        if code is None:
            try:
                code = self._library.code_for(fact.concept, fact.attributes)
            except CodeError:
                code = ""
            self._codes[key] = code
        return code

    def is_chronic(self, fact: ClinicalFact) -> bool | None:
        """Whether the condition lasts; None where the library does not say (general path)."""
        family = self._library.families.get(fact.concept)
        return family.chronic if family is not None else None

    def choices(self, fact: ClinicalFact) -> FormChoices:
        """The surface forms a mention may take in this split.

        Raises:
            TemplateError: the library has no words for this fact, or one that no note may hold.
        """
        key = (fact.kind, fact.experiencer, fact.temporality, fact.concept, *fact.attributes.items())
        found = self._choices.get(key)
        if found is None:
            forms = tuple(require_value(form, where=fact.concept) for form in self._all_forms(fact))
            if not forms:
                raise TemplateError(f"the library has no words for {fact.concept!r}")
            found = self._choices[key] = FormChoices(*divide_forms(forms, self._split))
        return found

    def _all_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        if fact.kind == "medication":
            return (fact.concept.removeprefix("drug:").replace("_", " "),)
        if fact.kind == "procedure":
            # A licensed file's codes have no phrases of their own; their description has to do.
            return self._library.procedure_forms(fact) or (self._described(fact),)
        if fact.experiencer == "family":
            return self._library.family_history_forms(fact)
        if fact.temporality in _PAST:
            return self._library.history_forms(fact)
        return self._library.surface_forms(fact)

    def _described(self, fact: ClinicalFact) -> str:
        """A procedure's description with its side, which a modifier needs in the text."""
        text = self._describe(procedure(fact.concept.partition(":")[2]))
        side = fact.attributes.get("laterality", "")
        return text if side in ("", "unspecified") or side in text.lower() else f"{side} {text}"


def divide_forms(forms: tuple[str, ...], split: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(forms every split may use, forms kept for this split alone)."""
    if len(forms) >= _SLOTS:
        test = tuple(form for position, form in enumerate(forms) if position % _SLOTS == _TEST_SLOT)
        validation = tuple(form for position, form in enumerate(forms) if position % _SLOTS == _VALIDATION_SLOT)
    elif len(forms) >= 3:
        test, validation = forms[-1:], ()
    else:
        return forms, ()
    kept = {"train": (), "validation": validation, "test": test}[split]
    return tuple(form for form in forms if form not in test and form not in validation), kept
