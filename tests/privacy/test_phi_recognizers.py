"""One table per recognizer: what it must find and what only looks like it. All identifiers here are made up."""

from __future__ import annotations

import re

import pytest

from ghostchart.privacy.phi import PhiFinding, PhiScanner
from ghostchart.privacy.phi.vocabulary import names_in_diseases
from ghostchart.schemas.icd10cm_release import load_icd10cm

# entity type -> sentences with the identifier in double brackets
FOUND = {
    "DATE_TIME": [
        "Seen on [[03/14/2025]] in clinic.",
        "DOB: [[1956-07-09]]",
        "Admitted [[14-Mar-2025]], discharged [[3/18/25]].",
        "Surgery on [[March 3, 2025]] without problems.",
        "Symptoms began [[Sept 21st]] after travel.",
        "Follow-up [[12 February 2026]].",
        "Echo from [[June 2024]] reviewed.",
        "Last colonoscopy [[05/2019]].",
        "Seen on [[4/17]] for the same.",
        "date of birth [[19560709]]",
        "She was born on the [[4th of May 1951]].",
        "ED NOTE [[September 29, 2025]] Gordon was quiet.",
    ],
    "AGE_OVER_89": ["A [[93-year-old]] woman.", "[[101 yo]] man from home.", "Patient is aged [[94]]."],
    "PHONE_NUMBER": [
        "Call [[(555) 201-3344]] with questions.",
        "Cell [[555.201.3344]]",
        "Phone: [[5552013344]]",
        "Reach us at [[+1 555 201 3344 ext 12]].",
        "Daughter [[555-201-3344]]",
    ],
    "FAX_NUMBER": ["Fax: [[555-201-3345]]", "fax results to [[(555) 201-3345]]"],
    "EMAIL_ADDRESS": ["Write to [[j.doe+chart@example.org]] please."],
    "URL": ["Portal: [[https://portal.example.org/p/12]]", "see [[www.example.com/me]]"],
    "IP_ADDRESS": ["Logged in from [[10.24.3.118]].", "host [[2001:db8:0:0:1:0:0:af]]"],
    "US_SSN": ["SSN [[123-45-6789]]", "Social Security number: [[123456789]]", "SSN ending [[6789]]"],
    "MEDICAL_RECORD_NUMBER": [
        "MRN: [[00123456]]",
        "MRN [[A-1234567]]",
        "Medical record number is [[88-21-90]].",
        "Chart no. [[442190]]",
        "Patient ID: [[PX99321]]",
        "CSN [[10029384756]]",
        "Harmon, [[3520151544]], arrived.",
    ],
    "ACCOUNT_NUMBER": ["Account number [[8812345]]", "Acct# [[77-1203455]]"],
    "HEALTH_PLAN_NUMBER": [
        "Member ID: [[XGH123456789]]",
        "Medicare number [[1EG4-TE5-MK73]]",
        "Policy no. [[AB-7781290]]",
        "beneficiary [[1EG4TE5MK73]] on file",
    ],
    "LICENSE_NUMBER": ["NPI [[1234567893]]", "DEA [[AB1234563]]", "prescriber [[BB1388568]]", "License # [[MD-448812]]"],
    "VEHICLE_ID": ["VIN [[1HGCM82633A004352]]", "license plate [[7ABC123]]"],
    "DEVICE_ID": ["Pacemaker serial number [[PM-4482193]]", "UDI [[(01)00844588003288]]", "MAC [[00:1A:2B:3C:4D:5E]]"],
    "BIOMETRIC_ID": ["Fingerprint template ID: [[FP-882134]]"],
    "STREET_ADDRESS": [
        "Lives at [[123 N. Main Street, Apt 4]].",
        "Home: [[9 Elm Ct]], quiet.",
        "Mail to [[P.O. Box 4471]].",
        "of [[7657 Janice Streets]], Garciabury 42440",
        "[[88 Old Quarry Road]], third house",
        "Sent to [[77 1/2 Bleecker St]].",
        "[[4512 State Highway 46 West]], second gate",
        "mail to [[1208 Calle Real]].",
        "Van came to [[35-12 Ditmars Blvd NE, Unit 3]] at noon.",
        "lives at [[2100 Avenida del Mar]]",
        "above the shop, [[311 The Embarcadero]], rear door",
        "[[9 Conde de la Cruz Trce]] is her new home",
    ],
    "CITY": ["She lives in [[Ashtabula]].", "Moved from [[Terre Haute]], Indiana.", "of 12 Oak Lane, [[Lake Mills]] 42440"],
    "ZIP_CODE": ["Boise, ID [[83702]]", "ZIP code [[60614-2210]]"],
    "FACILITY": [
        "Transferred to [[Riverbend Medical Center]] today.",
        "seen at [[St. Brendan's Hospital]] before",
        "[[Miller Health System]]",
        "Prescriptions to [[Okafor Pharmacy]].",
    ],
    "PERSON": [
        "Patient: [[Zdenka Horvath]]",
        "Pt. [[Smith]] was seen.",
        "Referred by Dr. [[Imran Qureshi]].",
        "Her husband [[Carlos]] drove her.",
        "Electronically signed by [[K. Patel]], MD",
        "[[HORVATH, MARTA]]",
        "Mr. [[O'Malley]] agrees.",
        "Ms. [[Okonkwo-Hale]] declined.",
        "[[J.S.]] is a 54-year-old man.",
        "dr [[smith]] will call",
        "Name [[Brandy Mora]] | Date",
        "[[Heather Wood]] / 4684121568 / clinic",
        "D/C SUMMARY [[Amy Edwards]] MRN 8333621586",
        "D/C on friday by [[April Lopez]], NP",
        "[[Ashley]] is a 17-year-old girl.",
        "name: [[maria gonzalez]]",
        "CONSULT\nReq [[Jordan Ramirez]], MD. Chart reviewed.",
    ],
}  # fmt: skip

