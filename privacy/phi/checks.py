"""What a shape alone cannot tell: check digits, calendar ranges and numbers that only look like identifiers."""

from __future__ import annotations

import re

from ghostchart.privacy.phi.vocabulary import clinical_words, is_name_word, is_ordinary
from ghostchart.schemas.codes import Code
from ghostchart.schemas.errors import CodeError

_UNITS = re.compile(r"(?i)^(?:(?:mg|mcg|ml|kg|g|mmhg|bpm|units?|meq|mmol|cells|copies|x10)(?![a-z])|k/|%)")
# Words after which "may 3" is a day.
_DAY_BEFORE = re.compile(
    r"(?i)\b(?:on|since|until|till|by|from|to|through|of|dated?|born|seen|visit|appt|drawn|due|for|before|after|between|and)[: ]*$"
)
# In small letters nothing but months ("may", "march", "mar", "dec" are words of other kinds).
_ONLY_MONTHS = frozenset([
    "january", "february", "april", "june", "july", "august", "september", "october", "november", "december", "feb", "apr", "jul", "aug", "sept", "nov",
])  # fmt: skip
_VITAL_BEFORE = re.compile(r"(?i)(?:bp|pulse|ratio|score|strength|pain|murmur|vision|acuity|va)[: ]*$")


def digits(text: str) -> str:
    """Only the digits."""
    return re.sub(r"\D", "", text)


def is_numeric_date(match: re.Match[str]) -> bool:
    """Month and day in range, in either order; not a blood pressure or a fraction with three parts."""
    first, second, _ = (int(part) for part in re.split(r"[-/.]", match["id"]))
    in_range = (1 <= first <= 12 and 1 <= second <= 31) or (1 <= second <= 12 and 1 <= first <= 31)
    return in_range and not _VITAL_BEFORE.search(match.string[: match.start("id")][-12:])


def is_month_day(match: re.Match[str]) -> bool:
    """A month name, not the verb: "may 2", "march 3" in lower case without a year are refused."""
    text = match["id"]
    word = re.split(r"[ .-]", text, maxsplit=1)[0]
    tail = match.string[match.end() :][:8]
    if word in ("may", "march", "mar", "sun", "sat", "dec", "jan"):
        cued = _DAY_BEFORE.search(match.string[: match.start("id")][-16:]) and not _UNITS.match(tail.strip())
        return bool(cued or re.search(r"(?:1[89]|20)\d\d|^(?:may|march) \d\d?(?:st|nd|rd|th)", text))
    return not _UNITS.match(tail.strip())


def is_day_month(match: re.Match[str]) -> bool:
    """A day and a month; "2 mar" in lower case needs a year, or an ordinal number before it."""
    text = match["id"]
    if re.match(r"(?i)\d+(?:st|nd|rd|th)\b|\d+ of\b", text):
        return True
    month = re.search(r"[A-Za-z]{3,}", text.replace(" of ", " "))
    return month is not None and (
        month[0][0].isupper() or month[0] in _ONLY_MONTHS or bool(re.search(r"(?:1[89]|20)\d\d", text))
    )


def is_extension(match: re.Match[str]) -> bool:
    """Keeps "x4" for extremities and "x 1000" for counts out: at least four digits right after a telephone word."""
    head = match.string[: match.start()][-24:].lower()
    return match["id"].lower().startswith(("pager", "beeper", "ext")) or bool(re.search(r"(?:call|phone|tel)", head))


def has_phone_length(match: re.Match[str]) -> bool:
    """Between 8 and 15 digits (ITU-T E.164)."""
    return 8 <= len(digits(match["id"])) <= 15


def has_national_length(match: re.Match[str]) -> bool:
    """Between 9 and 11 digits behind the national 0, up to 15 behind the international 00; no list of clock times."""
    number = digits(match["id"])
    groups = re.findall(r"\d+", match["id"])
    clock = all(len(group) == 4 and int(group[:2]) < 24 and int(group[2:]) < 60 for group in groups)
    return 9 <= len(number) <= (15 if number.startswith("00") else 12) and not clock


