"""The scanner outside the clinic: mail, chats, forms, JSON, tables; names with every Latin accent; and what is no name."""

from __future__ import annotations

import pytest

from ghostchart.privacy.phi import PhiScanner
from ghostchart.privacy.phi.checks import luhn
from ghostchart.privacy.phi.flavour import is_clinical
from ghostchart.privacy.phi.letters import unaccented

# text with what must be found in double brackets
FOUND = [
    "Dear [[Wanjiru]],\nthe parcel came back.",
    "See you on Sunday.\nKind regards,\n[[Ifeoma]]",
    "[[Sione]]: are you coming later?",
    "My name is [[Çağlar Öztürk]] and I lost my ticket.",
    "The prize went to [[Małgorzata Szczęsna]], who said nothing.",
    "We stayed with [[Katalin]] and [[Dagmar]] all summer.",
    '{"first_name": "[[Moana]]", "city": "[[Te Aroha]]", "zip": "[[30455]]"}',
    "surname;city;amount\n[[Achterberg]];[[Deventer]];12\n[[Tuilagi]];[[Apia]];9",
    "| Name | Born |\n|---|---|\n| [[Viggo Lindqvist]] | [[1961-07-14]] |",
    "login=[[jd_ransome]] ip=[[10.24.3.118]]",
    "Please pay to [[DE89 3704 0044 0532 0130 00]] by Friday.",
    "The card was [[4111 1111 1111 1111]], I think.",
    "Passport no. [[X4478213]] was found on the train.",
    "Write to [[Lindenstraße 14]], please.",
    "Her office is at [[27 rue des Carmes]] in town.",
    "Postcode [[SW1A 2AA]] only.",
]
CLEAN = [
    "Dear Customer,\nthank you for your order.",
    "Best regards,\nThe Support Team",
    "Total: 12.50, paid in cash at 14:30.",
    "Germany, France and Japan signed the paper in 2019.",
    "item;units;price\nDesk Lamp;2;39.90",
    '{"name": "unknown", "status": "ok"}',
    "The number 4111 1111 1111 1112 is no card.",
    "Virchow-Robin spaces are prominent on MRI.",
    "Relief from Xarelto was not seen in this patient.",
]


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


@pytest.mark.parametrize("marked", FOUND)
def test_finds_what_is_marked(scanner: PhiScanner, marked: str) -> None:
    parts = marked.replace("]]", "[[").split("[[")
    text, values = "".join(parts), parts[1::2]
    found = [text[item.start : item.end] for item in scanner.scan([text])[0]]
    assert found == values


@pytest.mark.parametrize("text", CLEAN)
def test_leaves_the_rest_alone(scanner: PhiScanner, text: str) -> None:
    found = [
        text[item.start : item.end] for item in scanner.scan([text])[0] if item.entity_type != "MEDICAL_RECORD_NUMBER"
    ]
    assert found == []


def test_names_are_looked_up_without_accents() -> None:
    assert unaccented("Łukasz Đoković-Þórðarson") == "lukasz dokovic-tordarson"


def test_card_numbers_carry_a_check_digit() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")


@pytest.mark.parametrize("text", ["Pain 6/10 in the left knee.", "Started apixaban 5 mg BID.", "s/p cholecystectomy"])
def test_clinical_text_is_recognised(text: str) -> None:
    assert is_clinical(text)


@pytest.mark.parametrize("text", ["The meeting starts at nine.", "Best regards,", "Flights to the coast are full."])
def test_everyday_text_is_not_clinical(text: str) -> None:
    assert not is_clinical(text)
