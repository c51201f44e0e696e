"""From hospital rows to encounters: what is derived, what is settled before text exists, what must never come out."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from functools import cache

import pytest

from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.clinical import ClinicalFact, Encounter
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.config import CorpusConfig
from ghostchart.schemas.ehr import EhrTables, SourceReport, empty_table, table_from_columns
from ghostchart.schemas.errors import SourceError
from ghostchart.synth.encounters import build_encounters
from ghostchart.synth.encounters.distractor_stage import groups_of
from ghostchart.synth.encounters.plausibility import condition_fits
from ghostchart.synth.encounters.situational_distractors import CODED_ALL_THE_SAME, TEMPLATE_REVIEW
from ghostchart.synth.library import Drug, Library, load_library
from ghostchart.synth.policy import code_encounter, explain_coding
from ghostchart.synth.policy.lookups import lookups_for
from ghostchart.synth.policy.symptoms import integral_symptoms

QUIET = CorpusConfig(distractors_per_note=0, tail_quota=0)
KINDS = {
    "negated", "family history", "ruled out", "uncertain outpatient", "differential list", "history-of resolved", "hypothetical",
    "other person", "copied-forward problem list", "planned or declined procedure", "medication without diagnosis",
    "lab without diagnosis", "BMI only", "external record", "laterality contradiction", "template normal ROS vs HPI positive",
}  # fmt: skip
RESTATED = {"laterality contradiction", TEMPLATE_REVIEW}  # about the very condition that is coded
SITUATIONAL_KINDS = {"post-op vs pre-op dx", "screening vs diagnostic"}
LEVELLED = {f"visit.{kind}" for kind in ("office", "ed", "discharge", "awv", "preventive")}


def is_trap(fact: ClinicalFact) -> bool:
    """Nothing may be coded for it."""
    return bool(fact.distractor) and fact.distractor not in CODED_ALL_THE_SAME


DRUGS = {
    name: Drug(name, "", purposes, code, "oral", ())
    for name, purposes, code in (
        ("insulin glargine", ("type_2_diabetes", "type_1_diabetes"), "Z79.4"),
        ("metformin", ("type_2_diabetes",), "Z79.84"),
        ("apixaban", ("atrial_fibrillation",), "Z79.01"),
        ("levothyroxine", ("hypothyroidism",), ""),
        ("nicotine", ("tobacco",), ""),
        ("lisinopril", ("hypertension",), ""),
    )
}


@cache
def library() -> Library:
    """The real families beside a few hand-written drugs."""
    return Library(load_library().families, DRUGS, {})


@cache
def systems() -> CodeSystems:
    return load_code_systems("starter")


def tables(*encounters: dict[str, object], birth: date = date(1960, 6, 15), sex: str = "F") -> EhrTables:
    """One patient per ``patient`` key (default "p"); each dict: cls, codes, procedures, drugs, values, start."""
    rows = [{"patient": "p", "cls": "office", "start": datetime(2026, 3, 2, 9), **item} for item in encounters]
    names = list(dict.fromkeys(str(row["patient"]) for row in rows))
    columns: dict[str, dict[str, list[object]]] = {
        "conditions": {"patient_id": [], "encounter_id": [], "system": [], "code": [], "rank": []},
        "procedures": {"patient_id": [], "encounter_id": [], "system": [], "code": []},
        "medications": {"patient_id": [], "encounter_id": [], "drug": []},
        "observations": {"patient_id": [], "encounter_id": [], "name": [], "value": []},
    }

    def put(table: str, *values: object) -> None:
        for column, value in zip(columns[table].values(), values, strict=True):
            column.append(value)

    for number, row in enumerate(rows):
        who, where = row["patient"], f"e{number}"
        for rank, code in enumerate(str(row.get("codes", "")).split(), start=1):
            put("conditions", who, where, "icd10cm", code, rank)
        for code in str(row.get("procedures", "")).split():
            put("procedures", who, where, "hcpcs" if code[0].isalpha() else "cpt", code)
        for drug in row.get("drugs", ()):  # type: ignore[attr-defined]
            put("medications", who, where, drug)
        for name, value in dict(row.get("values", {})).items():  # type: ignore[call-overload]
            put("observations", who, where, name, value)
    return EhrTables(
        patients=table_from_columns(
            "patients",
            {
                "patient_id": names,
                "sex": [sex] * len(names),
                "birth_date": [birth] * len(names),
                "death_date": [None] * len(names),
                "zip3": [None] * len(names),
            },
        ),
        encounters=table_from_columns(
            "encounters",
            {
                "encounter_id": [f"e{number}" for number in range(len(rows))],
                "patient_id": [row["patient"] for row in rows],
                "encounter_class": [row["cls"] for row in rows],
                "start": [row["start"] for row in rows],
                "end": [row.get("end", row["start"]) for row in rows],
            },
        ),
        **{name: table_from_columns(name, content) for name, content in columns.items()},  # type: ignore[arg-type]
        identifiers=empty_table("identifiers"),
        notes=empty_table("notes"),
        report=SourceReport("test", ()),
    )


def build(source: EhrTables, config: CorpusConfig = QUIET, seed: int = 1) -> list[Encounter]:
    return build_encounters(source, library(), systems(), stream(seed, "encounters"), config)


def one(codes: str = "", **row: object) -> Encounter:
    changes = {name: row.pop(name) for name in ("birth", "sex") if name in row}
    return build(tables({"codes": codes, **row}, **changes))[0]  # type: ignore[arg-type]


def codes_of(encounter: Encounter) -> list[str]:
    return [item.value for item in code_encounter(encounter, library(), systems()) if item.system == "icd10cm"]


def facts_of(encounter: Encounter, kind: str) -> list[ClinicalFact]:
    return [fact for fact in encounter.facts if fact.kind == kind]


def test_rows_become_facts_in_order() -> None:
    encounter = one("I10 N18.32 E11.9")
    assert [fact.concept for fact in encounter.conditions()] == ["hypertension", "ckd", "type_2_diabetes"]
    assert codes_of(encounter) == ["I12.9", "E11.22", "N18.32"]  # both causes before the stage, the reason first


@pytest.mark.parametrize(
    ("cls", "age", "note_type", "setting", "visit"),
    [
        ("wellness", 64, "preventive", "office", "visit.preventive"),
        ("wellness", 65, "awv", "office", "visit.awv"),
        ("ed", 50, "ed", "ed", "visit.ed"),
        ("inpatient", 50, "discharge_summary", "inpatient", "visit.discharge"),
    ],
)
def test_class_decides_note_and_visit(cls: str, age: int, note_type: str, setting: str, visit: str) -> None:
    encounter = one("I10", cls=cls, birth=date(2026 - age, 1, 1))
    assert (encounter.note_type, encounter.setting) == (note_type, setting)
    assert facts_of(encounter, "visit")[0].concept == visit


def shares(codes: str, **row: object) -> Counter[tuple[str, str]]:
    """Note types and settings of 200 equal encounters."""
    source = tables(*({"codes": codes, **row} for _ in range(200)), birth=date(1944, 1, 1))  # type: ignore[arg-type]
    return Counter((item.note_type, item.setting) for item in build(source))


def test_conditions_and_services_decide_the_kind_of_note() -> None:
    assert set(shares("I10", procedures="93000")) == {("office_soap", "office")}  # hands on: neither remote nor at home
    plain = shares("I10")
    assert set(plain) == {("office_soap", "office"), ("telehealth", "telehealth"), ("consult", "office")}
    assert plain["office_soap", "office"] > 120
    frail = shares("R54 I10")
    assert {("home_health", "home"), ("nursing_facility", "nursing_facility")} <= set(frail)
    assert shares("F33.1 I10")["behavioral", "office"] > 60
    assert shares("K63.5", procedures="45385")["operative", "office"] > 120
    stay = shares("J18.9 I10", cls="inpatient")
    assert set(stay) == {
        (kind, "inpatient") for kind in ("discharge_summary", "history_and_physical", "progress", "consult")
    }
    assert stay["discharge_summary", "inpatient"] > 60


def test_long_tail_reaches_every_chapter_and_obeys_sex() -> None:
    source = tables(*({"codes": "S60.011A I10", "cls": "ed"} for _ in range(1500)), sex="M")
    encounters = build(source, CorpusConfig(distractors_per_note=0, tail_quota=1.0))
    found = {code for encounter in encounters for code in codes_of(encounter)} - {"S60.011A", "I10"}
    letters = {code[0] for code in found}
    assert letters >= set("ABCDEFGHIJKLMNPQRSTZ")
    assert letters & set("VWXY")  # one chapter: external causes
    assert len(found) > 900  # of 1,500 draws, most from the heads of the chapters
    assert not [
        code for code in found if library().family_of(code) is None and not condition_fits(library(), code, "M", 66)
    ]
    without = {
        fact.concept
        for encounter in build(source, QUIET)
        for fact in encounter.conditions()
        if fact.concept.startswith("icd10cm:") and not fact.distractor and fact.temporality == "current"
    }
    assert without == {"icd10cm:S60.011A"}, "without a quota only what the source has"


def test_age_is_completed_years_and_top_coded() -> None:
    assert one("I10", birth=date(1960, 3, 3)).age == 65  # the day before the birthday
    assert one("I10", birth=date(1960, 3, 2)).age == 66
    assert one("I10", birth=date(1920, 1, 1)).age == 90


def test_derived_codes_come_back_only_with_what_they_stand_on() -> None:
    assert codes_of(one("I10 Z79.01")) == ["I10"]  # no reason for an anticoagulant here
    fibrillation = one("I48.20 Z79.01")
    assert [fact.concept for fact in facts_of(fibrillation, "medication")] == ["drug:apixaban"]
    assert codes_of(fibrillation) == ["I48.20", "Z79.01"]
    assert codes_of(one("I10 Z68.41")) == ["I10"]  # body mass without a weight diagnosis
    assert codes_of(one("E66.813", values={"bmi_kg_m2": 46.2})) == ["E66.813", "Z68.42"]
    assert "Z23" in codes_of(one("I10 Z23"))  # brings its vaccine
    assert [fact.concept for fact in facts_of(one("I10 Z23"), "procedure")][-1] == "hcpcs:G0008"  # at 65 Medicare pays
    assert codes_of(one("Z00.00 I10", cls="wellness"))[0] == "Z00.00"


def test_body_mass_fits_the_stated_class() -> None:
    for seed in range(20):
        encounter = build(tables({"codes": "E66.811 Z68.41", "values": {"bmi_kg_m2": 44.0}}), seed=seed)[0]
        assert 30 <= encounter.vitals["bmi_kg_m2"] < 35


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("N18.31 N18.4 I10", ["N18.4", "I10"]),  # of two stages the higher
        ("E11.9 E11.42", ["E11.42"]),
        ("E11.42 E11.65", ["E11.42", "E11.65"]),  # complications may be many
        ("F32.A F33.1", ["F33.1"]),
        ("I10 F17.210 Z87.891", ["I10", "F17.210"]),
        ("C50.911 Z85.3", ["C50.911"]),
        ("R54 R53.1", ["R54"]),
        ("R03.0 I10", ["I10"]),
        ("M17.11 M17.12", ["M17.11", "M17.12"]),  # two sides are no contradiction: policy makes them one code
    ],
)
def test_contradictions_are_settled_before_text(codes: str, expected: list[str]) -> None:
    encounter = one(codes)
    look = lookups_for(library(), systems())
    assert [look.code_of(fact) for fact in encounter.conditions()] == expected


def test_falls_need_an_injury_in_the_same_phase() -> None:
    bare = codes_of(one("W19.XXXA I10", cls="ed"))
    assert bare[0].startswith("S") and "W19.XXXA" in bare
    assert codes_of(one("S52.501D W19.XXXA Y92.009")) == ["S52.501D", "W19.XXXD"]
    assert codes_of(one("J95.851 Y84.8", cls="inpatient")) == ["J95.851", "Y84.8"]  # no injury behind a treatment
    assert codes_of(one("I10 W19.XXXA Y92.009", cls="inpatient")) == ["I10"]


def test_stroke_in_the_office_is_history() -> None:
    assert codes_of(one("I63.9 I10")) == ["I10", "Z86.73"]
    assert codes_of(one("I63.9 I10", cls="inpatient"))[0] == "I63.9"


def test_sex_and_age_bounds() -> None:
    assert codes_of(one("I10 N40.0", sex="F")) == ["I10"]
    assert codes_of(one("I10 O24.410", sex="M")) == ["I10"]
    assert codes_of(one("I10 O24.410", sex="F", birth=date(1950, 1, 1))) == ["I10"]
    assert not facts_of(one("I10", procedures="77067", sex="M"), "procedure")


def test_there_is_always_a_reason() -> None:
    for cls in ("office", "ed", "inpatient", "wellness"):
        for codes in ("", "Z08", "Z79.4", "Z59.01", "Z68.30", "Z23"):
            found = codes_of(one(codes, cls=cls))
            assert found and not found[0].startswith(("Z59", "Z68", "Z79", "W"))


def test_visits_are_not_repeated_as_procedures() -> None:
    encounter = one("I10", procedures="99214 G0439 80053")
    assert [fact.concept for fact in facts_of(encounter, "procedure")] == ["cpt:80053"]


def test_first_visit_is_new_and_later_ones_are_not() -> None:
    source = tables(
        {"codes": "I10", "procedures": "93000", "start": datetime(2026, 3, 2)},
        {"codes": "I10", "start": datetime(2026, 1, 2)},
        {"codes": "I10", "start": datetime(2026, 1, 1), "cls": "ed"},
    )
    statuses = [facts_of(item, "visit")[0].attributes.get("status") for item in build(source)]
    assert statuses == ["established", "new", None]


def test_wellness_visits_are_initial_once() -> None:
    source = tables(
        {"codes": "I10", "cls": "wellness", "start": datetime(2026, 3, 2)},
        {"codes": "I10", "cls": "wellness", "start": datetime(2025, 3, 2)},
        birth=date(1950, 1, 1),
    )
    assert [facts_of(item, "visit")[0].attributes["kind"] for item in build(source)] == ["subsequent", "initial"]


def test_drugs_get_a_purpose_and_impossible_ones_go() -> None:
    encounter = one("E11.9 I10", drugs=("Metformin HCl 500 mg tab", "unobtainium"))
    metformin = next(fact for fact in facts_of(encounter, "medication") if fact.concept == "drug:metformin")
    assert metformin.attributes["purpose"] == "type_2_diabetes"
    assert "Z79.84" in codes_of(encounter)
    assert not [
        fact for fact in facts_of(one("I10", drugs=("metformin",)), "medication") if "metformin" in fact.concept
    ]
    assert not [
        fact for fact in facts_of(one("E11.A", drugs=("metformin",)), "medication") if "metformin" in fact.concept
    ]


def test_drugs_of_what_is_over_are_not_taken() -> None:
    former = one("I10 Z87.891", drugs=("nicotine",))
    assert [fact.concept for fact in facts_of(former, "medication") if "nicotine" in fact.concept] == []
    current = one("I10 F17.210", drugs=("nicotine",))
    assert "drug:nicotine" in [fact.concept for fact in facts_of(current, "medication")]


def test_treated_disease_called_history_is_still_coded() -> None:
    for seed in range(200):
        encounter = build(tables({"codes": "J45.40 E11.9", "drugs": ("metformin",)}), seed=seed)[0]
        if encounter.conditions()[1].temporality == "history":
            assert codes_of(encounter) == ["J45.40", "E11.9", "Z79.84"]
            return
    pytest.fail("no treated disease was called history in 200 encounters")


def test_present_on_admission_only_for_inpatients() -> None:
    assert {fact.present_on_admission for fact in one("J18.9 N17.9", cls="inpatient").conditions()} <= {"Y", "N"}
    assert one("J18.9 N17.9", cls="inpatient").conditions()[0].present_on_admission == "Y"
    assert {fact.present_on_admission for fact in one("J18.9 N17.9").conditions()} == {""}


def test_values_are_rounded_and_kidney_function_fits_the_stage() -> None:
    encounter = one("N18.4", values={"egfr_ml_min": 88.1234, "systolic_bp_mmhg": 131.7, "potassium_mmol_l": 4.2391})
    assert 15 <= encounter.labs["egfr_ml_min"] <= 29
    assert encounter.vitals["systolic_bp_mmhg"] == 132
    assert encounter.labs["potassium_mmol_l"] == 4.2
    assert {"diastolic_bp_mmhg", "heart_rate_bpm", "temperature_c"} <= set(encounter.vitals)


def test_side_of_a_service_follows_the_condition() -> None:
    encounter = one("M25.562", procedures="20610 73562 36415")
    sides = {fact.concept: fact.attributes.get("laterality") for fact in facts_of(encounter, "procedure")}
    assert sides == {"cpt:20610": "left", "cpt:73562": "left", "cpt:36415": None}


def test_an_encounter_of_nobody_is_an_input_error() -> None:
    source = tables({"codes": "I10"})
    source = source.restrict(source.patients["patient_id"].slice(0, 0).combine_chunks())
    orphans = EhrTables(
        patients=source.patients,
        encounters=tables({"codes": "I10"}).encounters,
        **{
            name: empty_table(name)
            for name in ("conditions", "procedures", "medications", "observations", "identifiers", "notes")
        },
        report=source.report,
    )
    with pytest.raises(SourceError, match="belongs to no patient"):
        build(orphans)


# --- many encounters at once ---


@cache
def crowd() -> tuple[EhrTables, list[Encounter]]:
    """600 encounters of 150 patients with families' codes and any billable codes mixed."""
    rng = generator(7)
    known, everything = library().codes(), systems().icd10cm.billable_codes()
    services = [code.value for code in systems().procedures.codes()]
    rows = []
    for number in range(600):
        values = [str(rng.choice(known)) for _ in range(rng.integers(1, 7))]
        values += [str(rng.choice(everything))] * int(rng.random() < 0.2) + ["R07.9"] * int(rng.random() < 0.15)
        rows.append(
            {
                "patient": f"p{number % 150}",
                "cls": str(rng.choice(["office", "office", "wellness", "ed", "inpatient"])),
                "codes": " ".join(dict.fromkeys(values)),
                "procedures": " ".join(str(rng.choice(services)) for _ in range(rng.integers(0, 4))),
                "drugs": tuple(str(rng.choice(sorted(DRUGS))) for _ in range(rng.integers(0, 3))),
                "values": {"bmi_kg_m2": float(rng.uniform(17, 45)), "potassium_mmol_l": float(rng.uniform(3.5, 5))},
            }
        )
    source = tables(*rows)
    return source, build(source, CorpusConfig(distractors_per_note=2.0))


