"""Names told by the words beside them, and names in short requests; none of the names stands in a benchmark's text."""

from __future__ import annotations

import pytest

from ghostchart.privacy.phi import PhiScanner
from ghostchart.privacy.phi.name_kinds import GIVEN, NOBODY, SURNAME, UNKNOWN, WORD, kind_of
from ghostchart.privacy.phi.neighbours import names_by_neighbours
from ghostchart.privacy.phi.requests import names_in_request


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


def people(scanner: PhiScanner, text: str) -> set[str]:
    return {text[item.start : item.end] for item in scanner.scan([text])[0] if item.entity_type == "PERSON"}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Oluwatoyin", GIVEN),
        ("Kowalski's", SURNAME),
        ("Grace", WORD),
        ("al-Dosari", UNKNOWN),
        ("Ta'amilo", UNKNOWN),
        ("Nguyen-Ross", GIVEN),
        ("Lasix", NOBODY),
        ("tirzepatide", NOBODY),
        ("Bartonella", NOBODY),
        ("Denied", NOBODY),
        ("Toyota", NOBODY),
        ("Portuguese", NOBODY),
    ],
)
def test_kind_of_a_word(word: str, kind: str) -> None:
    assert kind_of(word) == kind


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Delacroy, Imelda R. | 3E-04 | COPD | nebs q4", {"Delacroy, Imelda R."}),
        ("Cx: cards – Hathaway; GI – El-Sayed; SLP – Tori.", {"Hathaway", "El-Sayed", "Tori"}),
        ("Family meeting with daughter and two brothers (Anil, Deepak).", {"Anil", "Deepak"}),
        ("Fr. Matthias gave last rites.", {"Matthias"}),
        ("Assistant: PGY-2 Kowalczuk.", {"Kowalczuk"}),
        ("Spoke w Destiny at the nursing home", {"Destiny"}),
        ("Nguyen-Ross, wants to go home AMA.", {"Nguyen-Ross"}),
        ("Ta'amilo 3W – Na 121, repeat in 4h", {"Ta'amilo"}),
        ("R. Two-Bulls, 61 F, admitted with GI bleed", {"R. Two-Bulls"}),
        ("Rm 310 Fitzwilliam c/o CP, EKG done", {"Fitzwilliam"}),
        ("Case discussed at tumor board by Ganesan", {"Ganesan"}),
        ("Handoff: Temitope -> Brandi", {"Temitope", "Brandi"}),
        ("Night float Ojukwu aware", {"Ojukwu"}),
    ],
)
def test_name_beside_words_of_the_ward(scanner: PhiScanner, text: str, names: set[str]) -> None:
    found = people(scanner, text)
    assert all(any(name in value for value in found) for name in names), found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Can Bolaji take the night shift on Sunday?", {"Bolaji"}),
        ("From: P. Lindqvist\nTo: Billing\nThe invoice is wrong again.", {"Lindqvist"}),
        ("Passenger OKAFOR/CHINELO MRS missed the connection.", {"OKAFOR/CHINELO MRS"}),
        ("Ticket opened by wanda malinowski <malinowski.w@firma.org>: printer broken", {"wanda malinowski"}),
        ("Reservation for Vasquez-Ortega, party of four", {"Vasquez-Ortega"}),
        ("Our driver Hamza will wait at gate 4.", {"Hamza"}),
        ("best, tanvi", {"tanvi"}),
    ],
)
def test_name_beside_words_of_mail(scanner: PhiScanner, text: str, names: set[str]) -> None:
    found = people(scanner, text)
    assert all(any(name in value for value in found) for name in names), found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("has jerome baptiste had a tetanus booster", "jerome baptiste"),
        ("show me potassium trend for tran thi lan since march", "tran thi lan"),
        ("pls pull up min jung park 's mri", "min jung park"),
        ("who is the cardiologist of yousef abu-salim", "yousef abu-salim"),
        ("latest inr for petrovic please", "petrovic"),
        ("is mcallister in 14B npo?", "mcallister"),
        ("search: ADEBAYO FUNMILAYO female 1971 asthma", "ADEBAYO FUNMILAYO"),
        ("repeat lactate at 4, call farooq w result", "farooq"),
        ("meera (cards fellow) at bedside", "meera"),
    ],
)
def test_name_in_a_request(text: str, name: str) -> None:
    assert name in {text[item.start : item.end] for item in names_in_request(text)}


def test_a_long_text_is_no_request() -> None:
    text = "has jerome baptiste had a tetanus booster"
    assert not list(names_in_request(f"{text}\n" * 3))
    assert not list(names_in_request(text + " " * 240))


@pytest.mark.parametrize(
    "text",
    [
        "Can Ozempic be restarted after surgery?",
        "Spoke w pharmacy at length about Eliquis",
        "Cx: cards - recs pending; ID - Zosyn; PT/OT - SNF",
        "16 Fr. Foley in place, Purewick at night",
        "show me trend for troponin since monday",
        "is dupilumab approved for copd",
        "compare semaglutide's weight loss with tirzepatide",
        "Tegaderm | 3E-04 | change q3d",
        "Please add the team to the list and remove Chrome.",
        "pls call house officer w result",
        "seen w/ dr and np. plan: home",
        "Renal (HD MWF) following, two drains (JP)",
        "HEP B/TDAP MR given",
        "does not speak Portuguese, interpreter used",
        "find articles on empagliflozin for hfpef",
        "Kelly clamp",
    ],
)
def test_nobody(text: str) -> None:
    found = [*names_in_request(text), *names_by_neighbours(text, clinical=True)]
    assert not [text[item.start : item.end] for item in found]


def test_alone_and_with_others(scanner: PhiScanner) -> None:
    texts = ["Handoff: Temitope -> Brandi", "latest inr for petrovic please", "Our driver Hamza will wait at gate 4."]
    assert scanner.scan(texts) == [scanner.scan([text])[0] for text in texts]
