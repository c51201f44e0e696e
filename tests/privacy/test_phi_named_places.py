"""Named practices, firms, schools, houses and towns in forms without the usual noun or cue; and the services that are none.

All names here were invented for the tests.
"""

from __future__ import annotations

import re

import pytest

from ghostchart.privacy.phi import PhiScanner
from ghostchart.privacy.phi.proper_words import Evidence, begins, evidence

# What must be covered by half at least stands in double brackets.
FOUND = [
    "Slides were read at [[Brightmoor Pathology]] last week.",
    "Path from [[Otter Gap Dermatology]] pending.",
    "Seen by [[Kettleford Orthopedics]], brace given.",
    "Referred to [[Summit Gastroenterology]] for colonoscopy.",
    "Pt follows w/ [[Marlbrook Heart & Vascular]] for CHF.",
    "ROI faxed to [[Thistle Creek Internal Med]] 3/4.",
    "Labs drawn at [[Larchmere Diagnostics]] show K 5.9.",
    "Established at [[Heron Point Family Practice]].",
    "Records requested from [[Quillan Eye Associates]].",
    "Home O2 via [[Redmarsh Medical Supply]].",
    "Infusions at [[Stanwick Infusion Center]] q8wk.",
    "Pt lives at [[Copperfield Group Home]].",
    "Accepted at [[Windlass Recovery]] for detox.",
    "Transported by [[Harney County EMS]] from scene.",
    "BIBA [[Redfork Ambulance]].",
    "In custody of [[Umber County Sheriff]].",
    "Student at [[Kestrel Ridge High]], plays soccer.",
    "8th grader at [[Brindle Creek Middle]].",
    "She teaches at [[Osterley Prep]].",
    "Freshman at [[Larrimore State]].",
    "Works at [[Vantwell Robotics]] as a tester.",
    "Machinist at [[Holbeck Tool & Die]] x 20 y.",
    "Night shift at [[Pellworth Distribution Center]].",
    "He drives for [[Garnet Valley Freight]].",
    "Cook at [[Marta's Kitchen]].",
    "Burned at work ([[Copper Kettle Diner]]).",
    "HD at [[Fresenius Elm Grove]] MWF.",
    "Dialyzes at [[DaVita Thornbury]].",
    "Outside echo from [[Univ. of Ashmere]].",
    "[[MOUNT TABOR VALLEY HOSPITAL]]",
    "[[PINECREST FAMILY MEDICINE]]",
    "[[STANWICK REGIONAL MEDICAL CENTER]]",
    "[[OTTER COUNTY JAIL]]",
    "Pt resides at [[Marrow Bay SNF]].",
    "xfer from [[Dry Creek LTACH]]",
    "s/p stay at [[Blue Heron TCU]], home now.",
    "Booked at [[Hotel Zum Anker]] for two nights.",
    "Dinner at [[Trattoria Bellini]] on Friday.",
    "My daughter goes to [[Hollins Grove Elementary]].",
    "Meeting with [[Fenwick & Lowe Architects]] at ten.",
    "Invoice from [[Tamsin Rowe Interiors]].",
    "She left [[Bramblewick Analytics]] in May.",
    "Our accountant is at [[Dorling Tax Advisors]].",
    "Appointment | [[Fairlight Vision Center]] | 3 pm",
    "The theft was at [[Saltmarsh Leisure Centre]].",
    "I am moving to [[Kelmscott Dynamics]] next month.",
    "can you get records from [[larkwood pediatrics]]",
    "pt coming from [[ashgrove clinic]] today",
    "she was at [[mercy ridge hospital]] last year",
    "labs from [[stillwater family medicine]] please",
    "He was seen at [[Oakhurst ED]] yesterday.",
    "CT done at [[Two Pines Imaging]] 4/2.",
    "Accepted by [[Barrow Lake Acute Rehab]].",
    "PT at [[Riverstone Physical Therapy]] twice weekly.",
    "Sees a therapist at [[Willow Path Counseling]].",
    "Pt is a nurse at [[Northgate Surgical]].",
    "School note to [[Alder Park Intermediate]].",
    "Released from [[Coyote Springs Correctional]] in June.",
    "DME: [[Bluff City Mobility]] to deliver walker.",
    "Wound care at [[Hartsfield Wound Center]].",
    "Employed by [[Kingsbury Glass]].",
    "Works for [[Delacroix Bakery]].",
    "Insurance agent at [[Tolliver Insurance Agency]].",
    "Attends [[Grace Fellowship Church]] weekly.",
    "Trains at [[Iron Anvil Fitness]].",
    "Pt found at [[Starlite Motor Lodge]].",
    "stays at [[Harbor Light Mission]]",
    "Vet: [[Pawsworth Veterinary]].",
    "Adopted from [[Sunny Paws Rescue]].",
    "Our lawyer, [[Hadley Crane LLP]], wrote back.",
    "Car is at [[Mulgrew Auto Body]].",
    "Prescription sent to [[Tillman's Apothecary]].",
    "Her PCP is at [[Lantern Hill Health]].",
    "Sent from [[Cobalt Mesa ER]] for stemi.",
    "Sleep study at [[Driftwood Sleep Center]].",
    "Transferred from [[St. Aldric's]] this am.",
    "pt transferred from Kettle Moraine Clinic, [[Elkhart Lake]]. Stable.",
    "Seen at Brightwater Hospital, [[Sheboygan]], for sepsis.",
    "Records from Dr. Quigley ([[Amarillo]]) reviewed.",
    "Her cousin (from [[Muncie]]) drove her.",
    "Vaccinated in [[Reading]], PA last fall.",
    "Scanned in [[Mesa]] last week.",
    "per [[Bend]] PD officer he was found down.",
    "Moved here from [[Independence]] in 2019.",
    "Contact: 218-555-0142, [[Bemidji MN]].",
    "Mail to 22 Quarry Ln, [[Fulton]].",
    "Anschrift: Zum Wiesengrund 11, [[50667]] [[Köln]].",
    "[[1017]] [[Amsterdam]]",
    "Thandiwe Mokoena, 44, of [[Polokwane]], was named coach.",
    "[[Northhaven]] defeated Millcroft 4-2 in the final.",
    "As [[Dunwick]] lost to the league leaders 3-0, the coach left.",
    "[[WINDHOEK]] — A new bridge opened today.",
    "i live in [[toledo]] and need a plumber",
    "my sister moved from [[spokane]] last year",
    "shipping from [[Izmir, Turkey]] takes a week",
    "name;phone;town\nB. Osei;555-0101;[[Kumasi]]",
    "Sent from my office in [[Nuku'alofa]] today",
    "send it to [[12 chestnut st]] please",
    "the leak at [[418 willow ave apt 2]] got worse",
    "party at [[9 larkspur dr]], bring chairs",
    "uber to [[2207 n ashland ave]] now",
    "Her dog was found near [[Cinder Creek Trail]] on Monday.",
    "Crash on [[Highway 26]] last night, restrained driver.",
    "lives off [[County Road 12]] in a trailer",
    "Contact: [[Ivy Cottage, Mill Lane]], Bakewell.",
    "[[Thornbury House, 14 Church Street]], Ledbury",
    "Delivered to [[The Old Rectory, Vicarage Road]], Diss.",
    "Wohnt [[Am Mühlbach 3]], 83022 Rosenheim",
    "vivo en [[calle de la paloma 8]], segundo piso",
    "ich wohne in der [[schillerstraße 40]]",
    "Meet me in [[Candlemaker Row]] at six.",
    "Adresse: [[3 impasse des Tilleuls]], 31000 [[Toulouse]]",
    "Order ships to [[Level 4, 88 Pitt Street]], Sydney.",
    "[[Flat 3, 27 Brougham Place]], Edinburgh",
    "Ambulance from [[Tonopah]] arrived at noon.",
    "hails from [[Ottumwa]], retired farmer",
    "Snowbird, winters in [[Yuma]].",
    "Tx'd from critical access hospital in [[Chadron]].",
    "Pt's mother is flying in from [[Tucson]].",
    "d/c to daughter's home in [[Pocatello]].",
    "Seen by PCP in [[Gallup]].",
    "Incarcerated in [[Huntsville]] until 2020.",
    "Dialysis unit in [[Selma]] aware.",
]
CLEAN = [
    "Referred to Cardiology and to Infectious Disease Associates.",
    "Seen in Wound Center; follow up Cardiology Clinic.",
    "Sent to Pathology. Sent to Surgical Pathology for review.",
    "Discharge to Acute Rehab. Transfer to Transitional Care Unit.",
    "Call Poison Control Center. Contact the Cancer Center.",
    "Pt went to Behavioral Health for intake.",
    "In Full Recovery. To Phase II Recovery after the case.",
    "EMS called. County EMS arrived. Local Fire Department on scene.",
    "High school student. Middle school teacher. Elementary school aide.",
    "She is at State level. Solid State drive failed.",
    "Bring to the Front Desk of the Outpatient Surgery Center.",
    "Labs: CBC, BMP. Morning Labs reviewed. Admission Labs pending.",
    "Started Eliquis. Infusion Center aware. Remicade Infusion scheduled.",
    "Continue Keppra. Neurology following.",
    "Lasix drip per Cardiology. Entresto per Advanced Heart Failure.",
    "PT/OT eval. Physical Therapy and Occupational Therapy consulted.",
    "Foley care. Hoyer Lift used. Braden Scale 14.",
    "HOSPITAL COURSE",
    "DISCHARGE MEDICATIONS",
    "EMERGENCY DEPARTMENT",
    "INTENSIVE CARE UNIT",
    "DEPARTMENT OF RADIOLOGY",
    "HISTORY OF PRESENT ILLNESS",
    "ANESTHESIA PRE-OPERATIVE MEDICINE",
    "NSTEMI CARDIOLOGY",
    "TELEHEALTH BEHAVIORAL HEALTH",
    "Sleep Lab results pending. Cath Lab activated. Pulmonary Function Lab.",
    "In Cath Lab, Interventional Radiology and Vascular Surgery present.",
    "The Data Center was moved. Our Call Center is closed.",
    "Visitor Center, Convention Center and Town Hall are near.",
    "Community Center opens at nine. The Job Center called.",
    "from Medical to Surgical. To Step Down. Back to Telemetry.",
    "go to the clinic, at the hospital, to urgent care, from home health",
    "see at wound clinic, to pain clinic, at infusion center, from skilled rehab, at acute rehab",
    "back from dialysis, referred to outpatient peds cardiology, at local pharmacy",
    "to ortho clinic with dr, from vascular surgery, at general surgery",
    "at 6 month ct, at 2 week dr visit, at 3 head ct, at 14 repeat ct, on 5 mg pl, to 40 east",
    "Route 66 of administration; Route PO. Give on Route IV.",
    "Highway driving at night. Road test passed.",
    "Am 6 mg. In der Regel 5 mg.",
    "Ludwig angina (Boston Scientific), Eliquis (apixaban).",
    "Ranson criteria (Glasgow). Stent (Boston).",
    "PD catheter, Nightly PD and Baxter PD. PD exchanges ok.",
    "in Mobile unit. Changes in Golden hour. Decrease in Normal saline.",
    "Fell to Floor. Lost to Follow-up. Upset Stomach 2-3 days.",
    "The Center for Disease Control; the World Health Organization.",
    "COVID Testing Center, Vaccine Clinic, Flu Clinic.",
    "Women's Health, Men's Health, Student Health.",
    "Transition to Home Care. Hospice Care. Comfort Care.",
    "Level I Trauma Center. Level II Nursery. Special Care Nursery.",
    "Blue Cross Medical. Red Cross Services. Green Light Laser.",
    "Iliac Crest Lab. Alveolar Ridge Surgery.",
    "Fall River precautions no. Lake Louise criteria.",
    "Coming from Cardiac Surgery to Cardiac Rehab.",
    "New Patient Center. Two View Imaging. Five Day Recovery.",
    "Three Phase Imaging. Cold Therapy. Dry Eye Center. Clear Liquid Lab.",
    "Sweet Ease. Great Saphenous Surgery. Big Toe Surgery. Little Finger Surgery.",
    "Glasgow Coma Scale 15 (Glasgow). Scored 3-1 on the test.",
    "Team beat its target 3-1. Profit topped estimates.",
    "Apple beat expectations in the second quarter.",
    "Route 1 is oral. Take 2 on day 3. On Road 2 recovery.",
    "at 12 st elevation, to 14 day rd, at 3 hr pl",
    "We went to high street shops in small towns.",
    "in fall, in spring, from scratch, near term, from home, in total, outside normal",
    "(Humira) and (Lasix) and (Tylenol PM) given. (Foley) removed.",
    "The House, Senate Road map. White House, Capitol Hill.",
    "from placebo, in vivo, near syncope, in situ, from sepsis, in extremis",
    "Am 5 pm. Im 10 mg. Zum 3.",
    "20099 units given. 50667 ng/mL",
    "in Orange juice. in Reading glasses. from Price list.",
    "CODE BLUE - Patient intubated. IMPRESSION - Normal.",
    "ASSESSMENT — Patient stable. NEURO - Alert. PSYCH - Calm. CARDIO - RRR",
    "HEENT - Normal. PLAN - Continue.  ALLERGIES - None. LUNGS — Clear.",
    "Woman, 44, of good health. Man, 60, of Asian descent.",
    "Stage II, Grade III, Type A, CA 19-9, PA pressure, MD aware.",
    "Wife beat cancer. Mother lost to Follow up.",
    "in lima beans, from roman numerals, in paris green",
    "outside cardiology, from rheumatology, in nephrology",
    "I hosted the party; they lost to the wind.",
]


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


