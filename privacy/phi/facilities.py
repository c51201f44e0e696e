"""Facilities and organisations by the noun that ends their name, and by the label or verb before it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import UPPER
from ghostchart.privacy.phi.proper_words import SIGNBOARD
from ghostchart.privacy.phi.vocabulary import departments, is_name_word, is_ordinary

_FACILITY = re.compile(
    rf"(?<![\w-])(?P<id>(?:(?:St|Mt|Ft)\.? |The )?(?:[{UPPER}][\w'’.-]*[ ]|of |and |& |the ){{1,6}}"
    r"(?P<head>Hospital(?:s| Center| System)?|Medical (?:Center|Group|Clinic|Associates|Center [A-Z]\w+)|Health (?:System|Center|Network|Clinic|"
    r"Partners|Services)|Healthcare(?: System| Center)?|Clinics?|Infirmary|Nursing (?:Home|Center|Facility)|Rehab(?:ilitation)?(?: (?:Center|"
    r"Hospital|Facility|Institute))?|Hospice|Family (?:Medicine|Practice|Health|Care)(?: \w+)?|Primary Care|Physicians(?: Group)?|"
    r"Pediatrics|Surgery Center|Surgical Center|Urgent Care|Care Center|Assisted Living|Senior Living|Living Center|Manor|Pharmacy|Cancer "
    r"Center|Heart (?:Center|Institute)|Internal Medicine|Dialysis(?: Center)?|Imaging(?: Center)?|Home Health|Medicine Associates|"
    r"Sanatorium|Memorial|Care Home|Retirement (?:Community|Home|Village)))\b"
)

_FACILITY_HEAD = re.compile(
    r"Hosp|Medic|Health|Clinic|Infirm|Nursing|Rehab|Family|Primary|Physicians|Pediatrics|Surg|Urgent|Care|Living|Manor|Pharmacy|Cancer|"
    r"Heart|Internal|Dialysis|Imaging|Home|Sanatorium|Memorial|Retirement"
)

# Heads that are treatments or services as well, and words that join a title in capitals ("Dependence On Renal Dialysis").
_WEAK_HEADS = frozenset(
    {
        "Dialysis",
        "Imaging",
        "Hospice",
        "Pediatrics",
        "Internal Medicine",
        "Home Health",
        "Memorial",
        "Rehab",
        "Health Services",
    }
)
_LINKING = frozenset(
    {"Of", "On", "In", "To", "With", "After", "Due", "And", "Or", "As", "For", "From", "At", "By", "Outside"}
)


def facilities(text: str) -> Iterator[PhiFinding]:
    """Named hospitals, clinics, homes and pharmacies; kinds of department are not names."""
    if not _FACILITY_HEAD.search(text):
        return
    for match in _FACILITY.finditer(text):
        start, lead = match.start("id"), text[match.start("id") : match.start("head")]
        words = [(found[0], found.start()) for found in re.finditer(r"[\w'’.&-]+", lead)]
        while (
            words
            and lead.strip() != "Long"  # a surname when it stands alone, not in "Long Term Care"
            and (words[0][0].lower().strip(".") in departments() or words[0][0].islower())
            and words[0][0] not in ("St.", "St")
        ):
            words.pop(0)
        rest = [word for word, _ in words]
        # "Pain Management Clinic": what kind of clinic it is, begun with a department.
        kind = len(rest) < len(lead.split()) and not any(is_name_word(word) or not is_ordinary(word) for word in rest)
        if rest and not kind and _is_named(text, start, rest, match["head"]):
            yield PhiFinding(start + words[0][1], match.end("id"), "FACILITY", 0.7)


def _is_named(text: str, start: int, words: list[str], head: str) -> bool:
    """Whether the words before "Hospital", "Clinic", ... name one place rather than say what kind of place it is."""
    if words == ["Long"]:  # a surname here; in "Long Term Care" it stands before other words
        return True
    if all(word.lower().strip(".'’s") in departments() for word in words):
        return False
    listed = any(is_name_word(word) and not is_ordinary(word) for word in words)
    if all(word.isupper() for word in words) and not any(is_name_word(word) for word in words):
        return False
    plain = all(is_ordinary(word) or word.lower() in departments() for word in words)
    if plain and (head in _WEAK_HEADS or any(word in _LINKING for word in words)):
        return listed
    # "Vaccine Clinic", "Contact the Cancer Center", "Heart Failure Center and the Eye Clinic"
    own = [word for word in words if not word.islower()]
    lone = len(own) == 1 and is_ordinary(own[0]) and not is_name_word(own[0]) and own[0].lower() not in SIGNBOARD
    joined = (
        plain
        and any(word.islower() and word in ("and", "the") for word in words)
        and not any(is_name_word(word) for word in own)
    )
    return not (lone or joined)
