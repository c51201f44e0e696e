"""Stations, masked numbers, endings, dockets, devices and postal codes of other countries; and what only looks like them."""

from __future__ import annotations

import pytest

from ghostchart.privacy.phi import PhiScanner

# text with what must be found in double brackets
FOUND = [
    "house officer [[x3-1187]]",
    "night float pager [[6-4023]]",
    "Asc [[x 71-204]]",
    "call lab at [[5-3310]] w/ result",
    "ext. [[4-1902]]",
    "pgr [[44-310]] overnight",
    "text me at [[8-0917]]",
    "code sent to [[(***) ***-8814]]",
    "we have [[XXX-XXX-4471]] on file",
    "calls from [[***.***.6620]]",
    "tel=[[%2B3545812090]]&lang=is",
    "your mobile ending in [[882]]",
    "number ending [[0144]] was called",
    "SSN [[***-**-8810]] on the form",
    "soc sec: [[xxx-xx-3307]]",
    "the last four of her social are [[5519]]",
    "last 4 of SSN: [[7302]]",
    "Social Security number ending [[9918]]",
    "last four is [[4408]], thanks",
    "Visa ending in [[7731]] declined",
    "debit card [[****2290]], ends in [[2290]]",
    "Amex [[**** **** **** 3301]]",
    "my savings account, last four [[6175]]",
    "the loan ending with [[4402]] is late",
    "Hollis v. Penrose Mills, [[2:19-cv-01177]]",
    "docket [[1:21-cr-00083-TJM]]",
    "dni [[30771942L]]",
    "NIE es [[44190276K]]",
    "iban [[FR76 3000 4011 2200 9988 1203 417]]",
    "from [[DE44 5001 0517 5407 3249 30]] today",
    "[[412-60-93]] / OKAFOR",
    "MR [[07-44-18-92]]",
    "Acc #[[22-0817]]",
    "EMG #[[9-0442]]",
    "JQ/mt [[220418]]",
    "[[K204-1187]] copd",
    "chair 4, [[3T-118204]]",
    "HD machine [[F5-20418]], bath 2K",
    "laptop [[PF2KX81Q]] was stolen",
    "microchip [[981020033417725]]",
    "Frau Brünhild Ostermann, Amselweg 4, [[38102]] Braunschweig.",
    "vivo en Calle Mayor 9, 2º A, [[50004]] Zaragoza, y trabajo",
    "Passeig del Nord 3 / [[08401]] Granollers / Spain",
    "ul. Lipowa 12, [[30-702]] Kraków",
    "Sveavägen 40, [[113 34]] Stockholm",
    "Prinsengracht 88, [[1015 DZ]] Amsterdam",
    "Bahnhofplatz 2, [[8400]] Winterthur",
    "14 MG Road, Bengaluru [[560001]]",
    "Kings Circle, Mumbai - [[400 019]]",
    "Rua Augusta 200, São Paulo [[01305-000]]",
    "12 Wharf St, Cairns QLD [[4870]]",
    "lives in Geelong VIC [[3220]]",
    "Hobart, TAS [[7000]]",
    "〒[[530-0001]] 大阪市",
    "send it to [[K1P5M7]] please",
    "Mill Lane, Sligo, [[F91 X2K4]]",
    "PLZ: [[70173]]",
    "código postal [[28013]]",
    "CEP [[20040-020]]",
    "the van is kept in [[60647]].",
    "any dentist near [[73102]]?",
]  # fmt: skip

# what looks like it and is nobody's
CLEAN = [
    "knee ext 3-1200",
    "vent x 2-3 days",
    "x2-3 weeks, x 4-6 hours",
    "x10-15 reps, x 10-12 sets",
    "call if temp > 101, call 2-3 times",
    "page 2-3 of 4",
    "ext 10-120 degrees",
    "ph 7-8000",
    "last four glucose 120",
    "the last 4 visits, last four doses were 1200 mg",
    "week ending with 12 sessions",
    "card game ended 2100",
    "account of the events ends at 1930",
    "shift ended 1900, chart ends 2015",
    "pain ending in 20 minutes, record ends.",
    "Social: lives with wife, ended 2 marriages",
    "social drinker, 4 per week",
    "the number ends up at 40",
    "ratio 3:22, dilution 1:160",
    "dose 100-50-25 mg, 120-80-60",
    "doses 250-50-25 given",
    "DE50 5 mL given",
    "NO20 ppm started",
    "run #3-4, tooth #13-14",
    "levels #3-10 drawn",
    "phase 10-1200 in reps",
    "lot of chips 20",
    "vent AC 18/450/5/40",
    "ventilator day 12, scope to 40 cm",
    "scanner 128 slice, probe 5 MHz",
    "machine pressure 120 to 180",
    "console rate 1200 rpm",
    "chip 200000 cells",
    "scope GIF-H180, chair 4",
    "pH/pa 12.4, Hb/ht 12345 low",
    "A/b 10",
    "G0438-0439 billed",
    "T12-L1 fusion, C5-6",
    "E11-E14 block",
    "units 70-30-20",
    "XXX-XX, xxx-large",
    "dose **** not given",
    "in 20000 patients, in 12500, near 45000",
    "seen in 10432 patients of 30000",
    "platelets fell in 24000, WBC 11200 Segs",
    "1200 Lunch, 1400 Discharge, 0800 Breakfast",
    ", 1400 Madison reflex test",
    "2019 Toyota, 2020 Boston trial",
    "NDC 00093 Amoxicillin, 10019 Units",
    "SA 1200, WA 1000, ACT 2000 study",
    "cap 500, caps 20 mg, pin 4 cm, zip 10 mg",
    "post 24 h, postop day 10, code 99",
    "J1234 A1B2C3D drug code",
    "E11 9A level, C50 912 left",
    "CPT 99214 Office visit, 99213 Visit",
    ", 93000 EKG, 36415 Venipuncture",
]  # fmt: skip


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


def _unmarked(sentence: str) -> tuple[str, list[str]]:
    parts = sentence.replace("]]", "[[").split("[[")
    return "".join(parts), parts[1::2]


@pytest.mark.parametrize("marked", FOUND)
def test_finds_the_marked_number_whole(scanner: PhiScanner, marked: str) -> None:
    text, values = _unmarked(marked)
    found = [text[item.start : item.end] for item in scanner.scan([text])[0]]
    for value in values:
        assert any(value == other or (value in other and len(other) <= len(value) + 12) for other in found), found


@pytest.mark.parametrize("text", CLEAN)
def test_leaves_the_rest_alone(scanner: PhiScanner, text: str) -> None:
    assert [(text[item.start : item.end], item.entity_type) for item in scanner.scan([text])[0]] == []
