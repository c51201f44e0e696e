"""Condition families: one clinical concept, its attributes, and the code of each combination of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType
from typing import Any, Literal, get_args

from ghostchart.schemas.errors import InputError
from ghostchart.synth.library.wording import Slots, expand_all

Acuity = Literal["stable_chronic", "acute_uncomplicated", "acute_systemic", "threat"]
ACUITIES: tuple[Acuity, ...] = get_args(Acuity)
_KEYS = {
    "name", "names", "chronic", "sex", "age", "acuity", "attributes", "integral", "drugs", "absorbs", "code", "pattern",
    "patterns", "skip", "rows", "forms", "history", "family_history", "kind",
}  # fmt: skip
_NO_SLOTS: Slots = MappingProxyType({})
Kind = Literal["disease", "symptom", "status", "injury", "external_cause", "visit_reason"]


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One combination of attributes with its code; ``forms`` are wordings for this combination only."""

    code: str
    attributes: Mapping[str, str]
    forms: tuple[str, ...] = ()
    acuity: Acuity | None = None
    history: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConditionFamily:
    """One clinical concept.

    Attributes:
        key: stable name; the concept of its facts.
        name: what people call it, without attributes.
        kind: what sort of statement it is; external causes are never first-listed, for instance.
        chronic: whether it lasts, so that a problem list carries it from visit to visit.
        sex: "any", "F" or "M".
        min_age, max_age: usual bounds in years.
        acuity: how it counts in medical decision making unless a row says otherwise.
        attributes: attribute -> values allowed.
        integral_symptoms: ICD-10-CM codes or prefixes that are routinely part of it (guideline I.B.5).
        drugs: generic names usual for it.
        rows: combinations with codes; the first row of a code is the one its facts come from.
        absorbs: combination codes whose fact is this family's first row (I11.0 -> hypertension).
        names: short noun phrases without attributes, for history and family history.
        history: those for a patient's own history; a row has its own where its history has a code of its own.
    """

    key: str
    name: str
    kind: Kind
    chronic: bool
    sex: Literal["any", "F", "M"]
    min_age: int
    max_age: int
    acuity: Acuity
    attributes: Mapping[str, tuple[str, ...]]
    integral_symptoms: tuple[str, ...]
    drugs: tuple[str, ...]
    rows: tuple[CodeRow, ...]
    absorbs: tuple[str, ...]
    names: tuple[str, ...]
    history: tuple[str, ...]
    family_history: tuple[str, ...]
    templates: tuple[str, ...]
    words: Mapping[tuple[str, str], Slots] = field(repr=False)

    def row(self, attributes: Mapping[str, str]) -> CodeRow | None:
        """The row of a combination; attributes that the family does not have are ignored, None if there is none."""
        wanted = {name: attributes[name] for name in self.attributes if name in attributes}
        return next((row for row in self.rows if row.attributes == wanted), None)

    def forms(self, row: CodeRow) -> tuple[str, ...]:
        """Every wording of one combination, in stable order."""
        slots: dict[str, Any] = {}
        for name, value in row.attributes.items():
            slots.update(self.words.get((name, value), _NO_SLOTS))
        return expand_all((*row.forms, *self.templates), slots)


def parse_family(key: str, spec: Mapping[str, Any], where: str) -> ConditionFamily:
    """Build a family from its YAML mapping.

    Raises:
        InputError: an unknown key, an attribute value without code, or nothing to build rows from.
    """
    place = f"{where}: {key}"
    if unknown := sorted(set(spec) - _KEYS):
        raise InputError(f"unknown key {unknown[0]!r} in a condition family", where=place)
    attributes, words, parts = _parse_attributes(spec.get("attributes", {}), place)
    rows = tuple(_rows(spec, attributes, parts, place))
    if not rows:
        raise InputError("a condition family without codes", where=place)
    names = tuple(spec.get("names", ())) or (spec["name"],)
    low, high = spec.get("age", (0, 120))
    return ConditionFamily(
        key=key,
        name=spec["name"],
        kind=spec.get("kind", "disease"),
        chronic=spec.get("chronic", False),
        sex=spec.get("sex", "any"),
        min_age=low,
        max_age=high,
        acuity=spec.get("acuity", "stable_chronic" if spec.get("chronic") else "acute_uncomplicated"),
        attributes=attributes,
        integral_symptoms=tuple(spec.get("integral", ())),
        drugs=tuple(spec.get("drugs", ())),
        rows=rows,
        absorbs=tuple(spec.get("absorbs", ())),
        names=names,
        history=tuple(spec.get("history", ())) or names,
        family_history=tuple(spec.get("family_history", ())) or names,
        templates=tuple(spec.get("forms", ())),
        words=words,
    )


