"""One identifier, many spellings: the normal forms under which identifiers are indexed and looked up.

Each form is a (namespace, text) pair; only keyed hashes of it are ever stored.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache

Form = tuple[str, str]

NAME_TYPES = frozenset({"PERSON"})
DATE_TYPES = frozenset({"DATE_TIME"})
NUMBER_TYPES = frozenset(
    {
        "PHONE_NUMBER",
        "FAX_NUMBER",
        "US_SSN",
        "MEDICAL_RECORD_NUMBER",
        "ACCOUNT_NUMBER",
        "HEALTH_PLAN_NUMBER",
        "LICENSE_NUMBER",
        "VEHICLE_ID",
        "DEVICE_ID",
        "BIOMETRIC_ID",
    }
)
NETWORK_TYPES = frozenset({"EMAIL_ADDRESS", "URL", "IP_ADDRESS"})
# One of these alone tells a person; of the others a second attribute of the same person is needed.
UNIQUE_TYPES = NUMBER_TYPES | frozenset({"EMAIL_ADDRESS", "IP_ADDRESS"})
# Shared by many people: neither unique nor a second attribute.
WEAK_TYPES = frozenset({"CITY", "ZIP_CODE", "FACILITY", "AGE_OVER_89"})
_MIN_LETTERS, _MIN_NUMBER = 4, 8  # of what a deletion leaves
MIN_DIGITS = 6  # shorter numbers meet lab values, counts and codes by chance

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_NAME_NOISE = frozenset(
    [
        "dr",
        "mr",
        "mrs",
        "ms",
        "miss",
        "prof",
        "rev",
        "jr",
        "sr",
        "ii",
        "iii",
        "iv",
        "md",
        "do",
        "rn",
        "np",
        "pa",
        "phd",
        "dds",
        "dvm",
        "esq",
        "mx",
    ]
)
_STREET = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "lane": "ln", "drive": "dr", "boulevard": "blvd",
    "court": "ct", "circle": "cir", "place": "pl", "terrace": "ter", "trail": "trl", "parkway": "pkwy",
    "highway": "hwy", "square": "sq", "north": "n", "south": "s", "east": "e", "west": "w", "northeast": "ne",
    "northwest": "nw", "southeast": "se", "southwest": "sw", "mount": "mt", "saint": "st", "fort": "ft",
}  # fmt: skip
_UNIT_WORDS = frozenset(
    ["apt", "apartment", "suite", "ste", "unit", "room", "rm", "bldg", "building", "floor", "fl", "lot"]
)
_DATE_SHAPES = (
    re.compile(r"(?P<y>(?:1[89]|20)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"),
    re.compile(r"(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>(?:1[89]|20)\d\d|\d\d)"),
    re.compile(r"(?P<b>[A-Za-z]{3,9})\.?[ -]?(?P<d>\d{1,2})(?:st|nd|rd|th)?,?[ -]*(?P<y>(?:1[89]|20)\d\d)"),
    re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th)?(?: of)?[ -]?(?P<b>[A-Za-z]{3,9})\.?,?[ -]?(?P<y>(?:1[89]|20)\d\d)"),
    re.compile(r"(?P<y>(?:1[89]|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)"),
)


@lru_cache(maxsize=200_000)
def folded(text: str) -> str:
    """Case, accents and punctuation removed; words separated by one space."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    plain = re.sub(r"['’`]", "", plain)
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


def name_forms(value: str) -> list[Form]:
    """As written, sorted by word, and without middle names; [] for fewer than two words."""
    words = [word for word in folded(value).split() if word not in _NAME_NOISE and not word.isdigit()]
    if "," in value:
        last, _, rest = value.partition(",")
        words = [word for word in (*folded(rest).split(), *folded(last).split()) if word not in _NAME_NOISE]
    if len([word for word in words if len(word) > 1]) < 2:
        return []
    forms = {("name", " ".join(words)), ("name", " ".join(sorted(words)))}
    if len(words) > 2:
        forms.add(("name", " ".join(sorted((words[0], words[-1])))))
    return sorted(forms)


def iso_dates(value: str) -> list[str]:
    """Every calendar date that a written date can mean, as YYYY-MM-DD; two-digit years give both centuries."""
    found: set[str] = set()
    for shape in _DATE_SHAPES:
        match = shape.fullmatch(value.strip())
        if match is None:
            continue
        parts = match.groupdict()
        day = int(parts["d"])
        month = _MONTHS.get(parts["b"][:3].lower(), 0) if parts.get("b") else int(parts["m"])
        years = [int(parts["y"])] if len(parts["y"]) == 4 else [1900 + int(parts["y"]), 2000 + int(parts["y"])]
        for year in years:
            for m, d in ((month, day), (day, month)) if not parts.get("b") else ((month, day),):
                try:
                    found.add(date(year, m, d).isoformat())
                except ValueError:
                    continue
    return sorted(found)


def number_forms(value: str) -> list[Form]:
    """Digits only (and without leading zeros), and letters with digits in upper case without separators."""
    only = re.sub(r"\D", "", value)
    forms: set[Form] = set()
    if len(only) == 11 and only[0] == "1":
        only = only[1:]
    if len(only) >= MIN_DIGITS:
        forms.add(("digits", only))
        if len(only.lstrip("0")) >= MIN_DIGITS:
            forms.add(("digits", only.lstrip("0")))
    packed = re.sub(r"[^A-Za-z0-9]", "", value).upper()
    if len(packed) >= MIN_DIGITS and not packed.isdigit() and any(char.isdigit() for char in packed):
        forms.add(("packed", packed))
    return sorted(forms)


def address_words(value: str) -> list[str]:
    """House number and street, abbreviated the postal way; the unit and all behind it left out."""
    words = [_STREET.get(word, word) for word in folded(re.split(r"[,\n#]", value, maxsplit=1)[0]).split()]
    for place, word in enumerate(words):
        if word in _UNIT_WORDS and place >= 2:
            return words[:place]
    return words


def address_forms(value: str) -> list[Form]:
    """The address, [] unless it begins with a number (or is a post-office box) and has a street."""
    words = address_words(value)
    boxed = words[:2] == ["po", "box"]
    return [("address", " ".join(words))] if len(words) >= 3 and (words[0][0].isdigit() or boxed) else []


def forms_of(entity_type: str, value: str) -> list[Form]:
    """All normal forms of one identifier; [] when it is too short to tell anybody."""
    if entity_type in NAME_TYPES:
        return name_forms(value)
    if entity_type in DATE_TYPES:
        dates = iso_dates(value[:10]) or iso_dates(value)
        return [("date", item) for item in dates]
    if entity_type in NUMBER_TYPES:
        return number_forms(value)
    if entity_type == "STREET_ADDRESS":
        return address_forms(value)
    if entity_type in NETWORK_TYPES:
        return [("network", value.strip().casefold().removeprefix("mailto:").rstrip("/."))]
    return [(entity_type.lower(), folded(value))] if folded(value) else []


def numbers_within(entity_type: str, value: str) -> list[Form]:
    """Forms of the numbers that a reader meets inside a link, a mailbox or an internet address; [] for other types."""
    if entity_type not in NETWORK_TYPES:
        return []
    runs = re.findall(r"\d+(?:[.-]\d+)*", value)
    return sorted({form for run in runs for part in (run, *re.split("[.-]", run)) for form in number_forms(part)})


def deletion_forms(entity_type: str, value: str) -> list[Form]:
    """The forms with one letter or digit left out, as a typing error would; in namespaces of their own ("name-1").

    Only where what is left still tells somebody: words of at least four letters, numbers of at least eight digits (of
    shorter ones many meet by chance).
    """
    found: set[Form] = set()
    for namespace, text in forms_of(entity_type, value):
        if namespace == "name":
            words = text.split()
            for place, word in enumerate(words):
                if len(word) > _MIN_LETTERS:
                    for short in _without_one(word):
                        found.add((f"{namespace}-1", " ".join(sorted((*words[:place], short, *words[place + 1 :])))))
        elif namespace in ("digits", "packed") and len(text) > _MIN_NUMBER:
            found.update((f"{namespace}-1", short) for short in _without_one(text))
    return sorted(found)


def _without_one(text: str) -> set[str]:
    return {text[:place] + text[place + 1 :] for place in range(len(text))}