@pytest.mark.parametrize("marked", FOUND)
def test_covers_what_is_marked(scanner: PhiScanner, marked: str) -> None:
    text, spans = "", []
    for part in re.split(r"(\[\[.*?\]\])", marked):
        plain = part.removeprefix("[[").removesuffix("]]")
        if plain != part:
            spans.append((len(text), len(text) + len(plain)))
        text += plain
    found = scanner.scan([text])[0]
    for start, end in spans:
        covered = sum(max(0, min(end, item.end) - max(start, item.start)) for item in found)
        assert 2 * covered >= end - start, (text[start:end], found)


@pytest.mark.parametrize("text", CLEAN)
def test_leaves_services_and_phrases_alone(scanner: PhiScanner, text: str) -> None:
    assert [(text[item.start : item.end], item.entity_type) for item in scanner.scan([text])[0]] == []


@pytest.mark.parametrize(
    ("words", "level"),
    [
        (["Stanwick"], Evidence.COINED),
        (["Tri-Bluff"], Evidence.COINED),
        (["Otter", "Gap", "Infusion"], Evidence.PAIR),
        (["Brass", "Heron"], Evidence.PAIR),
        (["Three", "Forks"], Evidence.COINED),
        (["Mount", "Ararel"], Evidence.COINED),
        (["Summit"], Evidence.SIGN),
        (["Three", "Phase"], Evidence.SIGN),
        (["Alveolar", "Ridge"], Evidence.NONE),
        (["Blue", "Cross"], Evidence.SIGN),
        (["Interventional"], Evidence.NONE),
        (["COVID"], Evidence.NONE),
        (["Acute", "Care"], Evidence.NONE),
        (["Texas"], Evidence.NONE),
    ],
)
def test_evidence(words: list[str], level: Evidence) -> None:
    assert evidence(words) is level


def test_capitals_tell_less() -> None:
    assert evidence(["Vatek"]) is Evidence.COINED
    assert evidence(["Vatek"], capitals=True) is Evidence.NONE
    assert evidence(["Brightmoor"], capitals=True) is Evidence.COINED


def test_words_of_the_sentence_are_left_out() -> None:
    assert begins(["Call", "The", "Stanwick"]) == 2
    assert begins(["Old", "Mill"]) == 0
