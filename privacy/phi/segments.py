"""Cut text into pieces that repeat across a corpus, without cutting an identifier, and put stand-ins into them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SENTENCE_END = re.compile(r"(?<=[.!?;])[ \t]+(?=[A-Z\"'(])")
# A full stop after these is no end of a sentence.
_ABBREVIATION = re.compile(
    r"(?:\b(?i:Dr|Mr|Mrs|Ms|Prof|Rev|St|Mt|Ft|No|Jr|Sr|vs|pt|Pt|approx|Apt|Ste|Ave|Blvd|Rd|Ln|Ct|Pl|Hwy|Bldg|Dept|Drs|Tel|Ph|Ext|Lic|Acct|Med|Rec|Hosp|num|id|lic|pol|cert|ref|mem|reg|nr|cust|inv|ser|ul|av|avda|jl|jln|cad|sok|univ|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)|\b(?:Off|Ofc|Det|Tpr|Dep|Sgt|Lt|Cpt|Cpl|Insp|Mme|Mlle|Gov|Sen|Fr)|\b[A-Z])\.$"
)
# "3. Oktober"
_MONTH_AFTER = re.compile(
    r"(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"
)
_LABEL_ALONE = re.compile(r"^[ \t]*[A-Za-z][\w /#.'-]{1,40}:[ \t]*$")
# Below "Best regards," stands a name.
_CLOSING = re.compile(
    r"(?i)^[ \t]*(?:(?:with |my |all )?(?:best|kind|kindest|warm|warmest) (?:regards|wishes)|regards|best|cheers|thanks|thank you|many thanks|"
    r"(?:yours )?(?:sincerely|faithfully|truly)|sincerely yours|respectfully|love|take care|cordially)[,.!]?[ \t]*$"
)
_STARTS_ITEM = re.compile(r"^[ \t]*(?:[-*•#>]|\d+[.)]|[A-Z][A-Za-z /&'-]{0,30}:)|^[ \t]*$")
_WRAPPED_CHARS = 58  # a line at least this long that ends in mid-sentence was wrapped


def segments(text: str) -> list[tuple[int, int]]:
    """Half-open ranges of lines and sentences that hold something, in order.

    Wrapped lines stay together, as do a label and the line that follows it, and an abbreviation and what it belongs to.
    """
    ranges: list[tuple[int, int]] = []
    for start, end in _lines(text):
        begin = start
        for match in _SENTENCE_END.finditer(text, start, end):
            if text[match.start() - 2 : match.start() - 1].isdigit() and _MONTH_AFTER.match(text, match.end()):
                continue
            if _ABBREVIATION.search(text[max(begin, match.start() - 8) : match.start()]):
                continue
            ranges.append((begin, match.start()))
            begin = match.end()
        ranges.append((begin, end))
    return [(start, end) for start, end in ranges if text[start:end].strip()]


def _lines(text: str) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    position = 0
    for line in text.split("\n"):
        end = position + len(line)
        if joined and _continues(text[slice(*joined[-1])], line):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((position, end))
        position = end + 1
    return joined


def _continues(before: str, line: str) -> bool:
    if not before.strip() or not line.strip():
        return False
    if _CLOSING.match(before) and len(line) < 48:
        return True
    if _LABEL_ALONE.match(before) and len(line) < 90:
        return not _STARTS_ITEM.match(line)
    if _STARTS_ITEM.match(line) or before.rstrip().endswith((".", ":", "!", "?")):
        return False
    last_line = before.rsplit("\n", 1)[-1]
    return len(last_line) >= _WRAPPED_CHARS


@dataclass(frozen=True, slots=True)
class StandIn:
    """A range of the text and what stands there instead for the NER model."""

    start: int
    end: int
    text: str


_NUMBER = re.compile(r"\d+(?:[.,/:-]\d+)*")
_STAND_INS = {
    "DATE_TIME": "2020-02-20",
    "STREET_ADDRESS": "20 Main Street",
    "CITY": "Boston",
    "FACILITY": "General Hospital",
    "AGE_OVER_89": "20-year-old",
}


def stand_in(entity_type: str, value: str) -> str:
    """A neutral text of the same kind, so that the words around it read as before."""
    if entity_type != "PERSON":
        return _STAND_INS.get(entity_type, "X20")
    words = [word for word in value.split() if word.lower().strip(".") not in ("dr", "mr", "mrs", "ms")]
    name = "John Smith" if len(words) > 1 else "Smith"
    name = name.upper() if value.isupper() else name
    return name if len(words) == len(value.split()) else f"Dr. {name}"


def neutralise(text: str, replaced: Sequence[StandIn]) -> tuple[str, list[StandIn]]:
    """The text with stand-ins for ``replaced`` (sorted, disjoint) and for every number; and all that was replaced."""
    spans: list[StandIn] = []
    position = 0
    for item in [*replaced, StandIn(len(text), len(text), "")]:
        spans.extend(StandIn(m.start(), m.end(), "20") for m in _NUMBER.finditer(text, position, item.start))
        if item.end > item.start:
            spans.append(item)
        position = max(position, item.end)
    pieces: list[str] = []
    position = 0
    for item in spans:
        pieces += (text[position : item.start], item.text)
        position = item.end
    pieces.append(text[position:])
    return "".join(pieces), spans


def original_span(start: int, end: int, spans: Iterable[StandIn]) -> tuple[int, int]:
    """Where a range of the neutralised text lies in the original; a range inside a stand-in becomes all of it."""
    shift = 0  # original minus neutral, left of the point looked at
    begin: int | None = None
    finish: int | None = None
    for item in spans:
        neutral_start = item.start - shift
        neutral_end = neutral_start + len(item.text)
        if begin is None and start < neutral_end:
            begin = start + shift if start < neutral_start else item.start
        if finish is None and end <= neutral_end:
            finish = end + shift if end <= neutral_start else item.end
        if begin is not None and finish is not None:
            break
        shift += (item.end - item.start) - len(item.text)
    return (start + shift if begin is None else begin, end + shift if finish is None else finish)
