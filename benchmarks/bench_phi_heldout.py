"""Recall on names, streets and towns that no rule of the scanner was written from, beside stock Presidio.

Names, streets and towns were written by hand for this measurement (``phi/heldout_*.txt``): names of 16 origins, US street
and town names in the forms of USPS Publication 28; the sentences were written before the scanner was run on them and no
recognizer test has them. The bar is 0.95 for names and addresses, lower 95 % bound. Identifier-free texts give the false
alarms (bar: 1 in 20 texts).

``GHOSTCHART_BENCH_ROUNDS`` fillings of every sentence (20); ``GHOSTCHART_BENCH_ONLY=ours`` leaves stock Presidio out.
``GHOSTCHART_BENCH_SHOW=1`` prints what was missed; whoever reads that and changes a rule needs new sentences.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench_phi_quality import FOLDER, Scan, ours, report_alarms, report_both, report_recall, stock
from benchmarks.phi_texts import Sample, Values

SEED = 20261124


class HeldOutValues(Values):
    """Draws from the lists written for this measurement."""

    def __init__(self, seed: int, folder: Path = FOLDER) -> None:
        super().__init__(seed)
        rows = [row.split(" | ") for row in _rows(folder / "heldout_names.txt")]
        # "Standing Bear" and "Van Zandt" are one surname of two words; the lists separate by blanks.
        self._origins = [(given.split(), _surnames(family)) for given, family in rows]
        self._streets = _rows(folder / "heldout_streets.txt")
        self._cities = _rows(folder / "heldout_cities.txt")

    def _origin(self) -> tuple[list[str], list[str]]:
        return self._origins[int(self.rng.integers(len(self._origins)))]

    def first(self) -> str:
        """A given name."""
        return self.pick(self._origin()[0])

    def last(self) -> str:
        """A surname."""
        return self.pick(self._origin()[1])

    def full(self) -> str:
        """Given name and surname of one origin, sometimes with an initial."""
        given, family = self._origin()
        middle = f" {self.pick('ABCDEFGHJKLMNPRSTW')}." if self.rng.random() < 0.12 else ""
        return f"{self.pick(given)}{middle} {self.pick(family)}"

    def street(self) -> str:
        """A delivery address line; in the list a hash is a digit that is not zero and an at sign a hash."""
        line = self.pick(self._streets)
        return "".join(self.number(1) if char == "#" else char for char in line).replace("@", "#")

    def city(self) -> str:
        """A town."""
        return self.pick(self._cities)


def _rows(path: Path) -> list[str]:
    return [row for row in path.read_text(encoding="utf-8").splitlines() if row and not row.startswith("# ")]


def _surnames(text: str) -> list[str]:
    joined = text.replace("Standing Bear", "Standing_Bear").replace("Van Zandt", "Van_Zandt")
    return [name.replace("_", " ") for name in joined.split()]


def samples(rounds: int, seed: int = SEED) -> list[Sample]:
    """Every sentence ``rounds`` times."""
    values, made = HeldOutValues(seed), []
    for block in (FOLDER / "heldout_frames.txt").read_text(encoding="utf-8").split("=====\n"):
        kind, *frames = block.strip("\n").splitlines()
        made += [values.fill(frame, kind) for frame in frames for _ in range(rounds)]
    return made


def _scanners() -> Iterator[tuple[str, Scan]]:
    yield "ghostchart", ours()
    if os.environ.get("GHOSTCHART_BENCH_ONLY") != "ours":
        yield "stock Presidio", stock()


def main() -> None:
    """Print recall per type with bounds, precision and false alarms for both scanners."""
    texts = samples(int(os.environ.get("GHOSTCHART_BENCH_ROUNDS", "20")))
    clean = [block.strip("\n") for block in (FOLDER / "heldout_clean.txt").read_text(encoding="utf-8").split("=====\n")]
    for name, scan in _scanners():
        print(f"{name}: held-out sentences, {len(texts)} texts")
        found = scan([sample.text for sample in texts])
        report_recall(texts, found)
        report_both(texts, found)
        print(f"{name}: identifier-free clinical texts, held out")
        report_alarms(clean, scan(clean))