CLEAN = [
    "Years gone by: ANA & broken wrist, resolved.",
    "S: 61F f/u gastroparesis 2/2 T1DM.", "asthma, BPH with LUTS, IDA",
    "40F, annual physical, est pt. Avitaminosis D stable.",
    "What brings her to us as a new pt is Erb's paralysis from birth injury.",
    "BP 148/92, HR 88, RR 16, T 98.6 F, SpO2 97%, BMI 31.2.", "HR 98 RR 16 T 98", "saw 2 Broadway shows", "BUN 20 CR 12",
    "Pain 8/10, strength 5/5, murmur 3/6, vision 20/40, Mini-Cog 5/5.",
    "COPD, HPI, DOB, SSN, BID, PRN, NPO, HEENT, ROS.",
    "Parkinson disease, Crohn's, Hodgkin Lymphoma, Foley Catheter, Babinski Sign.",
    "Lisinopril 20 mg, Metoprolol 50 mg, Eliquis 5 mg BID.",
    "WBC 14.2, platelets 231,000, D-dimer 310, troponin 0.04, ESR 88.",
    "E11.22, I13.0, 99214-25, G0439, 36415.",
    "90 or older", "90+ M with weakness", "aged 90 or older",
    "89-year-old woman", "95 % on room air", "for 92 days",
    "Wound Care Clinic and Pain Management Clinic.", "Coumadin Clinic on Monday.", "Primary Care in 2 weeks.",
    "Version 1.2.3.4 of the form.", "NDC 00093-7146-56", "lot of 12345678 cells/uL",
    "2019 and 2020 were quiet years.", "walked 30 minutes a day", "2 mile road race",
    "A 75-year-old man seen for HTN and other Vincent's infections.", "Fournier's disease of vagina",
    "35F, here re: IDA. Reports fatigue.", "62F, here re: L UE cellulitis.", "Peds ED: Croup, Westley 3.", "Neuro ED: seizure", "CC: CHAD",
    "Assessment and Plan", "Chest X-ray, PA and lateral", "Dr. visit in two weeks",
    "Lives in assisted living.", "Patient May Shower", "Murphy Sign negative",
    "Account for 12 % of cases", "visit 99213 was billed", "plan 2 of 3", "chart reviewed in 2024", "group 1",
]  # fmt: skip


