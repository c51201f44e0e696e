"""Identifiers in records: what a key (JSON, forms, logs) or a column's head (CSV, pipe tables) names."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.vocabulary import clinical_words, is_name_word, is_ordinary, not_in_names, not_towns

_KINDS: dict[str, str] = {
    "PERSON": r"(?:(?:customer|client|patient|employee|user|contact|account|card|sender|recipient|owner|holder|billing|shipping|guest|student|member|author|insured|emergency contact|legal|full|first|last|middle|given|family|sur|maiden|fore|nick|display|real|birth|preferred|f|l|m)[ _.-]?)?(?:names?|surname)|(?:account |card ?|policy ?)?holder|employee|customer|contact(?: person)?|signature|signed by|sender|recipient|beneficiary|next of kin|passenger|attendee|tenant|author",
    "CITY": r"(?:(?:home|birth|billing|shipping|mailing)[ _-]?)?(?:city|town|municipality|locality|place of birth|birth ?place|suburb|village)",
    "STREET_ADDRESS": r"(?:(?:home|billing|shipping|mailing|street|postal|delivery|residential|work|current|permanent)[ _-]?)?(?:address|addr)(?:[ _-]?(?:line)?[ _-]?[12])?|street(?:[ _-]?name)?",
    "ZIP_CODE": r"(?:zip|post(?:al)?|plz|pin)[ _-]?(?:code)?|postcode",
    "PHONE_NUMBER": r"(?:(?:home|work|mobile|cell|contact|office)[ _-]?)?(?:phone|telephone|tel|mobile|cell|msisdn|whatsapp)(?:[ _-]?(?:number|no|num))?",
    "FAX_NUMBER": r"fax(?:[ _-]?(?:number|no))?",
    "DATE_TIME": r"(?:date[ _-]of[ _-]birth|birth[ _-]?date|birthday|dob|born|admission[ _-]?date|discharge[ _-]?date|visit[ _-]?date|date of death|dod)",
    "ACCOUNT_NUMBER": r"(?:credit[ _-]?|debit[ _-]?)?card(?:[ _-]?(?:number|no|num))?|cc[ _-]?(?:number|num)?|account(?:[ _-]?(?:number|no|num|id))|acct(?:[ _-]?(?:no|num))?|iban|bban|routing[ _-]?number|user ?name|user[ _-]?id|login|customer[ _-]?(?:id|number)",
    "US_SSN": r"ssn|social[ _-]?security(?:[ _-]?(?:number|no))?|tax[ _-]?id|national[ _-]?(?:id|insurance)(?:[ _-]?(?:number|no))?|nino|sin",
    "LICENSE_NUMBER": r"(?:driver'?s?[ _-]?)?licen[cs]e(?:[ _-]?(?:number|no|num))?|passport(?:[ _-]?(?:number|no|num))?|npi|dea|permit[ _-]?(?:number|no)",
    "MEDICAL_RECORD_NUMBER": r"mrn|medical[ _-]?record(?:[ _-]?(?:number|no|num))?|patient[ _-]?(?:id|number|no)|chart[ _-]?(?:number|no)|encounter[ _-]?(?:id|number)|employee[ _-]?(?:id|number)|student[ _-]?(?:id|number)",
    "HEALTH_PLAN_NUMBER": r"(?:member|policy|subscriber|insurance|plan|beneficiary)[ _-]?(?:id|number|no|num)",
    "VEHICLE_ID": r"vin|(?:licen[cs]e[ _-]?)?plate(?:[ _-]?(?:number|no))?",
    "DEVICE_ID": r"serial(?:[ _-]?(?:number|no))?|imei|mac(?:[ _-]?address)?|device[ _-]?id|udi",
    "IP_ADDRESS": r"ip(?:[ _-]?addr(?:ess)?)?|host[ _-]?ip|client[ _-]?ip",
    "EMAIL_ADDRESS": r"e-?mail(?:[ _-]?address)?",
    "FACILITY": r"hospital(?:[ _-]?name)?|clinic(?:[ _-]?name)?|facility(?:[ _-]?name)?",
    "BIOMETRIC_ID": r"fingerprint(?:[ _-]?id)?|biometric(?:[ _-]?id)?|voice[ _-]?print(?:[ _-]?id)?",
}  # fmt: skip
_KEY = "|".join(f"(?P<{kind}>{words})" for kind, words in _KINDS.items())
_QUOTED = re.compile(rf"(?i)[\"'](?:{_KEY})[\"'][ \t]*[:=][ \t]*[\"'](?P<value>[^\"'\n]{{1,120}})[\"']")
_BARE_JSON = re.compile(rf"(?i)[\"'](?:{_KEY})[\"'][ \t]*[:=][ \t]*(?P<value>\d[\d .-]{{3,30}}\d)")
_ASSIGNED = re.compile(
    rf"(?i)(?<![\w\"'-])(?:{_KEY})(?:=|[ \t]?:[ \t]*|[ \t]?#:?[ \t]*)(?:\"(?P<quoted>[^\"\n]{{1,120}})\"|(?P<value>[^\s,;|\"'=<>][^\n,;|\"'=<>\t]{{0,60}}?))(?=[ \t]*(?:$|\n|[,;|<>\t\"']|&(?=[\w.%-]+=)|  |\. |[ \t][\w.-]+=|[ \t]+[A-Z][\w ]{{1,20}}:))"
)
_TAGGED = re.compile(rf"(?i)<(?:{_KEY})>(?P<value>[^<\n]{{1,120}})</")
_HEAD = re.compile(rf"(?i)[ \t\"']*(?:{_KEY}|(?P<other>id|no|nr|#))[ \t\"']*")
_NAME_WORD = re.compile(rf"[{UPPER}{LOWER}'’.-]+")
_NO_VALUE = frozenset(
    [
        "none",
        "null",
        "n/a",
        "na",
        "unknown",
        "true",
        "false",
        "yes",
        "no",
        "withheld",
        "redacted",
        "same",
        "tbd",
        "pending",
        "not",
        "known",
    ]
)


def keyed_findings(text: str) -> Iterator[PhiFinding]:
    """What stands behind a key in JSON, YAML, XML, query strings, logs and forms."""
    if not any(char in text for char in ":=#>"):
        return
    quoted = '"' in text or "'" in text
    for pattern, score, possible in (
        (_QUOTED, 0.9, quoted),
        (_BARE_JSON, 0.9, quoted),
        (_TAGGED, 0.9, "</" in text),
        (_ASSIGNED, 0.78, True),
    ):
        if not possible:
            continue
        for match in pattern.finditer(text):
            group = "value" if match["value"] is not None else "quoted"
            kind = match.lastgroup if match.lastgroup in _KINDS else _kind(match)
            value = match[group].rstrip(" .")
            if kind and _fits(kind, value, sure=score > 0.8):
                start = match.start(group)
                yield PhiFinding(start, start + len(value), kind, score)


def _kind(match: re.Match[str]) -> str:
    return next((kind for kind in _KINDS if match[kind]), "")


def table_findings(text: str) -> Iterator[PhiFinding]:
    """Cells below a head that names their column; at least two known heads, as many cells as heads."""
    lines = text.split("\n")
    head: list[str] = []
    position, separator = 0, ""
    for line in lines:
        if head and line.count(separator) != len(head) - 1:
            head = []
        if head and set(line) - set("|-: \t+"):
            place = position
            for kind, cell in zip(head, line.split(separator), strict=True):
                value = cell.strip(" \t\"'")
                if kind and value and _fits(kind, value, sure=True):
                    start = place + cell.index(value)
                    yield PhiFinding(start, start + len(value), kind, 0.86)
                place += len(cell) + 1
        elif not head:
            head, separator = _head_of(line)
        position += len(line) + 1


def _head_of(line: str) -> tuple[list[str], str]:
    for separator in ("|", "\t", ";", ","):
        if line.count(separator) < 1:
            continue
        cells = line.split(separator)
        matches = [_HEAD.fullmatch(cell) for cell in cells]
        kinds = [_kind(match) if match else "" for match in matches]
        short = all(len(cell.strip()) < 30 for cell in cells)
        if short and sum(bool(kind) for kind in kinds) >= (1 if separator in "|\t" else 2):
            return kinds, separator
    return [], ""


def _fits(kind: str, value: str, *, sure: bool) -> bool:
    """Whether a value can be of the kind that its key names; ``sure`` when the key is quoted, tagged or a column's head."""
    if not value or value.lower() in _NO_VALUE:
        return False
    if kind in ("PERSON", "CITY"):
        return _is_name(kind, value, sure=sure)
    digits = sum(char.isdigit() for char in value)
    tests = {
        "STREET_ADDRESS": digits > 0 and len(value.split()) >= 2 and "@" not in value,
        "FACILITY": sure and len(value) > 3 and value[0].isupper(),
        "ZIP_CODE": 3 <= len(value) <= 10 and digits >= 2 and " mg" not in value,
        "EMAIL_ADDRESS": "@" in value,
        "DATE_TIME": digits >= 3 and not re.fullmatch(r"(?:19|20)\d\d", value),
        "IP_ADDRESS": bool(re.fullmatch(r"[\da-fA-F.:]{7,39}", value)),
        "PHONE_NUMBER": digits >= 7,
        "FAX_NUMBER": digits >= 7,
        "ACCOUNT_NUMBER": digits >= 4 or (sure and value.isidentifier()),
    }
    in_one_piece = " " not in re.sub(r"(?<=\d) (?=\d)|(?<=[A-Z]) (?=\d)", "", value)
    return tests.get(kind, digits >= 4 and in_one_piece)


def _is_name(kind: str, value: str, *, sure: bool) -> bool:
    words = _NAME_WORD.findall(value)
    if not words or len(words) > 5 or re.search(r"\d|[^\w\s.,'’()-]", value) or not (sure or value[0].isupper()):
        return False
    low = [word.lower().strip(".") for word in words]
    if any(word in clinical_words() or word in _NO_VALUE for word in low):
        return False
    if kind == "CITY":
        return not all(word in not_towns() for word in low)
    named = any(is_name_word(word) or not is_ordinary(word) for word in low if len(word) > 1)
    return named and not any((is_ordinary(word) and not is_name_word(word)) or word in not_in_names() for word in low)
