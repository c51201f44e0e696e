"""What makes real notes untidy, in an amount from 0 to 1: typos, shorthand, empty sections, long lists, lab tables.

Only the words around facts are touched, never a marked piece: gold codes, their evidence and the ledger stay as they are.
"""

from __future__ import annotations

import re

from ghostchart.synth.notes.draws import Draws

_WORD = re.compile(r"\b[a-z]{5,}\b")
# Plain words -> clinical shorthand, some of it with more than one reading.
_SHORTHAND = (
    (" patient ", " pt "),
    (" with ", " w/ "),
    (" without ", " w/o "),
    (" history ", " hx "),
    (" follow-up ", " f/u "),
    (" and ", " & "),
    (" treatment ", " tx "),
    (" symptoms ", " sx "),
    (" normal ", " nl "),
    (" bilateral ", " b/l "),
    (" before ", " prior to "),
    (" reviewed", " rev'd"),
    (" continue ", " cont "),
    (" medications ", " meds "),
    (" laboratory ", " lab "),
    (" appointment ", " appt "),
    (" weeks", " wks"),
    (" months", " mos"),
)
# Stands between pieces while shorthand is put into all of them at once: a mark, which no piece can hold.
_BETWEEN = "\ue000"
_MOST_TYPOS = 7
_SHORTHAND_SHARE = 0.7


class Noise:
    """The untidiness of one note.

    Args:
        amount: 0 (tidy) to 1.
        draws: choices of their own, so that the same note with less noise keeps its wording.
    """

    __slots__ = ("_draws", "amount")

    def __init__(self, amount: float, draws: Draws) -> None:
        self.amount = amount
        self._draws = draws

    def chance(self, most: float) -> bool:
        """True with probability ``most`` times the amount."""
        return self.amount > 0 and self._draws.chance(most * self.amount)

    def up_to(self, most: int) -> int:
        """An integer from 0 to ``most`` times the amount, uniformly."""
        return self._draws.between(0, round(most * self.amount)) if self.amount > 0 else 0

    def pick(self, options: list[str]) -> str:
        """One of the options."""
        return self._draws.pick(options)

    def scuff(self, pieces: list[str]) -> None:
        """Shorthand and typos in pieces of unmarked text, changed in place.

        A typo swaps or drops letters inside a lower-case word of five letters or more: no typo makes a name or number.
        """
        if self.amount <= 0:
            return
        text = _BETWEEN.join(pieces)
        for plain, short in _SHORTHAND:
            if self._draws.chance(_SHORTHAND_SHARE * self.amount):
                text = text.replace(plain, short)
        pieces[:] = text.split(_BETWEEN)
        long_ones = [position for position, piece in enumerate(pieces) if len(piece) > 11]
        for _ in range(self.up_to(_MOST_TYPOS) if long_ones else 0):
            position = self._draws.pick(long_ones)
            words = list(_WORD.finditer(pieces[position]))
            if words:
                pieces[position] = _misspell(pieces[position], self._draws.pick(words), self._draws)


def _misspell(text: str, word: re.Match[str], draws: Draws) -> str:
    """Two inner letters swapped, or one dropped or doubled."""
    at = draws.between(word.start() + 1, word.end() - 3)
    kind = draws.between(0, 2)
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if kind == 1 else text[:at] + text[at] + text[at:]
