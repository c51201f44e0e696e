"""A pattern left out for want of digits must be one that could not have matched."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostchart.privacy.phi import places
from ghostchart.privacy.phi.least_digits import count_digits, least_digits
from ghostchart.privacy.phi.patterns import AGES, DATES, NETWORK, NUMBERS, PHONES

PATTERNS = [rule.pattern for rule in (*NETWORK, *DATES, *AGES, *PHONES, *NUMBERS)] + list(places._STREETS)


@pytest.mark.parametrize(
    ("pattern", "least"),
    [
        (r"\d{3}-\d{2}-\d{4}", 9),
        (r"[0-9]+x?", 1),
        (r"[0-9a-f]{12}", 0),
        (r"(?:19|20)\d\d", 4),
        (r"(?:\d{4}|ab)", 0),
        (r"(?:\+?1)?\d{3}", 3),
        (r"(?=\d{9})\w+", 0),
        (r"[^0-9]+\d", 1),
        (r"(?P<id>(?i:room) \d{1,4})", 1),
        (r"7(?:\d)*?", 1),
    ],
)
def test_the_fewest_digits_of_a_match(pattern: str, least: int) -> None:
    assert least_digits(re.compile(pattern)) == least


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_no_match_holds_fewer(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(PATTERNS))
    text = data.draw(st.from_regex(pattern) | st.text("0123456789 -/:.@ABab()+x", max_size=40))
    if pattern.search(text):
        assert count_digits(text) >= least_digits(pattern)
