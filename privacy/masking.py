"""How a leaked identifier may be shown: its shape, never its letters; and the report that stays protected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ghostchart.privacy.phi.vocabulary import is_ordinary, not_in_names
from ghostchart.privacy.protected_reports import write_protected_json

_CONTEXT_CHARS = 40
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
FINDINGS = "findings.json"


def masked(value: str) -> str:
    """Each word's first letter and stars for the rest ("J***** D**"); digits are always stars."""
    words = re.findall(r"\S+|\s+", value)
    return "".join(_masked_word(word) if word.strip() else " " for word in words)


def _masked_word(word: str) -> str:
    shown = word[0] if word[0].isalpha() and not any(char.isdigit() for char in word) else ""
    return shown + re.sub(r"\w", "*", word[len(shown) :])


def masked_context(text: str, start: int, end: int, also: Iterable[tuple[int, int]] = ()) -> str:
    """Up to 40 characters either side, where only ordinary English and clinical words show.

    The finding, other findings nearby, digits and all other words are starred: a name beside the one found does not show.
    """
    low, high = max(0, start - _CONTEXT_CHARS), min(len(text), end + _CONTEXT_CHARS)
    chars = list(text[low:high])
    for begin, finish in [(start, end), *also]:
        for place in range(max(begin, low), min(finish, high)):
            if chars[place - low].isalnum():
                chars[place - low] = "*"
    for word in _WORD.finditer(text, low, high):
        whole = _WORD.match(text, _begin(text, word.start()))
        if whole is None or not (is_ordinary(whole[0]) or whole[0].lower() in not_in_names()):
            chars[word.start() - low : word.end() - low] = "*" * len(word[0])
    return re.sub(r"\d", "*", "".join(chars)).replace("\n", " ")


def _begin(text: str, place: int) -> int:
    """Where the word begins that holds this place: the edge of the context may have cut it."""
    while place and _WORD.match(text, place - 1):
        place -= 1
    return place


@dataclass(frozen=True, slots=True)
class ProtectedFinding:
    """One finding as the protected report shows it: masked, with a keyed digest to compare findings by."""

    gate: str
    kind: str
    note_id: str
    entity_type: str
    masked: str
    digest: str
    context: str


def write_protected_findings(protected: Path, findings: Sequence[ProtectedFinding]) -> Path:
    """Write ``protected/reports/findings.json``; folder mode 0700, file mode 0600.

    Raises:
        OutputError: the folder cannot be written.
    """
    return write_protected_json(protected, FINDINGS, {"findings": [asdict(item) for item in findings]})
