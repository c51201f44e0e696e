"""References inside note texts, on a tiny tabular order."""

import pytest

from ghostchart.schemas.icd10cm_references import parse_references

ORDER = ["E40", "E41", "E46", "F01", "F01.5", "F02", "F03", "F03.9", "I69", "I69.0", "S52", "S52.501A", "S52.501B"]


def span_of(value: str) -> tuple[int, int] | None:
    if value not in ORDER:
        return None
    below = [index for index, item in enumerate(ORDER) if item.startswith(value)]
    return below[0], below[-1]


def covered(note: str) -> list[str]:
    references = parse_references(note, span_of)
    return [value for index, value in enumerate(ORDER) if any(item.covers(index, value) for item in references)]


@pytest.mark.parametrize(
    ("note", "values"),
    [
        ("malnutrition (E40-E46)", ["E40", "E41", "E46"]),
        ("dementia (F01.-, F03.-)", ["F01", "F01.5", "F03", "F03.9"]),
        ("dementia (F01.- - F02.-)", ["F01", "F01.5", "F02"]),
        ("one code F03.9", ["F03.9"]),
        ("codes F01.5 to F02", ["F01.5", "F02"]),
        ("open fracture (S52.- with 7th character B)", ["S52.501B"]),
        ("nothing here", []),
        ("unknown codes (Z99.9, E47-E49)", []),
        ("range the wrong way round (F03-E40)", []),
    ],
)
def test_notes_cover_exactly_what_they_name(note: str, values: list[str]) -> None:
    assert covered(note) == values


@pytest.mark.parametrize(
    ("note", "hit", "miss"),
    [
        ("(I69. with final characters -20)", "I69.320", "I69.321"),
        ("(I69.- with fifth character 2)", "I69.02", "I69.03"),
        ("(I69.- with .51-.52)", "I69.51", "I69.53"),
        ("(S52.- with open fracture 7th character)", "S52.501C", "S52.501A"),
    ],
)
def test_extra_conditions_on_characters(note: str, hit: str, miss: str) -> None:
    reference = parse_references(note, span_of)[0]
    assert reference.covers(reference.first, hit)
    assert not reference.covers(reference.first, miss)
