"""Identifiers typed into a template: they would stand in every note and in no ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a date", re.compile(r"\b(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2})\b")),
    (
        "a date",
        re.compile(
            r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2},? \d{4}\b|\b\d{1,2} (?:Jan|Feb|Mar|Apr|May"
            r"|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{4}\b"
        ),
    ),
    ("a telephone or fax number", re.compile(r"\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b")),
    ("a social security number", re.compile(r"\b\d{3}-\d{2}-\d{4}\b")),
    ("an e-mail address", re.compile(r"\b[\w.+-]+@[\w-]+\.\w+")),
    ("a web address", re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)),
    ("a number of six digits or more", re.compile(r"\b\d{6,}\b")),
    ("a person's name", re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof)\.? [A-Z][a-z]+")),
    ("a person's name", re.compile(r"\b[A-Z][a-z]+ [A-Z][a-z]+, (?:MD|DO|NP|PA|RN|PA-C)\b")),
    (
        "a street address",
        re.compile(r"\b\d{1,5} (?:[A-Z][a-z]+ ){1,2}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Drive|Blvd)\b"),
    ),
)


def typed_identifiers(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """(line, what it looks like) of every identifier among the fixed words of a template; never the value itself."""
    for data in tree.find_all((nodes.TemplateData, nodes.Const)):
        text = getattr(data, "data", None) or getattr(data, "value", None)
        if not isinstance(text, str):
            continue
        for what, pattern in _PATTERNS:
            for match in pattern.finditer(text):
                yield data.lineno + text[: match.start()].count("\n"), what
