"""Days, months, seasons and feasts that words name, days behind a place or a name; and what only looks like them."""

from __future__ import annotations

import pytest

from ghostchart.privacy.phi import PhiScanner

# text with what must be found in double brackets
FOUND = [
    "Home visit moved to [[Tuesday 9 Sept]], same time",
    "echo booked [[Mon, 3/4]] and clinic after",
    "call on [[thursday 12 october]] was missed",
    "[[Fri 22nd]]: drain out, tolerating diet",
    "[[Sat 4/18/2020]] ED visit for asthma",
    "[[Saturday, 9 May]] works for the family",
    "moved from [[Tues 6/2]] to [[Fri 6/5]]",
    "back [[weds the 3rd]] for sutures",
    "died on [[Sunday the 22nd]] at home",
    "lap chole on [[9 july]] went fine",
    "stent removed [[4 november]] by urology",
    "pt wants to come on [[23 feb]] instead",
    "here since the [[19th]], still febrile",
    "discharge planned for after the [[23rd]].",
    "off antibiotics until the [[17th]]",
    "the ferry runs from [[14.05.]] to [[30.09.2024]]",
    "Kur vom [[03.11.]] bis [[24.11.]] genehmigt",
    "GET /chart [[07/Mar/2023]]:11:02:59 +0100",
    "born [[4 XI 1958]] in Gdynia",
    "date of injury [[22.VII.2015]]",
    "ur. [[30 V 1944]]",
    "The accident was on [[March third]] near the mill",
    "DOB is [[june twenty-first nineteen fifty]]",
    "born on [[the second of November, nineteen thirty-eight]]",
    "started on [[October twelfth, 2016]]",
    "married [[September thirtieth two thousand and four]]",
    "CABG in [[March]], CVA after",
    "no seizures since [[early December]]",
    "Had a colonoscopy in [[late September]] with two polyps removed.",
    "last hospitalized in [[Feb]] for COPD",
    "MI last [[November]], two stents",
    "symptoms began in [[mid-January]]",
    "laid off in [[July]], drinking more since",
    "on dialysis since [[Sept.]]",
    "Mammogram in [[October]] was BI-RADS 2",
    "sober since [[june]], attends AA",
    "pt not seen since [[february]]",
    "her [[April]] labs showed Cr 1.4",
    "compared with the [[June]] MRI, the lesion grew",
    "weight was 84 kg in [[May]]",
    "relapsed around [[the end of July]]",
    "Trial of sertraline from [[March to July]] without benefit",
    "worked there from [[May through August 2017]]",
    "imaging of [[Jan/Feb 2021]] reviewed",
    "two miscarriages in the [[fall of 2012]]",
    "concussion in [[summer 2016]] playing rugby",
    "deployed [[winter of 2009-10]]",
    "left thyroid lobe removed in [[early spring 2019]]",
    "TIA [[Christmas Eve 2017]]",
    "fell on [[Easter Sunday 2021]], hip fracture",
    "seen in ED [[Labor Day weekend 2019]] for gout",
    "last drink was on [[New Year's Eve]], pt reports",
    "chest pain since [[Thanksgiving]], worse on exertion",
    "overdose the night of [[Halloween]], naloxone given",
    "[[2018年4月7日]]",
    "nacida en [[marzo de 1991]]",
    "depuis [[août 2019]]",
    "seit [[März 2021]]",
    ",,[[1987-03-22]],F",
    "wound check [[6/9]], then monthly",
    "INR clinic [[11/4]], hold warfarin",
    "derm consult [[3/9]] pending",
    "seen at Bramley ER [[8/2]] and again by ortho [[8/9]]",
    "seen in Corwin clinic [[4/16]] with rash",
    "transferred from Ashdene Rehab [[9/9]] at 1315",
    "tx'd, met with Dr Ivanko [[12/5]], declined chemo",
    "back to SNF [[7/6]] @ 1100",
    "evaluated by Dr. Halbrook [[11/7]], no surgery",
    "cx [[9/3]] pos, cx [[9/6]] neg, repeat [[9/8]] sent",
    "+ bcx [[6/2]], neg [[6/4]]",
    "MRSA (+ ucx [[5/4]])",
    "d/c'd [[4/24]] on apixaban",
]  # fmt: skip

