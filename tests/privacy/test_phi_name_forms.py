"""Names by how they are written, by fields, roles and in small letters; none of the names stands in a benchmark's text."""

from __future__ import annotations

import pytest

from ghostchart.privacy.phi import PhiScanner
from ghostchart.privacy.phi.name_fields import names_in_fields
from ghostchart.privacy.phi.name_forms import names_by_form
from ghostchart.privacy.phi.name_kinds import GIVEN, kind_of
from ghostchart.privacy.phi.shorthand_names import names_in_shorthand
from ghostchart.privacy.phi.small_letters import names_in_small_letters
from ghostchart.privacy.phi.vocabulary import is_ordinary, names_like_typos


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


def identified(scanner: PhiScanner, text: str) -> list[str]:
    return [
        text[item.start : item.end]
        for item in scanner.scan([text])[0]
        if item.entity_type in ("PERSON", "ACCOUNT_NUMBER")
    ]


# Each text with the names in it, several with "|" between.
_LAST_FIRST = [
    ("WREXHALL, TOBIN J 54M CHF exac, lasix gtt", "WREXHALL, TOBIN J"),
    ("1. Abubakar, Zubeida 33F PPD2", "Abubakar, Zubeida"),
    ("Pt: DELACROIX-OYAMA,RENNARD MRN 4482910", "DELACROIX-OYAMA,RENNARD"),
    ("Specimen from Szczepanik, H. received 0640, hemolyzed.", "Szczepanik, H."),
    ("Ordered by FITZMAURICE,OONA on 3/4", "FITZMAURICE,OONA"),
    ("7W/12 Haverdink, Oskell K331-2087 COPD, nebs q4", "Haverdink, Oskell"),
    ("Bed 3  D'Arcy-Holm T  F 62  #5501127  CHF", "D'Arcy-Holm T"),
    ("Vandermolen/Achterhuis 6/2/19", "Vandermolen|Achterhuis"),
    ("— KV Thistlewood PGY3 p4471", "KV Thistlewood"),
]
_WRITTEN = [
    ('Xiomara "Xio" Peralta called about the refill.', 'Xiomara "Xio" Peralta'),
    ("Our neighbor Reginald (Reggie) Farnham fell.", "Reginald (Reggie) Farnham"),
    ("her uncle Big Ray drives her", "Big Ray"),
    ("Ms. White Feather declined the vaccine.", "White Feather"),
    ("R. Standing Elk, 58M, s/p L BKA", "R. Standing Elk"),
    ("Seen with Joseph Comes Flying and his wife Delphine.", "Joseph Comes Flying|Delphine"),
    ("Dr. St. Onge will take over Monday.", "St. Onge"),
    ("Signed the consent: Hyun-woo Bae, with interpreter.", "Hyun-woo Bae"),
    ("Send Theodoros Vlachakis's pill count to the clinic.", "Theodoros Vlachakis"),
    ("Schedule Ottoline Varga for a flu shot.", "Ottoline Varga"),
]
_FIELDS = [
    ("EMPLOYEE: Osterhaus, Bram  SHIFT: 2", "Osterhaus, Bram"),
    ("BENEFICIARY: YUSRA HAMIDI FARHOUD AMT: EUR 20.00", "YUSRA HAMIDI FARHOUD"),
    ("Payee: Winifred Szabo Amount: $412.00", "Winifred Szabo"),
    ("LAST: Church FIRST: Ottoline DOB 1/2/60", "Church|Ottoline"),
    ("Surname: Featherstonehaugh", "Featherstonehaugh"),
    ("Surg: Pfeiffer  Asst: Mwale  Anes: Castellanos", "Pfeiffer|Mwale|Castellanos"),
    ('{"user": "thaddeus.mwangi", "role": "admin"}', "thaddeus.mwangi"),
    ("Failed password for rkowalski from 10.0.0.4 port 22", "rkowalski"),
    ("Passenger: DUBOIS/LUCIENNE MS", "DUBOIS/LUCIENNE MS"),
]
_ROLES = [
    ("Consults: ID Feinberg, renal Osei, cards Wells.", "Feinberg|Osei|Wells"),
    ("Taken to OR w/ Stavropol vasc, 2u PRBC.", ""),
    ("Off. Pruitt took the statement.", "Pruitt"),
    ("Please list Thibodeaux as PCP.", "Thibodeaux"),
    ("Found in the hall by Precious CNA, redirected.", "Precious"),
    ("FOB Chase involved", "Chase"),
    ("Siblings: Aoife, Declan and Orla, all healthy.", "Aoife|Declan|Orla"),
    ("Family updated (Sunniva, wife; Leif, son) and agree.", "Sunniva|Leif"),
    ("Tamsin (MA) roomed the pt.", "Tamsin"),
    ("Ashby from PT saw pt, rec SNF", "Ashby"),
    ("Mbeki is POD2, drain output 40", "Mbeki"),
    ("Fitzgerald 4N trop 0.2, hep gtt", "Fitzgerald"),
    ("Arjun, 6, here with his nani for cough.", "Arjun"),
    ("Transport by Kwame 1510", "Kwame"),
    ("Plan: Delgado to call family, Paloma to arrange transport.", "Delgado|Paloma"),
    ("Tell Dr. Anand that Beasley is septic", "Anand|Beasley"),
]
_SMALL = [
    ("my brother osvaldo needs a ride from dialysis", "osvaldo"),
    ("lol tanisha you left the stove on", "tanisha"),
    ("left it at fernandos house", "fernando"),
    ("hey jorge can u cover my shift sat", "jorge"),
    ("does anyone know where keisha parked", "keisha"),
    ("prn haldol given per dr okonjo", "okonjo"),
    ("HR 40, renuka cards NP saw, hold metop", "renuka"),
    ("shavonne rn said no bm x3d", "shavonne"),
    ("pre op clearance renata ostrowski tka friday", "renata ostrowski"),
    ("why is petrovich npo", "petrovich"),
    ("mahoney 4 east, K this am?", "mahoney"),
    ("refill called to the pharmacy by xw", "xw"),
    ("henderson needs new iv", "henderson"),
    ("page vasquez re consent", "vasquez"),
    ("sign out: reyes 402 chest tube to WS", "reyes"),
]


