"""Phrase banks: sentence frames around facts, by bank, voice and split, from the YAML files in ``phrases/``.

Frames are divided by split (``shared``, ``train``, ``validation``, ``test``) so that test notes are not won by
remembering frames. A frame is text with ``{slot}``; ``{Slot}`` capitalises what is filled in.

Banks keyed by codes (examination findings, plans) list the code prefixes they belong to; the longest prefix wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from ghostchart.schemas.errors import TemplateError
from ghostchart.schemas.note import SPLITS, Split
from ghostchart.synth.notes.marks import capitalize, require_unmarked

Voice = Literal["prose", "terse"]
VOICES: tuple[Voice, ...] = ("prose", "terse")
GROUPS = ("shared", *SPLITS)
_FOLDER = Path(__file__).parent / "phrase_banks"
_SLOT = re.compile(r"\{([A-Za-z_]+)\}")
# Combinations of forbidden entries kept per bank: common ones return within hundreds of notes.
_MOST_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Frame:
    """Text with slots: ``opening`` is what stands before the first one.

    ``steps`` holds (slot, whether what fills it is capitalised, the text behind it).
    """

    opening: str
    steps: tuple[tuple[str, bool, str], ...]

    @classmethod
    def parse(cls, text: str) -> Frame:
        """From "Denies {names}."."""
        opening, *rest = _SLOT.split(text)
        names, literals = rest[0::2], rest[1::2]
        return cls(
            opening,
            tuple((name.lower(), name[0].isupper(), literal) for name, literal in zip(names, literals, strict=True)),
        )

    @property
    def slots(self) -> frozenset[str]:
        """Names of the slots."""
        return frozenset(slot for slot, _, _ in self.steps)

    @property
    def literals(self) -> tuple[str, ...]:
        """Fixed wording, slot by slot apart."""
        return (self.opening, *(literal for _, _, literal in self.steps))

    def fill(self, given: Mapping[str, str | Callable[[], str]], own: Callable[[str], str]) -> str:
        """The text with every slot filled: from ``given`` (text or a function that writes it), else by ``own``.

        Raises:
            KeyError: a slot that neither knows.
        """
        text = self.opening
        for slot, raised, literal in self.steps:
            value = given.get(slot)
            if value is None:
                value = own(slot)
            elif not isinstance(value, str):
                value = value()
            text += (capitalize(value) if raised else value) + literal
        return text


@dataclass(frozen=True, slots=True)
class CodedEntry:
    """One entry of a bank keyed by codes.

    Attributes:
        label: what the entry is about ("Lungs", "chest pain"), "" where the bank needs none.
        codes: ICD-10-CM prefixes it belongs to (findings, plans, presentations), empty for entries that fit anyone.
        categories: first three characters of those prefixes.
        conflicts: prefixes of a patient's codes that forbid it ("lungs clear" with J44).
        frames: by split.
    """

    label: str
    codes: tuple[str, ...]
    categories: frozenset[str]
    conflicts: tuple[str, ...]
    frames: Mapping[str, tuple[Frame, ...]]

    def fits(self, patient_codes: Iterable[str]) -> bool:
        """Whether no code of the patient forbids this entry."""
        return not self.conflicts or not any(code.startswith(self.conflicts) for code in patient_codes)


class _Fitting:
    """Which entries of one bank fit which patients, remembered: the same codes come back in thousands of notes.

    A code's mask has the bits of the entries it forbids; patients with the same bits get the same entries.
    """

    __slots__ = ("_entries", "_masks", "_open")

    def __init__(self, entries: tuple[CodedEntry, ...]) -> None:
        self._entries = entries
        self._masks: dict[str, int] = {}
        self._open: dict[int, tuple[CodedEntry, ...]] = {}

    def of(self, codes: Iterable[str]) -> tuple[CodedEntry, ...]:
        masks = self._masks
        forbidden = 0
        for code in codes:
            mask = masks.get(code)
            if mask is None:
                mask = masks[code] = self._mask(code)
            forbidden |= mask
        found = self._open.get(forbidden)
        if found is None:
            if len(self._open) >= _MOST_REMEMBERED:
                self._open.clear()
            found = tuple(entry for place, entry in enumerate(self._entries) if not forbidden >> place & 1)
            self._open[forbidden] = found
        return found

    def _mask(self, code: str) -> int:
        return sum(1 << place for place, entry in enumerate(self._entries) if not entry.fits((code,)))


class PhraseBank:
    """All banks, read once per process by :func:`load_phrases`."""

    def __init__(
        self, frames: Mapping[tuple[str, str, str], tuple[Frame, ...]], coded: Mapping[str, tuple[CodedEntry, ...]]
    ) -> None:
        self._frames = frames
        self._spoken: dict[tuple[str, str], dict[str, tuple[Frame, ...]]] = {}
        for (bank, voice, split), listed in frames.items():
            self._spoken.setdefault((voice, split), {})[bank] = listed
        self._coded = coded
        self._fitting = {bank: _Fitting(entries) for bank, entries in coded.items()}
        self._longest: dict[str, tuple[tuple[str, CodedEntry], ...]] = {
            bank: tuple(
                sorted(
                    ((code, entry) for entry in entries for code in entry.codes),
                    key=lambda item: (-len(item[0]), item[0]),
                )
            )
            for bank, entries in coded.items()
        }
        self._found: dict[tuple[str, str], CodedEntry | None] = {}
        self.banks = tuple(sorted({bank for bank, _, _ in frames}))
        self.coded_banks = tuple(sorted(coded))

    def frames(self, bank: str, voice: Voice, split: Split) -> tuple[Frame, ...]:
        """Frames that notes of one split may use: its own and the shared ones.

        Raises:
            TemplateError: no such bank.
        """
        try:
            return self._frames[bank, voice, split]
        except KeyError:
            raise TemplateError(f"there is no phrase bank {bank!r} for voice {voice!r}") from None

    def spoken(self, voice: Voice, split: Split) -> Mapping[str, tuple[Frame, ...]]:
        """Bank -> frames of one voice and split, as :meth:`frames` gives them one by one."""
        return self._spoken[voice, split]

    def entries(self, bank: str) -> tuple[CodedEntry, ...]:
        """Entries of a bank keyed by codes, in file order."""
        return self._coded[bank]

    def fitting(self, bank: str, patient_codes: Iterable[str]) -> tuple[CodedEntry, ...]:
        """Entries of a bank that no code of the patient forbids, in file order."""
        return self._fitting[bank].of(patient_codes)

    def entry_for(self, bank: str, code: str) -> CodedEntry | None:
        """The entry with the longest prefix of the code, if any."""
        key = (bank, code)
        if key not in self._found:
            matches = (entry for prefix, entry in self._longest[bank] if code.startswith(prefix))
            self._found[key] = next(matches, None)
        return self._found[key]


@cache
def load_phrases() -> PhraseBank:
    """The phrase banks shipped with ghostchart.

    Raises:
        TemplateError: a phrase file is malformed; names file and bank.
    """
    frames: dict[tuple[str, str, str], tuple[Frame, ...]] = {}
    coded: dict[str, tuple[CodedEntry, ...]] = {}
    for path in sorted(_FOLDER.glob("*.yaml")):
        banks = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for bank, content in banks.items():
            where = f"{path.name}, {bank}"
            if isinstance(content, list):
                coded[bank] = tuple(_coded_entry(item, where) for item in content)
            else:
                frames.update(_voiced(bank, content, where))
    return PhraseBank(frames, coded)


def _voiced(bank: str, content: Mapping[str, Any], where: str) -> dict[tuple[str, str, str], tuple[Frame, ...]]:
    """Frames of one bank; a bank written without voices serves both."""
    found: dict[tuple[str, str, str], tuple[Frame, ...]] = {}
    for voice in VOICES:
        groups = content if set(content) <= set(GROUPS) else content.get(voice)
        if groups is None:
            raise TemplateError(f"voice {voice!r} is missing", where=where)
        for split, listed in _grouped(groups, where).items():
            found[bank, voice, split] = listed
    return found


def _coded_entry(item: Mapping[str, Any], where: str) -> CodedEntry:
    groups = {key: value for key, value in item.items() if key in GROUPS}
    unknown = set(item) - set(groups) - {"label", "codes", "conflicts"}
    if unknown:
        raise TemplateError(f"unknown key {sorted(unknown)[0]!r}", where=where)
    label = str(item.get("label", ""))
    codes = tuple(str(code) for code in item.get("codes", ()))
    return CodedEntry(
        label,
        codes,
        frozenset(code[:3] for code in codes),
        tuple(str(code) for code in item.get("conflicts", ())),
        _grouped(groups, f"{where}, {label or item.get('codes')}"),
    )


def _grouped(groups: Mapping[str, list[str]], where: str) -> dict[str, tuple[Frame, ...]]:
    """Split -> its own frames and the shared ones."""
    unknown = set(groups) - set(GROUPS)
    if unknown:
        raise TemplateError(f"unknown group {sorted(unknown)[0]!r}", where=where, fix=f"Use {', '.join(GROUPS)}")
    parsed = {
        group: tuple(Frame.parse(require_unmarked(str(text), where=where)) for text in groups.get(group) or ())
        for group in GROUPS
    }
    merged: dict[str, tuple[Frame, ...]] = {split: parsed[split] + parsed["shared"] for split in SPLITS}
    empty = [split for split, listed in merged.items() if not listed]
    if empty:
        raise TemplateError(f"no phrase for split {empty[0]}", where=where)
    return merged
