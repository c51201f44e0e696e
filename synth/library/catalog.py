"""The library itself: from a code to a clinical fact, from a fact to its code and to what a note may call it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.codes import icd10cm
from ghostchart.schemas.errors import CodeError, InputError
from ghostchart.schemas.icd10cm import Icd10Cm
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.schemas.procedure_codes import load_procedure_codes
from ghostchart.synth.library.drugs import Drug, parse_drugs
from ghostchart.synth.library.families import Acuity, CodeRow, ConditionFamily, parse_family
from ghostchart.synth.library.general import GENERAL_PREFIX, general_forms, general_history_forms
from ghostchart.synth.library.wording import expand_all

_HERE = Path(__file__).parent
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Library:
    """Condition families, procedures and drugs; build it with :func:`load_library`."""

    def __init__(
        self,
        families: Mapping[str, ConditionFamily],
        drugs: Mapping[str, Drug],
        procedures: Mapping[str, tuple[str, ...]],
        release: Icd10Cm | None = None,
    ) -> None:
        self._release = release if release is not None else load_icd10cm()
        self.families: Mapping[str, ConditionFamily] = MappingProxyType(dict(families))
        self.drugs: Mapping[str, Drug] = MappingProxyType(dict(drugs))
        self._procedures = dict(procedures)
        self._rows: dict[str, tuple[ConditionFamily, CodeRow]] = {}
        for family in families.values():
            for row in family.rows:
                holder = self._rows.setdefault(row.code, (family, row))[0]
                if holder is not family:
                    raise InputError(f"{row.code} belongs to two families, {holder.key} and {family.key}")
        for family in families.values():
            for code in family.absorbs:
                self._rows.setdefault(code, (family, family.rows[0]))
        self._owners: dict[str, str] | None = None
        self._forms: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[str, ...]] = {}

    def family_of(self, icd_value: str) -> str | None:
        """Key of the family that documents a code, None on the general path."""
        found = self._rows.get(icd_value)
        return found[0].key if found else None

    def codes(self) -> tuple[str, ...]:
        """Every code that some family documents directly, sorted (codes that combination rules make are not here)."""
        return tuple(sorted({row.code for family in self.families.values() for row in family.rows}))

    def require_release(self) -> None:
        """Check that the release holds every code that a family documents or absorbs.

        Raises:
            CodeError: it lacks some; the first and the number of others are named.
        """
        lacking = sorted(code for code in self._rows if not self._release.is_billable(code))
        if lacking:
            family = self._rows[lacking[0]][0]
            others = f", nor {len(lacking) - 1:,} other codes of the library" if len(lacking) > 1 else ""
            raise CodeError(
                f"{self._release.release} does not hold {lacking[0]}, which the condition family {family.key} uses{others}",
                fix="Use a release that holds them, such as the one that ships with ghostchart",
            )

    def fact_for_code(self, icd_value: str, fact_id: str) -> ClinicalFact:
        """The clinical fact a code stands for; the general path ("icd10cm:<code>") where no family has it.

        Combination codes give the fact of the family that absorbs them (I11.0 -> hypertension); the coding policy puts
        them together again.

        Raises:
            CodeError: not of the shape of an ICD-10-CM code.
        """
        value = icd10cm(icd_value).value
        found = self._rows.get(value)
        if found is None:
            return ClinicalFact(fact_id, "condition", f"{GENERAL_PREFIX}{value}")
        family, row = found
        return ClinicalFact(fact_id, "condition", family.key, MappingProxyType(dict(row.attributes)))

    def code_for(self, concept: str, attributes: Mapping[str, str]) -> str:
        """The direct code of a concept with attributes, before any combination rule.

        Raises:
            CodeError: unknown concept or combination.
        """
        if concept.startswith(GENERAL_PREFIX):
            return icd10cm(concept.removeprefix(GENERAL_PREFIX)).value
        return self._row(concept, attributes).code

    def acuity(self, fact: ClinicalFact) -> Acuity:
        """How a condition counts in medical decision making; the general path counts as acute_uncomplicated.

        Raises:
            CodeError: unknown concept or combination.
        """
        if fact.concept.startswith(GENERAL_PREFIX):
            return "acute_uncomplicated"
        row = self._row(fact.concept, fact.attributes)
        return row.acuity or self.families[fact.concept].acuity

    def surface_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        """What a note may call a condition: noun phrases in stable order that lead a coder to exactly its code.

        At least 6 for families, at least 3 on the general path.

        Raises:
            CodeError: unknown concept or combination.
        """
        key = (fact.concept, tuple(sorted(fact.attributes.items())))
        if key not in self._forms:
            if fact.concept.startswith(GENERAL_PREFIX):
                self._forms[key] = self._free_forms(fact.concept.removeprefix(GENERAL_PREFIX))
            else:
                self._forms[key] = self.families[fact.concept].forms(self._row(fact.concept, fact.attributes))
        return self._forms[key]

    def history_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        """Noun phrases that follow "history of", without attributes that no longer matter."""
        if fact.concept.startswith(GENERAL_PREFIX):
            return general_history_forms(fact.concept.removeprefix(GENERAL_PREFIX), self._release)
        family = self._family(fact.concept)
        row = family.row(fact.attributes)
        return (row.history if row else ()) or family.history

    def family_history_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        """Noun phrases that follow "mother with"."""
        if fact.concept.startswith(GENERAL_PREFIX):
            return general_history_forms(fact.concept.removeprefix(GENERAL_PREFIX), self._release)
        return self._family(fact.concept).family_history

    def procedure_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        """What a note says when the service of a "cpt:93000" or "hcpcs:G0439" fact was done, at least 4 phrases.

        The fact's laterality is worded in. Numbers of the starter table without phrases of their own are worded from
        their short meaning; others (a licensed file's) have none: use the code system's description.
        """
        side = fact.attributes.get("laterality", "")
        side = "" if side == "unspecified" else side
        key = (fact.concept, (("laterality", side),))
        if key not in self._forms:
            templates = self._procedures.get(fact.concept) or _from_meaning(fact.concept)
            if side and not any("{side}" in template for template in templates):
                templates = tuple(f"{template}, {{side}} side" for template in templates)
            self._forms[key] = expand_all(templates, {"side": (side,)})
        return self._forms[key]

    def _free_forms(self, value: str) -> tuple[str, ...]:
        """Wordings of the general path that no family uses for another code."""
        if self._owners is None:
            self._owners = {
                form.lower(): row.code
                for family in self.families.values()
                for row in family.rows
                for form in family.forms(row)
            }
        owners = self._owners
        return tuple(form for form in general_forms(value, self._release) if owners.get(form.lower(), value) == value)

    def _family(self, concept: str) -> ConditionFamily:
        try:
            return self.families[concept]
        except KeyError:
            raise CodeError(f"the condition library has no concept {concept!r}") from None

    def _row(self, concept: str, attributes: Mapping[str, str]) -> CodeRow:
        row = self._family(concept).row(attributes)
        if row is None:
            listed = ", ".join(f"{name} {value}" for name, value in sorted(attributes.items())) or "no attributes"
            raise CodeError(f"{concept} has no code for {listed}")
        return row


def _from_meaning(concept: str) -> tuple[str, ...]:
    """Phrases made of the starter table's own short meaning; none for numbers outside it."""
    value = concept.partition(":")[2]
    starter = load_procedure_codes("starter")
    if not starter.is_billable(value):
        return ()
    meaning = starter.description(value)
    done = ("ordered", "supplied") if starter.group(value) == "frailty_device" else ("provided", "completed")
    return (meaning, f"{meaning} {done[0]}", f"{meaning}, {done[1]} today", f"{meaning} ({done[1]})")


def load_library(release: Icd10Cm | None = None) -> Library:
    """The library that ships with ghostchart, cached per process and release.

    Args:
        release: words the general path; None for the release that ships with ghostchart.

    Raises:
        InputError: its data files contradict themselves (two families claim one code, unknown keys).
    """
    return _load(release if release is not None else load_icd10cm())


@cache
def _load(release: Icd10Cm) -> Library:
    families: dict[str, ConditionFamily] = {}
    for path in sorted((_HERE / "conditions").glob("*.yaml")):
        for key, spec in _read(path).items():
            if key.startswith("."):  # anchors shared within the file
                continue
            if key in families:
                raise InputError(f"condition family {key!r} is defined twice", where=path.name)
            families[key] = parse_family(key, spec, path.name)
    drugs = parse_drugs(_read(_HERE / "drugs.yaml"), "drugs.yaml")
    procedures = {concept: tuple(forms) for concept, forms in _read(_HERE / "procedures.yaml").items()}
    return Library(families, drugs, procedures, release)


def _read(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or {})  # a safe loader, in C where possible