def test_crowd_always_codes_and_never_contradicts_itself() -> None:
    for encounter in crowd()[1]:
        result = explain_coding(encounter, library(), systems())
        diagnoses = [code.value for code in result.codes if code.system == "icd10cm"]
        assert diagnoses and diagnoses[0][0] not in "VWXY"
        # Conflicts are settled before text exists: the policy has nothing left to resolve.
        assert not [drop for drop in result.dropped if drop.rule in {"G06", "F01", "E06", "N03", "M01", "Z08"}]
        assert len({fact.fact_id for fact in encounter.facts}) == len(encounter.facts)


def test_crowd_distractors_change_no_code() -> None:
    for encounter in crowd()[1]:
        without = tuple(fact for fact in encounter.facts if not is_trap(fact))
        bare = Encounter(**{**{name: getattr(encounter, name) for name in encounter.__slots__}, "facts": without})
        assert code_encounter(encounter, library(), systems()) == code_encounter(bare, library(), systems())


def test_crowd_distractors_touch_nothing_that_is_true() -> None:
    look = lookups_for(library(), systems())
    seen = set()
    for encounter in crowd()[1]:
        true = {
            (look.code_of(fact) or "")[:3]
            for fact in encounter.conditions()
            if not is_trap(fact) and fact.experiencer == "patient"
        }
        for fact in encounter.facts:
            if not is_trap(fact):
                continue
            seen.add(fact.distractor)
            assert fact.distractor in KINDS | SITUATIONAL_KINDS
            if fact.kind == "condition" and fact.addressed and fact.distractor != TEMPLATE_REVIEW:
                assert (look.code_of(fact) or "")[:3] not in true
                assert not fact.is_asserted
            if fact.concept.startswith("lab:"):
                assert float(fact.attributes["value"]) == encounter.labs[fact.concept.removeprefix("lab:")]
    assert seen >= KINDS


