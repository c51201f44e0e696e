"""The small template language of surface forms.

A template is plain text with slots ``{stage}`` or ``{laterality.both}`` and alternatives ``<due to|from>``. A slot is
filled with every variant that the attribute's value offers under that name; a template that asks for something the
value does not offer says nothing about that combination and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product

Slots = Mapping[str, Sequence[str]]

_PIECE = re.compile(r"\{([a-z0-9_.]+)\}|<([^<>]*)>")
_SPACES = re.compile(r"\s+")
_SPACE_BEFORE = re.compile(r"\s+([,;:)])")
_DOUBLED_COMMA = re.compile(r",\s*(?=,)")


def expand(template: str, slots: Slots) -> list[str]:
    """Every wording of a template, in order, tidied; empty if a slot has no words.

    Slots may hold alternatives of their own.
    """
    return list(dict.fromkeys(tidy(text) for text in _fill(template, slots)))


def _fill(template: str, slots: Slots) -> list[str]:
    """Every wording as it falls out, untidied; alternatives vary fastest at the end."""
    choices: list[Sequence[str]] = []
    end = 0
    for match in _PIECE.finditer(template):
        choices.append((template[end : match.start()],))
        if match[1] is not None:
            variants = slots.get(match[1])
            if variants is None:
                return []
            choices.append([text for variant in variants for text in _fill(variant, {})])
        else:
            choices.append(match[2].split("|"))
        end = match.end()
    choices.append((template[end:],))
    return ["".join(parts) for parts in product(*choices)]


def tidy(text: str) -> str:
    """One space between words, none before punctuation, no punctuation at the ends."""
    text = _SPACE_BEFORE.sub(r"\1", _SPACES.sub(" ", text))
    return _DOUBLED_COMMA.sub("", text).strip(" ,;:.")


def expand_all(templates: Sequence[str], slots: Slots) -> tuple[str, ...]:
    """Wordings of several templates; each wording once (letter case aside), in order."""
    found: dict[str, str] = {}
    for template in templates:
        for text in expand(template, slots):
            if text:
                found.setdefault(text.lower(), text)
    return tuple(found.values())
