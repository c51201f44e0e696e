"""Names and towns of clinical shorthand, with names of nobody's list; and what stands in the same places and is no name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ghostchart.privacy.phi import PhiScanner

TERMS = (Path(__file__).parent / "data" / "eponymous_terms.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


def found(scanner: PhiScanner, text: str) -> set[tuple[str, str]]:
    return {(item.entity_type, text[item.start : item.end]) for item in scanner.scan([text])[0]}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Handoff given to Nasrin at 1900.", "Nasrin"),
        ("Spoke w/ Molefe in radiology re: CT head.", "Molefe"),
        ("Anesthesia: Szabados. EBL 50 mL.", "Szabados"),
        ("PCP = Winters", "Winters"),
        ("Consult: Petrosyan, nephrology", "Petrosyan"),
        ("mbali petrosyan 67 yo f with chf", "mbali petrosyan"),
        ("VASILYEVA, LEOCADIA  68F  s/p CABG POD#2", "VASILYEVA, LEOCADIA"),
        ("Thorvaldsen, Shoira seen at bedside, resting comfortably.", "Thorvaldsen, Shoira"),
        ("pt phommachanh refused morning labs", "phommachanh"),
        ("Per nursing, Fatoumata has been agitated overnight.", "Fatoumata"),
        ("Tupou tolerated the procedure well and was transferred to PACU.", "Tupou"),
        ("Home health aide Wachirawit reports poor oral intake.", "Wachirawit"),
        ("Pt lives with sister Hope and two cats.", "Hope"),
        ("Wound care per Rakhimova RN, dressing changed.", "Rakhimova"),
        ("Patient is accompanied by Mbali, her caregiver.", "Mbali"),
        ("Dlamini family meeting held; goals of care reviewed.", "Dlamini"),
        ("Primary team (Urrutia) aware.", "Urrutia"),
        ("OR team: Sokhom/Chaudhry", "Sokhom"),
        ("room 4 trajkovski - needs CT before d/c", "trajkovski"),
        ("PATIENT: GRACE HILL", "GRACE HILL"),
        ("Dawn Rivers DOB 3/4/1961 presents with abdominal pain.", "Dawn Rivers"),
        ("Please call Dawn Rivers with biopsy results.", "Dawn Rivers"),
    ],
)
def test_person_of_clinical_shorthand(scanner: PhiScanner, text: str, name: str) -> None:
    assert any(
        kind == "PERSON" and value in (name, name.split(", ", maxsplit=1)[0]) for kind, value in found(scanner, text)
    )


def test_both_people_joined_by_a_slash_or_and(scanner: PhiScanner) -> None:
    assert {("PERSON", "Sokhom"), ("PERSON", "Chaudhry")} <= found(scanner, "OR team: Sokhom/Chaudhry")
    said = "Discussed code status with Annelies and Maarten (sons)."
    assert {("PERSON", "Annelies"), ("PERSON", "Maarten")} <= found(scanner, said)


def test_an_announced_name_is_found_again_without_its_title(scanner: PhiScanner) -> None:
    text = "Mr. Korhonen denies chest pain.\nPlan: start statin.\nIf worse, Korhonen should return. Korhonen sign negative."
    assert [text[item.start : item.end] for item in scanner.scan([text])[0]] == ["Korhonen", "Korhonen"]


@pytest.mark.parametrize(
    ("text", "town"),
    [
        ("Transferred from an outside hospital in Pawhuska.", "Pawhuska"),
        ("Flew back from Kill Devil Hills two days ago, now with leg swelling.", "Kill Devil Hills"),
        ("Lives alone in a trailer near Tecumseh.", "Tecumseh"),
        ("Dialysis MWF at the Oneonta unit.", "Oneonta"),
        ("Works at a plant near Broken Arrow.", "Broken Arrow"),
        ("Admitted from a SNF in Opelousas with fever.", "Opelousas"),
        ("Previously followed at a clinic in Fond du Lac.", "Fond du Lac"),
        ("Home town: Waxahachie", "Waxahachie"),
        ("Grew up in Mobile and worked in the mines.", "Mobile"),
    ],
)
def test_town_that_no_state_follows(scanner: PhiScanner, text: str, town: str) -> None:
    assert ("CITY", town) in found(scanner, text)


@pytest.mark.parametrize(
    "text",
    [
        "Venipuncture went smoothly. Spirometry was seen as normal.",
        "Denied feels unsteady when standing.",
        "Discussed with Cardiology; will follow.",
        "Report called to ICU, patient stable.",
        "Assistant: None. Anesthesia: General. Contact: Home.",
        "Placed in Trendelenburg, transferred to Step Down.",
        "Relief from Xarelto bruising; switched to Eliquis.",
        "Charge RN notified, Triage RN aware, Telemetry RN at bedside.",
        "Grew Klebsiella; treated with Zosyn, then Keflex.",
        "Lives in Assisted Living; moved from Ohio to New Mexico.",
        "Documented in Epic; message sent to MyChart.",
        "Tenderness near McBurney's point; pain outside Lumbar region.",
        "Tolerated Ensure; Foley removed; Lasix held.",
    ],
)
def test_no_person_and_no_town(scanner: PhiScanner, text: str) -> None:
    assert not found(scanner, text)


def test_scales_devices_and_operations_are_nobody(scanner: PhiScanner) -> None:
    """508 terms called by a name or place in three sentences each; nearly none may be taken for a person or place."""
    frames = ("Assessed with {}; no change.", "Per {} the patient is stable.", "{} documented today.")
    texts = [frame.format(term) for term in TERMS for frame in frames]
    wrong = [text for text, items in zip(texts, scanner.scan(texts), strict=True) if items]
    assert len(wrong) <= 0.01 * len(texts), wrong


def test_a_patient_of_the_same_name_is_somebody(scanner: PhiScanner) -> None:
    for text in ("Patient Hester Davis is here.", "Ms. Davis fall risk score 12.", "Hester Davis, RN, at bedside."):
        assert any(kind == "PERSON" for kind, _ in found(scanner, text)), text
    assert not found(scanner, "Hester Davis fall risk scale: 12, moderate risk.")