def test_crowd_distractors_about_the_patient_fit_the_patient() -> None:
    """No denial of a symptom that belongs to the disease, no related disease, none of the other sex."""
    look = lookups_for(library(), systems())
    for encounter in crowd()[1]:
        true = [
            (code, fact)
            for fact in encounter.conditions()
            if not fact.distractor and fact.experiencer == "patient" and (code := look.code_of(fact))
        ]
        for fact in encounter.conditions():
            if not is_trap(fact) or fact.experiencer != "patient" or not fact.fact_id.startswith("x"):
                continue
            if fact.distractor in SITUATIONAL_KINDS or fact.distractor in RESTATED:
                continue
            code = look.code_of(fact) or ""
            assert condition_fits(library(), code, encounter.patient.sex, encounter.age)
            for held, other in true:
                assert not code.startswith(integral_symptoms(look, held, other.concept) or ("~",))
                if other.fact_id != fact.cause:
                    assert not groups_of(code) & groups_of(held), (fact.distractor, code, held)


def test_crowd_uncertain_diagnoses_have_a_coded_symptom() -> None:
    found = 0
    for encounter in crowd()[1]:
        codes = code_encounter(encounter, library(), systems())
        evidence = {mark for code in codes for mark in code.evidence}
        for fact in encounter.facts:
            if fact.distractor in {"uncertain outpatient", "differential list"}:
                found += 1
                assert encounter.is_outpatient
                assert fact.cause in evidence
    assert found > 20


@pytest.mark.parametrize("wanted", [0.0, 1.0, 2.0, 3.5])
def test_crowd_distractor_average(wanted: float) -> None:
    encounters = build(crowd()[0], CorpusConfig(distractors_per_note=wanted))
    counts = [sum(is_trap(fact) for fact in item.facts) for item in encounters]
    assert abs(sum(counts) / len(counts) - wanted) <= 0.15 * wanted


def test_crowd_same_seed_same_encounters_and_other_seed_others() -> None:
    source, encounters = crowd()
    assert build(source, CorpusConfig(distractors_per_note=2.0)) == encounters
    others = build(source, CorpusConfig(distractors_per_note=2.0), seed=2)
    assert others != encounters
    assert [item.encounter_id for item in others] == [item.encounter_id for item in encounters]


def test_crowd_visits_reach_a_level() -> None:
    for encounter in crowd()[1]:
        codes = code_encounter(encounter, library(), systems())
        visits = [fact.fact_id for fact in facts_of(encounter, "visit") if fact.concept in LEVELLED]
        assert facts_of(encounter, "visit") or encounter.note_type in {"operative", "home_health", "behavioral"}
        assert set(visits) <= {mark for code in codes if code.role == "procedure" for mark in code.evidence}
