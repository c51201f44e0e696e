"""The template language of surface forms."""

import pytest

from ghostchart.synth.library.wording import expand, expand_all, tidy


@pytest.mark.parametrize(
    ("template", "slots", "forms"),
    [
        ("plain", {}, ["plain"]),
        ("<a|b> c", {}, ["a c", "b c"]),
        ("{x} c", {"x": ("a", "b")}, ["a c", "b c"]),
        ("{x.y}{z}", {"x.y": ("a",), "z": (", b",)}, ["a, b"]),
        ("{x} c<|, d>", {"x": ("",)}, ["c", "c, d"]),
        ("{x} c", {}, []),
        ("{x}", {"x": ("<a|b>",)}, ["a", "b"]),
        ("c, {x}, {y}", {"x": ("",), "y": ("d",)}, ["c, d"]),
    ],
)
def test_expand(template: str, slots: dict[str, tuple[str, ...]], forms: list[str]) -> None:
    assert expand(template, slots) == forms


@pytest.mark.parametrize(
    ("text", "tidied"), [(" a  b ", "a b"), ("a , b", "a, b"), ("a,, b", "a, b"), (", a.", "a"), ("a (b )", "a (b)")]
)
def test_tidy(text: str, tidied: str) -> None:
    assert tidy(text) == tidied


def test_expand_all_keeps_the_first_of_equal_forms_and_the_order() -> None:
    assert expand_all(["HTN", "htn", "high <BP|bp>"], {}) == ("HTN", "high BP")
