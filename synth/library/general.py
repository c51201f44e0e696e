"""The general path: any billable ICD-10-CM code documented from its description and inclusion terms, reworded."""

from __future__ import annotations

import re
from functools import lru_cache

from ghostchart.schemas.icd10cm import Icd10Cm, load_icd10cm
from ghostchart.synth.library.wording import tidy

GENERAL_PREFIX = "icd10cm:"
_MIN_FORMS = 3

# What clinicians write for common words of the tabular list; single direction, whole words.
_SHORTER = (
    (r"\bwithout\b", "w/o"),
    (r"\bwith\b", "w/"),
    (r"\bunspecified\b", "NOS"),
    (r"\bdue to\b", "2/2"),
    (r"\bright\b", "R"),
    (r"\bleft\b", "L"),
    (r"\bfracture\b", "fx"),
    (r"\bbilateral\b", "b/l"),
    (r"\bacute\b", "ac"),
    (r"\bchronic\b", "chr"),
)
_LAYER = (
    (r"\bmalignant neoplasm of\b", "cancer of"),
    (r"\bMalignant neoplasm of\b", "Cancer of"),
    (r"\bbenign neoplasm of\b", "benign tumor of"),
    (r"\bsecondary cancer of\b", "metastasis to"),
    (r"\bneoplasm\b", "tumor"),
    (r"\blaceration\b", "cut"),
    (r"\bcontusion\b", "bruise"),
    (r"\bhemorrhage\b", "bleeding"),
    (r"\bdue to\b", "from"),
    (r"\bessential \(primary\)", "primary"),
    (r"\bcerebral infarction\b", "ischemic stroke"),
    (r"\bmyocardial infarction\b", "heart attack"),
)
_PHASES = {
    "initial encounter for closed fracture": ("closed, receiving active treatment", "new closed injury, initial care"),
    "initial encounter for open fracture": ("open, receiving active treatment", "new open injury, initial care"),
    "initial encounter": ("in active treatment", "initial visit for active care"),
    "subsequent encounter": ("in routine follow-up during healing", "follow-up visit in the healing phase"),
    "sequela": ("late effect of the original injury", "residual, sequela phase"),
}
_PHASE = re.compile(r",\s*((?:initial|subsequent) encounter\b.*|sequela)$")


@lru_cache(maxsize=1 << 15)
def general_forms(value: str, release: Icd10Cm | None = None) -> tuple[str, ...]:
    """At least three wordings of a billable code, in stable order.

    Raises:
        CodeError: not a billable code of the release.
    """
    system = release or load_icd10cm()
    system.require(value)
    description = _lower_first(system.description(value))
    phase = _PHASE.search(description)
    core = description[: phase.start()] if phase else description
    tail = phase[1] if phase else ""
    cores = [core]
    cores += [_lower_first(term) for term in system.inclusion_terms(value) if _usable(term)]
    forms = [form for text in cores for form in _rewordings(text)]
    if tail:
        forms = [f"{form}, {phase_form}" for phase_form in (tail, *_phase_forms(tail)) for form in forms]
    return _distinct(forms)


def general_history_forms(value: str) -> tuple[str, ...]:
    """Short noun phrases of a code without encounter phase."""
    system = load_icd10cm()
    description = _lower_first(system.description(system.require(value).value))
    return _distinct(_rewordings(_PHASE.sub("", description)))


def _rewordings(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    forms = [text]
    if len(parts) == 2 and not parts[1].startswith(("unspecified", "not ", "with", "without", "except")):
        forms.append(f"{parts[1]} {parts[0]}" if len(parts[1].split()) <= 2 else f"{parts[0]} ({parts[1]})")
    if "unspecified" in text:
        forms.append(re.sub(r",?\s*\bunspecified\b\s*", " ", text) + ", not further specified")
    forms.append(_replace(text, _LAYER))
    forms.append(_replace(text, _SHORTER))
    forms.append(re.sub(r"\s*\[([^\]]*)\]", r" (\1)", text))
    forms.append(f"documented {text}")
    return forms


def _phase_forms(tail: str) -> tuple[str, ...]:
    if tail in _PHASES:
        return _PHASES[tail]
    for start in ("initial encounter", "subsequent encounter"):
        if tail.startswith(f"{start} for "):
            rest = tail.removeprefix(f"{start} for ")
            word = "active treatment of" if start.startswith("initial") else "follow-up of"
            return (f"{word} {rest}",)
    return ()


def _replace(text: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, word in rules:
        text = re.sub(pattern, word, text)
    return text


def _usable(term: str) -> bool:
    """Inclusion terms that stand alone: not list headings, nor bare references."""
    return not term.rstrip().endswith(":") and len(term) > 3


def _lower_first(text: str) -> str:
    """Lower-case the first letter unless the word is an eponym-like or an abbreviation."""
    first = text.split(" ", 1)[0]
    if first[1:2].islower() and "'" not in first and not first.endswith("s'"):
        return text[0].lower() + text[1:]
    return text


def _distinct(forms: list[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for form in forms:
        text = tidy(form)
        if text:
            found.setdefault(text.lower(), text)
    return tuple(found.values())