def _unmarked(sentence: str) -> tuple[str, list[tuple[int, int]]]:
    text, spans = "", []
    for part in sentence.split("[["):
        inside, closed, rest = part.partition("]]")
        if closed:
            spans.append((len(text), len(text) + len(inside)))
        text += inside + rest
    return text, spans


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


@pytest.mark.parametrize(
    ("entity_type", "sentence"), [(kind, sentence) for kind, group in FOUND.items() for sentence in group]
)
def test_finds_the_marked_identifier_with_its_type(scanner: PhiScanner, entity_type: str, sentence: str) -> None:
    text, spans = _unmarked(sentence)
    found = {(item.start, item.end): item.entity_type for item in scanner.scan([text])[0]}
    for start, end in spans:
        near = [kind for (low, high), kind in found.items() if low <= start + 1 and high >= end - 1]
        assert entity_type in near, (text[start:end], found)


@pytest.mark.parametrize("text", CLEAN)
def test_leaves_clinical_text_alone(scanner: PhiScanner, text: str) -> None:
    found = scanner.scan([text])[0]
    assert found == [], [(text[item.start : item.end], item.entity_type) for item in found]


@pytest.mark.parametrize(
    ("text", "entity_type"),
    [
        ("prescriber AB1234563", "LICENSE_NUMBER"),
        ("prescriber AB1234564", "MEDICAL_RECORD_NUMBER"),  # no DEA number by its check digit, yet a number of somebody
        ("number 1234567893 here", "LICENSE_NUMBER"),
        ("number 1234567890 here", "MEDICAL_RECORD_NUMBER"),  # no NPI by its check digit
    ],
)
def test_check_digits_tell_licences_from_other_numbers(scanner: PhiScanner, text: str, entity_type: str) -> None:
    found: list[PhiFinding] = scanner.scan([text])[0]
    assert [item.entity_type for item in found] == [entity_type]


@pytest.mark.parametrize(
    "text",
    [
        "Assessment:\nRoss River disease, under treatment.",
        "68F w/ fanconi (-de Toni) (-Debré) syndrome NOS.",
        "Follow-up of sensorial paraneoplastic neuropathy [Denny Brown].",
    ],
)
def test_names_inside_titles_of_the_classification_are_nobodys(scanner: PhiScanner, text: str) -> None:
    assert [item for item in scanner.scan([text])[0] if item.entity_type in ("PERSON", "CITY")] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Patient: Ross Rivera, seen today for cough.", "Ross Rivera"),
        ("Mr. Denny Brown was seen today for cough.", "Denny Brown"),
        ("Spoke with patient's daughter Toni Marsh about the plan.", "Toni Marsh"),
    ],
)
def test_the_same_names_elsewhere_are_somebodys(scanner: PhiScanner, text: str, name: str) -> None:
    start = text.index(name)
    found = [item for item in scanner.scan([text])[0] if item.entity_type == "PERSON"]
    assert any(item.start < start + len(name) and start < item.end for item in found), found


def test_runs_of_title_words_stand_in_the_classification() -> None:
    """The list was drawn from the release; a run that no title holds would hide a name for no reason."""
    system = load_icd10cm()
    runs = set()
    for value in system.places():
        for text in (system.description(value), *system.own_inclusion_terms(value)):
            words = re.findall(r"[^\W\d_]+(?:['’][a-z]+)?", text.lower())
            runs.update(" ".join(words[at : at + 3]) for at in range(len(words) - 2))
            words = re.findall(r"[^\W\d_]+(?:['’][a-z]+)?", re.sub(r"\s*[\[(].*?[\])]", "", text.lower()))
            runs.update([" ".join(words)] if len(words) == 2 else [])
    assert names_in_diseases() - runs == set()