def _parse_attributes(
    spec: Mapping[str, Any], place: str
) -> tuple[dict[str, tuple[str, ...]], dict[tuple[str, str], Slots], dict[tuple[str, str], str]]:
    """Values, words and code parts of each attribute.

    A value is a word, a list of words, or a mapping: ``code`` is its part of the pattern, ``w`` the words of the plain
    slot, every other key a slot ``attribute.key``. A bare list of values speaks for itself.
    """
    attributes: dict[str, tuple[str, ...]] = {}
    words: dict[tuple[str, str], Slots] = {}
    parts: dict[tuple[str, str], str] = {}
    for name, values in spec.items():
        if isinstance(values, list):
            values = {value: "" if value == "unspecified" else value.replace("_", " ") for value in values}  # noqa: PLW2901
        attributes[name] = tuple(str(value) for value in values)
        for raw_value, raw in values.items():
            value = str(raw_value)
            if not isinstance(raw, Mapping):
                raw = {"w": raw}  # noqa: PLW2901
            slots: dict[str, tuple[str, ...]] = {}
            for slot, text in raw.items():
                if slot.startswith("code"):
                    parts[f"{name}{slot.removeprefix('code')}", value] = str(text)
                    continue
                if text is None:
                    raise InputError(f"slot {slot!r} of {name} {value!r} is empty", where=place)
                slots[name if slot == "w" else f"{name}.{slot}"] = (
                    tuple(text) if isinstance(text, list) else (str(text),)
                )
            words[name, value] = slots
    return attributes, words, parts


def _rows(
    spec: Mapping[str, Any],
    attributes: Mapping[str, tuple[str, ...]],
    parts: Mapping[tuple[str, str], str],
    place: str,
) -> Iterator[CodeRow]:
    if "code" in spec:
        yield CodeRow(spec["code"], {})
    for raw in spec.get("rows", ()):
        chosen = {name: str(raw[name]) for name in attributes if name in raw}
        for name, value in chosen.items():
            if value not in attributes[name]:
                raise InputError(f"{name} has no value {value!r}", where=place)
        if extra := set(raw) - set(attributes) - {"code", "forms", "acuity", "history"}:
            raise InputError(f"unknown key {sorted(extra)[0]!r} in a code row", where=place)
        yield CodeRow(
            raw["code"], chosen, tuple(raw.get("forms", ())), raw.get("acuity"), tuple(raw.get("history", ()))
        )
    yield from _pattern_rows(spec, attributes, parts, place)


def _pattern_rows(
    spec: Mapping[str, Any],
    attributes: Mapping[str, tuple[str, ...]],
    parts: Mapping[tuple[str, str], str],
    place: str,
) -> Iterator[CodeRow]:
    """Rows of ``pattern`` (every combination) or ``patterns`` (each with the values it is for).

    A pattern names attributes; ``{stage_b}`` takes the value's ``code_b`` instead of its ``code``. Code parts may hold
    placeholders themselves. Combinations that have a row of their own, or a value without code part, are left out.
    """
    skip = set(spec.get("skip", ()))
    typed = [{name: str(raw[name]) for name in attributes if name in raw} for raw in spec.get("rows", ())]
    patterns = [{"code": spec["pattern"]}] if "pattern" in spec else spec.get("patterns", ())
    for pattern in patterns:
        wanted = {name: [str(value) for value in pattern.get(name, values)] for name, values in attributes.items()}
        for name, values in wanted.items():
            if unknown := set(values) - set(attributes[name]):
                raise InputError(f"{name} has no value {sorted(unknown)[0]!r}", where=place)
        for combination in product(*wanted.values()):
            chosen = dict(zip(attributes, combination, strict=True))
            known = {part: text for (part, value), text in parts.items() if value == chosen[_attribute(part, chosen)]}
            try:
                code = pattern["code"].format(**known).format(**known)
            except KeyError:
                continue
            if chosen not in typed and code not in skip:
                yield CodeRow(code, chosen)


def _attribute(part: str, chosen: Mapping[str, str]) -> str:
    """The attribute that a code part belongs to ("stage_b" -> "stage")."""
    return part if part in chosen else part.rpartition("_")[0]