# what looks like it and is nobody's
CLEAN = [
    "Septic shock due to pneumonia, 3 Septic emboli on CT",
    "Problem 2 Decompensated cirrhosis, 4 Marked anemia, 5 Augmented",
    "sat 94 on 2L, sats 88/92 on room air",
    "warfarin 5 mg daily, Sun 1/2 tab, Wed 1/2 tablet",
    "MWF dialysis, Tue 2nd shift, Fri 3rd session",
    "Mon 5th dose of rituximab",
    "closed on Sunday, open Mon to Fri 9 to 5",
    "fracture of the 5th metatarsal, the 4th and 5th digits",
    "pain over the 9th rib, in the 5th ICS",
    "on the 4th floor, on the 2nd day, the 3rd dose",
    "in the 25th percentile for height",
    "weight on the 15th percentile",
    "by the 20th week of gestation",
    "12 IV 2000 mL bolus",
    "gave 4 IV 2 g cefazolin",
    "type IV 2010 criteria, stage II 2018 update",
    "CN II-XII intact, grade 2 V 2013",
    "Na 12.05. Then 14.06. rise",
    "WBC 17.2, procal 3.4. Na 4.1. and K 3.9.",
    "K 03.40 and Ca 9.10.",
    "may first try heat, then ice",
    "march in place, one second rest",
    "She may second guess her choice",
    "first of the month, second of three doses",
    "Patient may take this in the morning.",
    "may be due to reflux, will be seen by may",
    "March with high knees, in march position",
    "marching in place for 2 minutes",
    "He goes to sleep late, may nap",
    "Flu shots are recommended every October.",
    "Pollen allergy usually worse in April and May.",
    "flares every winter in January, seasonal pattern",
    "Influenza season peaks in February.",
    "Breast cancer awareness in October.",
    "seen with June, her daughter",
    "visited by April and her brother",
    "in May Hill clinic",
    "since June Carter left",
    "OCT in both eyes, in MAR and DEC notes",
    "the MAR visit list",
    "in august company",
    "had a fall in 2018, fall of 3 feet",
    "ground-level fall 2020 census",
    "spring-loaded device, fall risk 2024 score",
    "summer cold, winter cough, in spring",
    "Christmas disease, factor IX 4 percent",
    "Christmas tree pattern rash",
    "Easter lily exposure in a cat",
    "first Monday after treatment",
    "3/4 of the meal, 2/3 tabs",
    "seen for pain 4/10 after fall",
    "met criteria 4/6, went home with strength 4/5",
    "sent home on 5/325 Norco",
    "seen with score 3/4 on screen",
    "moved with power 4/5 in all limbs",
    "went up 10/12 stairs",
    "discharged on lisinopril/HCTZ 20/12.5",
    "back pain 6/10, hip 5/10",
    "sent home with Suboxone 8/2 film",
    "neg 2/2 bottles, pos 1/4 bottles, cx 3/4",
    "+ cx 2/2 GPC",
    "neg x 3/3 swabs",
    "placed on BiPAP 12/5 in the ED",
    "returned with BP 90/60",
    "pressure support 10/5 set in ICU",
]  # fmt: skip


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


def _unmarked(sentence: str) -> tuple[str, list[str]]:
    parts = sentence.replace("]]", "[[").split("[[")
    return "".join(parts), parts[1::2]


@pytest.mark.parametrize("marked", FOUND)
def test_finds_the_marked_date_whole(scanner: PhiScanner, marked: str) -> None:
    text, values = _unmarked(marked)
    found = [text[item.start : item.end] for item in scanner.scan([text])[0]]
    for value in values:
        assert any(value == other or (value in other and len(other) <= len(value) + 12) for other in found), found


@pytest.mark.parametrize("text", CLEAN)
def test_leaves_the_rest_alone(scanner: PhiScanner, text: str) -> None:
    assert [(text[item.start : item.end], item.entity_type) for item in scanner.scan([text])[0]] == []
