"""Numbers of every kind behind words that announce them, and clinical lines full of numbers that are nobody's."""

from __future__ import annotations

import pytest

from ghostchart.privacy.phi import PhiScanner

# text with what must be found in double brackets
FOUND = [
    # behind a mark
    "Client number [[44-0917-3]] is in arrears.",
    "Your reference: [[QT 71.4-2290/19]]",
    "Our ref. [[BW-4410-8873]], your mail of yesterday.",
    "Tax ID no. [[31 774 902 118]] belongs to the shop.",
    "Student (ID [[f3381407]]) missed the exam.",
    "Wristband # [[620914]] was cut off.",
    "Interpreter id: [[90331]] on the line.",
    "Hospital no [[H204417]], consultant clinic.",
    "Hosp#: [[00-52-90-14]]",
    "Ambulance run no. [[23-110932]] arrived.",
    "Kundennummer [[5520 1189]] bitte angeben.",
    "Número de expediente: [[7741/2020-B]]",
    "Rx# [[6620418]] was never filled.",
    "Specimen no. [[S24-00817]]",
    "Booking reference [[Z8RM4T]] for two adults.",
    "confirmation code [[88X41B]] came by text",
    # without one
    "customer [[R-220 914]] never paid",
    "badge [[70183]] opened the door",
    "employee [[K-40118]] is on leave",
    "the contract [[MZ-0071-3350]] runs out",
    "library card [[30881 000 12740 6]] is blocked",
    "ticket [[074-9910234415]] was refunded",
    "the policy [[LN 44 902 7713]] lapsed",
    "Claim: [[WTR/22/904417]]",
    "claims file [[D 31 884 207]] is closed",
    "sort code [[20-88-41]] please",
    "patient [[P-551802]] had both scans",
    "pedido [[811-20945]] sin entregar",
    "commande [[FR-2204-881]] jamais reçue",
    "tracking [[1Z77041X03]] says delivered",
    # vehicles and devices
    "reg. [[HT-219-K]] was parked outside",
    "plate of the car [[4QX-7718]] was read out",
    "plate [[KVD 802]], a blue van",
    "Vaccine lot [[EK4417B]], left arm.",
    "Lot [[RB20417]], expires next year.",
]  # fmt: skip

