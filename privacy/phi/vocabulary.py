"""Which words are names, which are ordinary or clinical words; loaded once per process."""

from __future__ import annotations

from functools import cache
from importlib import resources

from ghostchart.privacy.phi.letters import unaccented


def _words(name: str) -> frozenset[str]:
    text = resources.files("ghostchart.privacy.phi").joinpath("data", name).read_text(encoding="utf-8")
    return frozenset(text.splitlines())


MONTH_NAMES = frozenset({"april", "may", "june", "august"})
"""Months that are names as well: at the head of a name they stand for a person ("April Lopez")."""


@cache
def given_names() -> frozenset[str]:
    """Given names of the US Census of 1990, of other countries and of younger people, lower case."""
    return _words("given_names.txt") | _words("given_names_abroad.txt") | _words("given_names_more.txt")


@cache
def surnames() -> frozenset[str]:
    """The 40,000 most frequent surnames of the US Census of 1990, lower case."""
    return _words("surnames.txt")


@cache
def ordinary_words() -> frozenset[str]:
    """English and clinical words that by themselves tell no person, lower case."""
    return _words("ordinary_words.txt") | _words("clinical_words.txt")


@cache
def clinical_words() -> frozenset[str]:
    """Clinical abbreviations, drugs and devices, lower case."""
    return _words("clinical_words.txt")


@cache
def clinical_core() -> frozenset[str]:
    """Everyday words of the clinic (parts of the body, complaints, care), which tell clinical text from other text."""
    return _words("clinical_core.txt")


@cache
def eponyms() -> frozenset[str]:
    """Surnames that usually stand for a sign, device or disease in notes."""
    return _words("eponyms.txt")


@cache
def diseases_of_people() -> frozenset[str]:
    """ "vincent infection": what ICD-10-CM calls by somebody's name with 's, lower case, singular."""
    return _words("diseases_of_people.txt")


@cache
def names_in_diseases() -> frozenset[str]:
    """Three words in a row of an ICD-10-CM title, or a title of two, of which one could be a name ("ross river disease")."""
    return _words("names_in_diseases.txt")


@cache
def not_in_names() -> frozenset[str]:
    """Words beside names that belong to no name: articles, labels, months, verbs of notes."""
    return _words("not_in_names.txt")


@cache
def not_people() -> frozenset[str]:
    """Fixed pairs of words in which both are on name lists and which are no person ("mayo clinic")."""
    return _words("not_people.txt")


@cache
def departments() -> frozenset[str]:
    """Words that say what kind of clinic or hospital it is, not which."""
    return _words("departments.txt")


@cache
def brands() -> frozenset[str]:
    """Companies, products, programs and famous dead that are nobody's name, lower case."""
    return _words("brands.txt")


@cache
def not_towns() -> frozenset[str]:
    """What follows "lives in" without being a town: kinds of housing, states, countries."""
    return _words("not_towns.txt")


@cache
def towns() -> frozenset[str]:
    """Names of towns without accents, lower case, that are neither ordinary words nor given names (GeoNames)."""
    return _words("towns.txt")


@cache
def names_like_typos() -> frozenset[str]:
    """First names that are an ordinary word of five letters or more with an inner letter dropped, doubled or swapped."""
    return _words("names_like_typos.txt")


@cache
def countries() -> frozenset[str]:
    """Words of the names of countries and continents, which Safe Harbor lets stand."""
    return _words("countries.txt")


def is_given_name(token: str) -> bool:
    """Whether a token (any case, accents ignored) is a listed given name."""
    return unaccented(token) in given_names()


def is_name_word(token: str) -> bool:
    """Whether a token (any case) is on a name list; both halves of a hyphenated name must be."""
    parts = [part for part in unaccented(token).replace("’", "'").split("-") if part]
    return bool(parts) and all(
        part in given_names() or part in surnames() or part.replace("'", "") in surnames() for part in parts
    )


def is_listed_town(name: str) -> bool:
    """Whether a name of one or more words (any case, accents ignored) is a listed town: "Saint", "St" and "St." are one."""
    plain = unaccented(name).replace("’", "'")
    for short in ("saint ", "st "):
        if plain.startswith(short):
            plain = f"st. {plain[len(short) :]}"
    return plain in towns()


def is_ordinary(token: str) -> bool:
    """Whether a token (any case) is an ordinary or clinical word, even if it can be a name too."""
    return token.lower().replace("’s", "").replace("'s", "") in ordinary_words()