@pytest.mark.parametrize(("text", "names"), [*_LAST_FIRST, *_WRITTEN, *_FIELDS, *_ROLES, *_SMALL])
def test_name_is_found(scanner: PhiScanner, text: str, names: str) -> None:
    found = identified(scanner, text)
    assert all(any(name in value for value in found) for name in names.split("|") if name), found


@pytest.mark.parametrize(
    "text",
    [
        "Cefepime, Vanc 1 g q12",
        "Sarcoid, Lymphoma on the ddx",
        "CABG,AVR 2014",
        "grew Klebsiella, E. coli",
        "Zosyn/Vanco started",
        "Acute, Moderate pain",
        "Physical Therapy, Occupational Therapy",
        "Robaxin (Methocarbamol) 500",
        "the Little Horse Inn was closed",
        "White Cloud National Forest",
        "Black Bear sighting near trail",
        "Name of study: Walking Program",
        "Owner: Jackson Realty",
        "Payee: Duke Energy",
        "Ordering: Stat",
        "Attending: Present",
        "Last name: Unknown",
        "First: assess the airway",
        'user: admin, "user": "guest"',
        "session opened for user postgres",
        "Password for wifi is on the wall",
        "Charge RN aware, Float RN coming",
        "Ortho PA consulted, Psych NP to see",
        "Neuro Intact. Cards Stable.",
        "GI Prophylaxis. DVT Prophylaxis.",
        "Tylenol as first line",
        "Pain Management as PCP recommended",
        "son reports pain",
        "brother Healthy, sister Deceased",
        "Mother: Diabetes",
        "Foley in 3 days",
        "Wound is a 3 cm ulcer",
        "that Lasix was held because Foley is out",
        "Max assist x2 for transfers",
        "Max daily dose 3 g, Max HR 140",
        "Mom brought him in, Mom wants answers",
        "Ok so what now",
        "open a Roth or a 401k?",
        "is metformin ok with contrast",
        "why is potassium low",
        "does insurance cover this",
        "hey you left the lights on",
        "we stayed in florence and milan",
        "per pt, no pain; seen by ot and pt",
        "report called to er, faxed by hh",
        "meds given by mouth per order",
        "Nurse call light in reach",
        "Plan: Cardiology to see, Ortho to call back",
        "Mother Alive, father Passed. Friend Request pending.",
        "Ex Lap 2019 with Hartmann pouch",
        "Surg: Pending  Asst: None  Anes: General",
        "Next of kin: None listed",
        "Owner: City of Toledo",
        "Skip to main content",
        "Foley, 3 days. Norvasc, 5, daily",
        "does Tricare cover this, is Kaiser open",
        "Bactrim/Keflex 10 days, Celexa (Lexapro) switch",
        "Rocephin, Zithromax IV",
        "per hospital policy, by close of business",
    ],
)
def test_near_miss_stays_silent(scanner: PhiScanner, text: str) -> None:
    assert identified(scanner, text) == []


def test_hyphenated_syllables_are_a_first_name() -> None:
    assert {kind_of(word) for word in ("Min-jun", "SOO-JIN", "Shu-fen", "hyun-woo")} == {GIVEN}
    assert kind_of("on-call") != GIVEN
    assert kind_of("long-term") != GIVEN


def test_the_rules_alone_say_why() -> None:
    """Each of the modules finds its class by itself, without the model and the older rules."""
    assert [(item.start, item.end) for item in names_by_form("Rm 7 OSTLER,BRYNMOR 44M")] == [(5, 19)]
    assert [item.end for item in names_in_fields("Surname: Oquendo", clinical=False)] == [16]
    assert len(list(names_in_shorthand("cards Oquendo, plastics Graves", clinical=True))) == 2
    assert len(list(names_in_small_letters("my aunt priyanka called"))) == 1
    assert not list(names_in_small_letters("my aunt called about the bill"))


def test_a_slip_of_the_pen_is_no_first_name() -> None:
    """Misspelt words of notes in small letters ("nver smoked"), and each word of the list by the rule that made it."""
    texts = ["Shares a home w/ family and nver smoked.", "Denies cehst pain and caugh is gone.", "and srta is better"]
    assert all(not [f for f in found if f.entity_type == "PERSON"] for found in PhiScanner().scan(texts))

    def slips(name: str) -> set[str]:
        letters = "abcdefghijklmnopqrstuvwxyz"
        longer = {name[:at] + letter + name[at:] for at in range(1, len(name)) for letter in letters}
        swapped = {name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(1, len(name) - 2)}
        single = {name[:at] + name[at + 1 :] for at in range(len(name) - 1) if name[at] == name[at + 1]}
        return longer | swapped | single

    assert [name for name in names_like_typos() if not any(map(is_ordinary, slips(name)))] == []