def is_grouped_phone(match: re.Match[str]) -> bool:
    """Behind a telephone word: 7 to 15 digits in groups of two or more, no dates, no list of readings."""
    text = match["id"]
    groups = re.findall(r"\d+", text)
    if not 7 <= sum(map(len, groups)) <= 15 or any(len(group) < 2 for group in groups[1:]) or len(groups) > 6:
        return False
    if len(groups) == 1 and not 9 <= len(text) <= 13:
        return False
    tail = match.string[match.end() :].lstrip()[:6]
    return not re.search(
        r"(?:19|20)\d\d[-. ]\d\d?[-. ]\d\d?(?!\d)|\d\d?[-.]\d\d?[-.](?:19|20)\d\d|  |\d - \d", text
    ) and not _UNITS.match(tail)


def is_station(match: re.Match[str]) -> bool:
    """Extension or pager; not the extension of a joint in degrees."""
    head, tail = match.string[: match.start()][-24:].lower(), match.string[match.end() :].lstrip()[:6].lower()
    joint = re.search(
        r"\b(?:knee|hip|elbow|wrist|shoulder|lumbar|cervical|neck|trunk|finger|thumb|ankle|flex\w*|rom|arom|prom|/)[ /,&]*(?:and )?$",
        head,
    )
    return not joint and not tail.startswith(("deg", "to ", "lag")) and not _UNITS.match(tail)


def is_local_number(match: re.Match[str]) -> bool:
    """A telephone number of two groups without a label, not a range, a dose or a count: those are round."""
    first, second = re.split(r"[- ]", match["id"])
    tail = match.string[match.end() :].lstrip()[:6]
    head = match.string[: match.start()][-12:].lower()
    if second.endswith("00") or (len(first) == 3 and first[-1] in "05" and second[-1] in "05") or _UNITS.match(tail):
        return False
    return not re.search(
        r"(?:range|ref|between|ndc|goal|cpt|normal|from|x|lot|part(?: no)?|model|item|sku|code|catalog|"
        r"ck|cpk|ldh|b12|folate|ferritin|ig[agme]|cd4|alp|bnp|lipase|testosterone|dheas?|[<>=~(\[])\W*$",
        head,
    )


def is_age_of_someone(match: re.Match[str]) -> bool:
    """ "Halvorsen, 92, was": the word before the age can be a name, neither an everyday word nor one of the clinic."""
    word = re.match(r"[^\W\d_]+", match[0])
    low = word[0].lower() if word else ""
    return bool(low) and low not in clinical_words() and (is_name_word(low) or not is_ordinary(low))


def is_no_drug_code(match: re.Match[str]) -> bool:
    """Not the first two groups of a national drug code, no count of things."""
    head, tail = match.string[: match.start("id")][-8:].lower(), match.string[match.end() :].lstrip()[:6]
    return "ndc" not in head and not _UNITS.match(tail)


def is_structured(match: re.Match[str]) -> bool:
    """Letters and groups of digits as registers print them: six digits or more, no date behind a letter, no trial."""
    text = match["id"]
    if len(digits(text)) < 5 or text.startswith(
        ("NCT", "ISO", "COVID", "SARS", "ICD", "CPT", "DSM", "RFC", "CVE", "IL", "HLA")
    ):
        return False
    return not re.fullmatch(
        r"[A-Z]+[-/](?:\d{1,2}[-/]\d{1,2}[-/]\d{2,4}|(?:19|20)\d\d[-/]\d\d(?:[-/]\d\d)?|\d{2,3}/\d{2,3})", text
    )


def is_terminal_digits(match: re.Match[str]) -> bool:
    """A record number in groups ("412-60-93"), not doses or readings, which are round: some group ends in neither 0 nor 5."""
    groups = match["id"].split("-")
    tail = match.string[match.end() :].lstrip()[:6]
    return any(group[-1] not in "05" for group in groups) and not _UNITS.match(tail)


def is_ipv4(match: re.Match[str]) -> bool:
    """Four octets of at most 255, not after "version" or "v."."""
    head = match.string[: match.start()][-10:].lower()
    return all(int(part) <= 255 for part in match["id"].split(".")) and not re.search(r"v(?:ersion|\.)?\s?$", head)


