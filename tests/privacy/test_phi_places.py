"""Places and facilities: towns with their states and codes, streets without numbers, firms and schools; and what is none."""

from __future__ import annotations

import re

import pytest

from ghostchart.privacy.phi import PhiScanner
from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.known_places import known_places
from ghostchart.privacy.phi.organisations import organisations
from ghostchart.privacy.phi.reconcile import NoteText, is_accounted
from ghostchart.privacy.phi.roads import roads
from ghostchart.privacy.phi.scanner import KnownSpan
from ghostchart.privacy.phi.states import is_region

# What must be covered stands in double brackets.
FOUND = [
    # A state or country behind a town belongs to it, with every spelling, as do codes.
    "Transferred from a hospital in [[Enid, Oklahoma]], for further care.",
    "Seen in clinic last week, lives in [[Tarboro, N.C.]] [[27886]] with her aunt.",
    "Mail it to 18 Alder Court, [[Chadron NE]] [[69337]] please.",
    "Delivered to: 22 Ferry Brae, [[Oban]] [[PA34 4AB]]",
    "My uncle in [[Thunder Bay, Ontario]], sold his house.",
    "Rechnung an Lindengasse 7, [[8010]] [[Graz, Austria]].",
    # Towns behind a street, unlisted ones included.
    "We moved to 5 Heron Close, [[Marrow Sound]] and like it.",
    "Lives at 61 Quail Hill Rd, [[Oxbow Ferry]].",
    # Towns of two words, listed towns in running text, towns before the police.
    "Pt drove home to [[Cold Brook]] after dialysis.",
    "Her cousin is thought to be in [[Sheboygan]]; PT to call.",
    "Asked whether it was [[Valdosta]] or [[Opelika]] where the stent was placed.",
    "Risk address: 9 Gull Rd., [[Nazareth, PA]]\nClaim: water damage in the kitchen.",
    "Wound seen by EMS, per [[Minot]] PD he fell.",
    # Outside the clinic states and countries too.
    "Can we send the parcel to [[Norway]] by Friday?",
    "Their embassy of [[Peru]] closed at noon, she was raised in [[Vermont]].",
    # Streets without a number, crossings, other languages.
    "Refill sent to the pharmacy on [[Division Ave]], pt aware.",
    "Found down at the corner of [[Spruce and 9th]], GCS 14.",
    "Office at [[14 Heol y Bont]] since May.",
    "Ship to [[Odos Patision 88]] today.",
    # Facilities by their noun, label or verb.
    "Works as a cook at [[Sandy Point Motel]], smokes.",
    "Spoke w RN at [[Heron Home Health]], start of care Monday.",
    "Sent from [[Willow Bend ER]] after a fall.",
    "Rx called to [[Corner Drug]] this morning.",
    "Dispo: SNF ([[Quail Ridge]]) when a bed opens.",
    "Employer: [[Northfork Timber Products]]. Last worked in May.",
    "Aide at [[Tanglewood Middle School]], off since Tuesday.",
    "Funeral home: [[Marsh & Sons]]. Family aware.",
    "I have an account at [[Millbrook Savings Bank]] and a loan.",
    "The roof was done by [[Harrow & Pike Roofing]], never again.",
]
CLEAN = [
    "Seen in Urgent Care; sent to the Emergency Department for Chest Pain.",
    "Discharged to Skilled Nursing Facility; Home Health and Hospice declined.",
    "Transfer to Acute Rehab pending. Back to Assisted Living on Monday.",
    "Return to ER if worse. Seen at outside ER. Study Drug was held.",
    "The Blood Bank released 2 units. Sent to Operating Room.",
    "Pt is from Home. Lives in Apartment with Stairs. Uses Cane at Home.",
    "From Eastern Europe; trip to Mexico last month, returned with diarrhea.",
    "He comes from Ohio and has asthma.",
    "Crohn's disease of the ileum, Montreal A2L1B1, on adalimumab.",
    "On exam, in No Acute Distress. Oriented to Person, Place and Time.",
    "The Finance Committee approved the new High School budget.",
    "Read the Terms of Service before using the Payment Service.",
    "OK to stop ME, OR as needed. MT in the morning; PA aware, MD paged.",
    "The guy from unit 3 keeps parking in my spot.",
    "She turned right on the Main Line and the Holter in place showed VT.",
]


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


def _marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    spans, plain, at = [], "", 0
    for mark in re.finditer(r"\[\[(.*?)\]\]", text):
        plain += text[at : mark.start()]
        spans.append((len(plain), len(plain) + len(mark[1])))
        plain += mark[1]
        at = mark.end()
    return plain + text[at:], spans


@pytest.mark.parametrize("marked", FOUND)
def test_covers_what_is_marked(scanner: PhiScanner, marked: str) -> None:
    text, spans = _marked(marked)
    found = scanner.scan([text])[0]
    for start, end in spans:
        assert any(item.start <= start and end <= item.end for item in found), (text[start:end], found)


@pytest.mark.parametrize("text", CLEAN)
def test_leaves_the_rest_alone(scanner: PhiScanner, text: str) -> None:
    assert [(text[item.start : item.end], item.entity_type) for item in scanner.scan([text])[0]] == []


def test_findings_do_not_depend_on_the_company(scanner: PhiScanner) -> None:
    texts = [_marked(marked)[0] for marked in FOUND] + CLEAN
    alone = [PhiScanner().scan([text])[0] for text in texts[::6]]
    assert scanner.scan(texts)[::6] == alone


def test_a_state_behind_a_surrogate_town_is_accounted_but_no_surname() -> None:
    text = "Home: Brenmoor, Ohio. Dr. Ames Georgia"
    note = NoteText("n", text, (KnownSpan(6, 14, "CITY"), KnownSpan(26, 30, "PERSON")), in_sample=False)
    assert is_accounted(note, PhiFinding(6, 20, "CITY", 0.7))
    assert not is_accounted(note, PhiFinding(26, 38, "PERSON", 0.7))
    assert not is_accounted(note, PhiFinding(6, 30, "CITY", 0.7)) or is_region(text[14:26])


@pytest.mark.parametrize("region", [", Ohio", " NM", ", N.C.", ", Sri Lanka", " (USA)"])
def test_regions(region: str) -> None:
    assert is_region(region)


@pytest.mark.parametrize("other", [", Ohara", " NM 3", " Drive", "", " and Peru"])
def test_what_is_no_region(other: str) -> None:
    assert not is_region(other)


def test_first_looks_let_every_noun_through() -> None:
    """A cheap look at the capitalised words comes before the patterns and must never say no where they say yes."""
    for noun in (
        "Motel",
        "Credit Union",
        "Detention Center",
        "Daycare",
        "RV Park",
        "Savings Bank",
        "Theatre",
        "Eye Care",
        "LLP",
    ):
        assert list(organisations(f"We met at Juniper Flats {noun}."))
    for noun in ("ER", "Café", "Farm", "Farms", "Villa", "Home Health", "Bros", "VAMC", "Mills"):
        assert list(organisations(f"Came from Zuberrin {noun} today."))
    for street in ("at 4 Jalan Merdeka", "at 12 Sráid Mhór", "at Kirchgasse 4", "at ul. Długa 7", "off Kestrel Pkwy"):
        assert list(roads(street, 2))
    for town in ("in Winston-Salem", "in Coeur d'Alene", "near San Tomino", "to Birch Hollow"):
        assert list(known_places(f"went back {town} today", clinical=True))
