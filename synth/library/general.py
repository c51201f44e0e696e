"""The general path: any billable ICD-10-CM code documented from its description and inclusion terms, reworded.

Rules are deterministic and keep every distinguishing word: what is abbreviated, reordered or put in lay words still
says site, side, type and encounter phase, so that a coder reading only the form arrives at the same code.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, lru_cache

from ghostchart.schemas.icd10cm import Icd10Cm
from ghostchart.synth.library.wording import tidy

GENERAL_PREFIX = "icd10cm:"
_MIN_FORMS = 3
_MAX_FORMS = 12
_EXTERNAL_CAUSES = ("V", "W", "X", "Y")

# Words of the tabular list as clinicians abbreviate them.
_SHORT = (
    (r"\bwithout\b", "w/o"),
    (r"\bwith\b", "w/"),
    (r"\bdue to\b", "2/2"),
    (r"\bsecondary to\b", "2/2"),
    (r"\bright\b", "R"),
    (r"\bleft\b", "L"),
    (r"\bbilateral\b", "b/l"),
    (r"\bfracture\b", "fx"),
    (r"\blaceration\b", "lac"),
    (r"\bforeign body\b", "FB"),
    (r"\bpersonal history of\b", "h/o"),
    (r"\bfamily history of\b", "FHx of"),
    (r"\bdiabetes mellitus\b", "DM"),
    (r"\bhypertension\b", "HTN"),
    (r"\bpneumonia\b", "PNA"),
    (r"\bchronic kidney disease\b", "CKD"),
    (r"\blower extremity\b", "LE"),
    (r"\bupper extremity\b", "UE"),
    (r"\bloss of consciousness\b", "LOC"),
)
# The same in plainer words.
_PLAIN = (
    (r"\bsecondary malignant neoplasm of\b", "metastasis to"),
    (r"(?<!unspecified )\bmalignant neoplasm of\b", "cancer of"),
    (r"\bbenign neoplasm of\b", "benign tumor of"),
    (r"\bneoplasm of uncertain behavior of\b", "tumor of uncertain behavior of"),
    (r"\bcarcinoma in situ of\b", "in situ carcinoma of"),
    (r"\blaceration\b", "cut"),
    (r"\bcontusion of\b", "bruise of"),
    (r"\bhemorrhage\b", "bleeding"),
    (r"\bdue to\b", "from"),
    (r"\bin diseases classified elsewhere\b", "in another underlying disease"),
    (r"\bencounter for\b", "visit for"),
    (r"\badverse effect of\b", "side effect of"),
    (r"\bcontact with and \(suspected\) exposure to\b", "contact with or exposure to"),
    (r"\bmaternal care for\b", "care of the mother for"),
    (r"\bnewborn affected by\b", "neonate affected by"),
    (r"\bburn of (first|second|third) degree of\b", r"\1-degree burn of"),
    (r"\bcomplicating pregnancy\b", "in pregnancy"),
    (r"\bof unknown cause\b", "with unknown cause"),
)
_PHASES = {
    "initial encounter": ("in active treatment", "initial visit for active care"),
    "subsequent encounter": ("in routine follow-up during healing", "follow-up visit in the healing phase"),
    "sequela": ("late effect of the original injury", "residual of the original injury, sequela phase"),
}
_FOR_FRACTURE = re.compile(r"(initial|subsequent) encounter for (.+)")
_FRACTURE_PHASE = {
    "initial": ("active treatment for", "first care for"),
    "subsequent": ("follow-up for", "later visit for"),
}
_WORD = re.compile(r"[A-Za-z][A-Za-z']+")


@lru_cache(maxsize=1 << 15)
def general_forms(value: str, system: Icd10Cm) -> tuple[str, ...]:
    """At least three wordings of a billable code, in stable order.

    Raises:
        CodeError: not a billable code of the release.
    """
    code = system.require(value).value
    core, tail = _core_and_tail(system, code)
    terms = [text for text in system.inclusion_terms(code) if _stands_for_one_code(text, system)]
    cores = [_open_lower(core, system), *(_open_lower(text, system) for text in terms)]
    forms = _distinct([form for text in cores for form in _rewordings(text, code, system)])
    if tail:
        tails = (tail, *_phase_words(tail))
        forms = _distinct([f"{forms[index % len(forms)]}, {words}" for index, words in _pair_up(len(forms), tails)])
    else:
        forms = forms + _fillers(forms[0], code) if len(forms) < _MIN_FORMS else forms
    return tuple(_distinct(forms)[:_MAX_FORMS])


def general_history_forms(value: str, system: Icd10Cm) -> tuple[str, ...]:
    """Short noun phrases of a code without encounter phase.

    Raises:
        CodeError: not a billable code of the release.
    """
    core, _ = _core_and_tail(system, system.require(value).value)
    return tuple(_distinct(_rewordings(_open_lower(core, system), value, system)))


def _core_and_tail(system: Icd10Cm, code: str) -> tuple[str, str]:
    """Description without its 7th-character part, and that part ("initial encounter", "fetus 2", "mild stage")."""
    description = system.description(code)
    if len(code) < 8:
        return description, ""
    base = system.description(system.ancestors(code)[0])
    if description.startswith(f"{base}, "):
        return base, description.removeprefix(f"{base}, ")
    return description, ""


def _pair_up(count: int, tails: tuple[str, ...]) -> list[tuple[int, str]]:
    """Every wording of the condition with every wording of the phase, changing both at each step."""
    return [(index + shift, words) for index in range(count) for shift, words in enumerate(tails)]


def _rewordings(text: str, code: str, system: Icd10Cm) -> list[str]:
    forms = [text]
    parts = text.split(", ")
    if len(parts) == 2 and not code.startswith(_EXTERNAL_CAUSES) and _can_lead(parts[1]):
        forms.append(f"{parts[1]} {parts[0]}")
    if "unspecified" in text:
        forms.append(_unspecified(text, code, system))
    forms.append(_replace(text, _PLAIN))
    forms.append(_replace(text, _SHORT))
    forms.append(_replace(_replace(text, _PLAIN), _SHORT))
    forms.append(re.sub(r"\s*\[([^\]]*)\]", r" (\1)", text))
    forms.append(re.sub(r"\s*\((acute|chronic|primary|congestive|hemorrhagic|suspected)\)", r" \1", text))
    return [form for form in forms if form]


def _can_lead(part: str) -> bool:
    """Whether the part behind the comma may go in front ("left elbow", "recurrent", but not "with relapse")."""
    words = part.split()
    return len(words) <= 2 and words[0] not in {
        "unspecified",
        "not",
        "with",
        "without",
        "except",
        "other",
        "initial",
        "in",
    }


def _unspecified(text: str, code: str, system: Icd10Cm) -> str:
    """What clinicians write instead of "unspecified": nothing, with a remark on what is missing."""
    if "laterality" in text:
        return ""
    if _has_sides(code, system):
        bare = re.sub(r"(,?) unspecified (?!.*\bunspecified\b)", r"\1 ", text)
        return f"{bare}, side not documented" if bare != text else ""
    if "unspecified trimester" in text:
        return text.replace("unspecified trimester", "trimester not documented")
    if text.endswith("unspecified"):
        return re.sub(r",?\s*unspecified$", "", text) + " NOS"
    return ""


def _has_sides(code: str, system: Icd10Cm) -> bool:
    """Whether a neighbour of the code (last character before the 7th) names the right side."""
    stem = system.ancestors(code)[0] if len(code) == 8 else code
    places = (stem.rstrip("X")[:-1] + last for last in "12")
    return any("right" in system.description(place).lower() for place in places if system.knows(place))


def _phase_words(tail: str) -> tuple[str, ...]:
    if tail in _PHASES:
        return _PHASES[tail]
    match = _FOR_FRACTURE.fullmatch(tail)
    if match:
        return tuple(f"{words} {match[2]}" for words in _FRACTURE_PHASE[match[1]])
    return (f"({tail})", f"documented as {tail}")


def _fillers(text: str, code: str) -> list[str]:
    """Frames for descriptions that no rule rewords."""
    if code.startswith(_EXTERNAL_CAUSES):
        return [f"mechanism: {text}", f"external cause: {text}"]
    if code.startswith("Z"):
        return [f"{text} (noted at this visit)", f"recorded status or reason: {text}"]
    return [f"diagnosis of {text}", f"{text} (diagnosed)"]


def _replace(text: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, word in rules:
        text = re.sub(pattern, word, text)
    return text


@cache
def _term_counts(system: Icd10Cm) -> Counter[str]:
    """How many places of the tabular list use a wording as description or inclusion term, letter case aside."""
    counts: Counter[str] = Counter()
    for value in system.places():
        counts[system.description(value).lower()] += 1
        counts.update({text.lower() for text in system.own_inclusion_terms(value)})
    return counts


@cache
def _names(system: Icd10Cm) -> frozenset[str]:
    """Words that the tabular list capitalises inside a text and never writes small: Escherichia, Parkinson."""
    inside: set[str] = set()
    for value in system.places():
        if len(value) < 8:
            for text in (system.description(value), *system.own_inclusion_terms(value)):
                inside.update(_WORD.findall(text.partition(" ")[2]))
    return frozenset(word for word in inside if word[0].isupper() and word.lower() not in inside)


def _stands_for_one_code(term: str, system: Icd10Cm) -> bool:
    """Inclusion terms that stand alone: no list headings, no "not otherwise" remarks, nothing two codes share."""
    return not term.rstrip().endswith(":") and len(term) > 3 and _term_counts(system)[term.lower()] == 1


def _open_lower(text: str, system: Icd10Cm) -> str:
    """Lower-case the first letter, unless it opens a name (Crohn's, Vogt-Koyanagi) or an abbreviation."""
    first = text.partition(" ")[0]
    rest = first[1:]
    if not rest.islower() or "'" in first or first in _names(system):
        return text
    return text[0].lower() + text[1:]


def _distinct(forms: list[str]) -> list[str]:
    found: dict[str, str] = {}
    for form in forms:
        text = tidy(form)
        if text:
            found.setdefault(text.lower(), text)
    return list(found.values())