def is_ipv6(match: re.Match[str]) -> bool:
    """Hexadecimal groups, not a clock time: needs a letter or a double colon and at least four groups."""
    text = match["id"].lower()
    if re.match(r"(?:fe80|f[cd]|2\d{3}:).*::", text):
        return True
    return bool(re.search(r"[a-f]|::", text)) and text.count(":") >= 3


def is_npi(match: re.Match[str]) -> bool:
    """National Provider Identifier: Luhn over 80840 + number (CMS NPI check digit standard)."""
    return luhn("80840" + match["id"])


def luhn(number: str) -> bool:
    """Luhn check digit (ISO/IEC 7812)."""
    total = 0
    for place, char in enumerate(reversed(number)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card(match: re.Match[str]) -> bool:
    """Payment card: Luhn over all digits."""
    return luhn(digits(match["id"]))


def is_iban(match: re.Match[str]) -> bool:
    """International bank account number: ISO 7064 mod 97 over the rearranged digits."""
    text = match["id"].replace(" ", "")
    return 15 <= len(text) <= 34 and int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def is_wallet(match: re.Match[str]) -> bool:
    """Address of a digital wallet: long, with digits and letters in both cases, or in hexadecimal."""
    text = match["id"]
    mixed = text != text.lower() and text != text.upper()
    return any(char.isdigit() for char in text[1:]) and (mixed or text.startswith(("0x", "bc1")))


def is_dea(match: re.Match[str]) -> bool:
    """DEA registration: (d1+d3+d5) + 2(d2+d4+d6) ends in d7."""
    numbers = [int(char) for char in match["id"][2:]]
    return bool((sum(numbers[0:5:2]) + 2 * sum(numbers[1:6:2])) % 10 == numbers[6])


def looks_like_vin(match: re.Match[str]) -> bool:
    """At least three digits and three letters among the 17 (real and made-up numbers alike)."""
    text = match["id"]
    return sum(char.isdigit() for char in text) >= 3 and sum(char.isalpha() for char in text) >= 3


def is_plate(match: re.Match[str]) -> bool:
    """Upper case with a digit; a plain word after "tag" or "plate" is none."""
    text = match["id"]
    return text == text.upper() and any(char.isdigit() for char in text)


def is_identifier(match: re.Match[str]) -> bool:
    """At least three digits after a record-number label, and no date."""
    text = match["id"]
    return len(digits(text)) >= 3 and not re.fullmatch(r"(?:1[89]|20)\d\d-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}", text)


def is_long_identifier(match: re.Match[str]) -> bool:
    """At least four digits, no date, no year, no plain measurement."""
    text = match["id"]
    if (
        len(digits(text)) < 4
        or re.fullmatch(r"[A-Za-z]+ (?:1[89]|20)\d\d", text)
        or re.fullmatch(r"(?:1[89]|20)\d\d|(?:1[89]|20)\d\d-\d\d-\d\d|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}", text)
    ):
        return False
    return not _UNITS.match(match.string[match.end() :].lstrip()[:6])


def is_weakly_labelled(match: re.Match[str]) -> bool:
    """As :func:`is_long_identifier`, and not of the shape of a code: "visit 99213", "claim for E11.22"."""
    return is_long_identifier(match) and not _is_code(match["id"])


def is_bare_number(match: re.Match[str]) -> bool:
    """Seven digits or more without any label: no count, no measurement, no date written together."""
    text = digits(match["id"])
    if len(text) == 8 and re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", text):
        return False
    head, tail = match.string[: match.start()][-12:].lower(), match.string[match.end() :].lstrip()[:6]
    return not _UNITS.match(tail) and not re.search(r"(?:ndc|snomed|loinc|rxcui|code|lot)\W*$", head)


def _is_code(text: str) -> bool:
    for system in ("icd10cm", "cpt", "hcpcs"):
        try:
            Code(system, text.upper())
        except CodeError:
            continue
        return True
    return False
