"""Letters of names: Latin with every accent in use (Latin-1 and Latin Extended), as parts of character classes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LETTERS = [chr(code) for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)) if chr(code).isalpha()]
UPPER = "A-Z" + "".join(letter for letter in _LETTERS if letter.isupper())
LOWER = "a-z" + "".join(letter for letter in _LETTERS if letter.islower())
_CAPITAL = re.compile(f"[{UPPER}]")
# Letters that Unicode does not take apart into a letter and an accent.
_PLAIN = str.maketrans("ıłøđðþßæœŁØĐÐÞÆŒ", "ilod" + "dtsaolod" + "dtao")


_CAPITALISED = re.compile(f"(?<!\\w)[{UPPER}][{UPPER}{LOWER}]*")


@lru_cache(maxsize=4)
def capitalised(text: str) -> frozenset[str]:
    """The words of a text that begin with a capital, letters only: what rules of places look at before anything else."""
    return frozenset(_CAPITALISED.findall(text))


@lru_cache(maxsize=100_000)
def unaccented(word: str) -> str:
    """Lower case without accents, as names stand in the word lists ("Núñez" -> "nunez")."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.translate(_PLAIN))
    return "".join(char for char in plain if not unicodedata.combining(char)).lower()


def has_inner_capital(text: str) -> bool:
    """Whether a capital stands behind the first character: no name that other words announce can do without one."""
    return _CAPITAL.search(text, 1) is not None