# Clinical lines full of numbers, none of which tells who somebody is.
CLEAN = [
    "BP 128/76, HR 92, RR 18, SpO2 94% on 2L NC, T 37.2, FSBG 145.",
    "Strength 5/5 UE, 4/5 LE, reflexes 2/4 throughout, 3/6 systolic murmur at LUSB.",
    "Apgars 8/9, birth weight 3120 g, cord gas 7.28/48.",
    "Blood cx 2/2 GPC, urine cx 1/2 bottles, repeat 0/2.",
    "Norco 5/325 q6h prn, Augmentin 875/125 bid, Advair 250/50.",
    "BiPAP 14/6, FiO2 40%, rate 16, ABG 7.31/58/72/28.",
    "AC 18/450/5/40%, plateau 24, PIP 31, driving pressure 14.",
    "Na 138, K 4.2, Cl 101, CO2 24, BUN 18, Cr 1.1, glucose 112.",
    "WBC 11.2 (ref 4.0-11.0), Hgb 9.8, plt 212, ANC 4500.",
    "Platelets 231,000; WBC 14,200; CK 12045; ferritin 1042.",
    "MMSE 24/30, MoCA 19/30, GCS 15/15, PHQ-9 12/27, GAD-7 9/21.",
    "Visual acuity 20/40 OD, 20/25 OS; IOP 14/15.",
    "24/7 supervision, PT 2x/day 5x/week for 3-5 weeks.",
    "EF 55-60%, LVOT 2.1 cm, E/e' 14, RVSP 38 mmHg.",
    "NPH 22 units qAM, 14 units qPM, sliding scale 2-4-6-8.",
    "I/O 2400/1850, net +550, UOP 0.6 ml/kg/h, wt 78.4 kg.",
    "Central line day 3, foley day 3/7, vanc day 2 of 14.",
    "Troponin 0.04 -> 0.12 -> 0.31 at 0600, 1200, 1800.",
    "Lymph nodes 2/14 positive, margins 3 mm, Gleason 3+4=7.",
    "Tender points 11/18, swollen joints 4/28, ESR 44.",
    "ICD E11.22, I10, Z79.4; CPT 99214-25, 93000, G0439.",
    "Case 2 of 3, group 1, order set 4, chart 12 pages.",
    "Plan: 1. CT 2. MRI 3. labs at 0600 and 1400.",
    "Plan: MRI 2024 compared with CT 2022, stable.",
    "Order: NS 1000 mL bolus, then 125 mL/h x 8 h.",
    "Visit 3 of 12, second unit of PRBC, lot of nausea.",
    "Case: 67M with DM2, CKD3b, A1c 8.4, eGFR 41.",
    "Patient 500 ml positive, 1200 out, 1700 in.",
    "Patient: 82F s/p THA, POD 2, Hgb 8.9, ambulating 40 ft x2.",
    "ID: 52M with HIV, CD4 410, VL <20. ID consulted 2024.",
    "Plate and 8 screws; plate count 145000; card 2d echo done.",
    "Study: 12-lead ECG, QTc 455, PR 160, QRS 92, axis -30.",
    "Report: LAD 70%, RCA 40%, LCx 30%, LVEDP 18.",
    "Record shows 3 admissions in 2023 and 4 in 2024.",
    "Specimen: 3 cores, 14 mm, 2 of 12 positive, Ki-67 20%.",
    "Device settings DDD 60-120, threshold 0.75 V at 0.4 ms.",
    "Pump rate 0.8 u/h, bolus 2.5 u, carb ratio 1:12, ISF 45.",
    "Tag 2 wounds: 3x2x1 cm and 4 x 3.5 cm, depth 12 mm.",
    "No 20/20 vision; no 3/6 murmur; no 2+ edema.",
    "Member of household smokes 20/day, 35 pack-years.",
    "Policy: NPO after 2400, meds with sip at 0600.",
    "Disp #90, refills 3, sig 1-2 tabs q4-6h, max 8/24h.",
    "Tooth #14 and #30, #6 Shiley, 22 G IV, 16 Fr foley.",
    "COVID-19 and flu A/B negative, PHQ-2 0, CAGE 1/4.",
    "Chart reviewed: 2 ED visits in 12 months, LOS 4.5 d.",
    "Request 30 min OT, 45 min PT, 3/5 sessions done.",
    "Account of fall: 3 steps, 10/22 stairs, down 2 h.",
    "ASA 81, atorva 80, metop 25 bid, lisin 10/HCTZ 12.5.",
    "Hep gtt 18 u/kg/h, PTT 68 at 0400, 74 at 1000.",
    "HR 98-112, MAP 62-70, CVP 8-12, SVR 1100, CI 2.4.",
    "She is 88 kg, 162 cm, BMI 33.5; HR is 94; sats are 92.",
    "He is 95% on RA; pulse is 96; temp was 98.6.",
    "Dialysis 3.5 h, UF 2800, BFR 350, DFR 600, K 2/Ca 2.5.",
    "Rate 1:20, dilution 1:640, titer 1:80, ratio 12:1.",
    "Insulin 70/30 20/10 units am/pm, FS 140/180/220/95.",
    "Carbidopa-levodopa 25/100 tid, Entresto 24/26 bid.",
    "C3-4, C5/6 and L4/5 disc bulges, T12 fracture, S1 ok.",
    "GTPAL 3/2/0/1/2, fundal height 32 cm, FHR 140s, 4/50/-2.",
    "Cervix 6/90/0 at 1420, ROM 0310, oxytocin 8 mU/min.",
    "Braden 14/23, Morse 55, NIHSS 7/42, CIWA 12 -> 6.",
    "Ratio 3/4 of meals eaten; drank 2/3 cup; walked 1/4 mile.",
    "Ref range 135-145, lab no change, 3.5 - 5.0 mmol/L.",
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
def test_leaves_numbers_of_the_clinic_alone(scanner: PhiScanner, text: str) -> None:
    found = [(text[item.start : item.end], item.entity_type) for item in scanner.scan([text])[0]]
    assert found == []


def test_findings_do_not_depend_on_the_texts_around(scanner: PhiScanner) -> None:
    texts = [_unmarked(line)[0] for line in FOUND] + CLEAN
    together = scanner.scan(texts)
    assert together == [PhiScanner().scan([text])[0] for text in texts[:10]] + [
        scanner.scan([t])[0] for t in texts[10:]
    ]
