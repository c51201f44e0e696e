"""Every name a note template may use, and the blocks it must write so that no fact is lost."""

from __future__ import annotations

from collections.abc import Mapping

_NOTHING: frozenset[str] = frozenset()

# Root names -> attributes. Lists hold text, except ``problems``, ``procedures`` and ``exam`` (ITEM_ATTRIBUTES).
ROOT_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "patient": frozenset(
        {
            "name",
            "surname",
            "title",
            "dob",
            "mrn",
            "account",
            "phone",
            "street",
            "city",
            "zip",
            "age_sex",
            "short_age_sex",
            "she",
            "her",
        }
    ),
    "clinician": frozenset({"name", "surname"}),
    "colleague": frozenset({"name", "surname"}),
    "facility": frozenset({"name", "phone"}),
    "dates": frozenset({"visit", "start", "end", "follow_up", "signed"}),
    "chief": _NOTHING,
    "opener": _NOTHING,
    "story": _NOTHING,
    "denials": _NOTHING,
    "pmh": _NOTHING,
    "family": _NOTHING,
    "social": _NOTHING,
    "allergies": _NOTHING,
    "meds": _NOTHING,
    "vitals": _NOTHING,
    "labs": _NOTHING,
    "exam": _NOTHING,
    "results": _NOTHING,
    "procedures": _NOTHING,
    "problems": _NOTHING,
    "screens": _NOTHING,
    "particulars": _NOTHING,
    "preop": _NOTHING,
    "plan_remarks": _NOTHING,
    "visit": _NOTHING,
    "closing": _NOTHING,
    "disposition": _NOTHING,
}

ITEM_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "problems": frozenset({"name", "assessment", "course", "plan"}),
    "procedures": frozenset({"name", "sentence"}),
    "exam": frozenset({"system", "finding"}),
}

# Blocks that can carry gold evidence or a labelled distractor.
_ALWAYS_REQUIRED = (
    "story",
    "denials",
    "pmh",
    "family",
    "meds",
    "vitals",
    "labs",
    "results",
    "procedures",
    "problems",
    "plan_remarks",
    "visit",
)
_REQUIRED_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "office_soap": ("opener", "exam", "social"),
    "ed": ("opener", "exam", "disposition"),
    "discharge_summary": ("opener", "disposition"),
    "awv": ("opener", "screens", "social"),
    "preventive": ("opener", "exam", "social", "particulars"),
    "telehealth": ("opener", "particulars"),
    "history_and_physical": ("opener", "exam", "particulars"),
    "progress": ("opener", "exam", "particulars"),
    "consult": ("opener", "exam", "particulars"),
    "operative": ("opener", "preop", "particulars"),
    "nursing_facility": ("opener", "exam", "particulars"),
    "home_health": ("opener", "particulars"),
    "behavioral": ("opener", "particulars"),
}


def required_blocks(note_type: str) -> tuple[str, ...]:
    """Names that every template of a note type must write."""
    return _ALWAYS_REQUIRED + _REQUIRED_BY_TYPE.get(note_type, ())
