"""The condition library against the release: every row, every form, every reference."""

from collections import Counter
from pathlib import Path

import pytest

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.errors import CodeError, InputError
from ghostchart.schemas.history_codes import family_history_code, personal_history_code
from ghostchart.schemas.icd10cm import Icd10Cm
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.synth.library import ACUITIES, CodeRow, ConditionFamily, Library, load_library
from ghostchart.synth.library.families import parse_family
from ghostchart.synth.library.strata import strata_of, stratum_codes

# Keys and attribute values that the coding policy and the encounters rely on.
CORE: dict[str, dict[str, tuple[str, ...]]] = {
    "hypertension": {},
    "heart_failure": {
        "type": ("systolic", "diastolic", "combined", "unspecified"),
        "acuity": ("acute", "chronic", "acute_on_chronic", "unspecified"),
    },
    "ckd": {"stage": ("1", "2", "3", "3a", "3b", "4", "5", "esrd", "unspecified")},
    "acute_kidney_injury": {},
    "type_2_diabetes": {
        "complication": (
            "none",
            "ckd",
            "neuropathy",
            "retinopathy",
            "foot_ulcer",
            "pvd",
            "hyperglycemia",
            "hypoglycemia",
            "remission",
            "other",
        )
    },
    "type_1_diabetes": {
        "complication": (
            "none",
            "ckd",
            "neuropathy",
            "retinopathy",
            "foot_ulcer",
            "pvd",
            "hyperglycemia",
            "hypoglycemia",
            "other",
        )
    },
    "hyperlipidemia": {"type": ("unspecified", "mixed", "pure")},
    "obesity": {"class": ("unspecified", "1", "2", "3", "morbid")},
    "copd": {"status": ("stable", "exacerbation", "lower_respiratory_infection")},
    "pneumonia": {"organism": ("unspecified",)},
    "atrial_fibrillation": {"type": ("unspecified", "paroxysmal", "persistent", "permanent", "chronic")},
    "coronary_artery_disease": {"angina": ("no", "unspecified")},
    "dementia": {"cause": ("unspecified", "alzheimer", "vascular")},
    "tobacco": {"status": ("current", "former")},
    "osteoarthritis": {"joint": ("knee", "hip"), "laterality": ("right", "left", "bilateral", "unspecified")},
    "fracture": {"encounter": ("A", "D", "S")},
    "pressure_ulcer": {"stage": ("1", "2", "3", "4", "unstageable", "unspecified")},
    "breast_cancer": {"status": ("active", "history")},
    "colon_cancer": {"status": ("active", "history")},
    "prostate_cancer": {"status": ("active", "history")},
    **{
        key: {}
        for key in [
            "depression",
            "repeated_falls",
            "fall_history",
            "muscle_weakness",
            "age_related_debility",
            "abnormal_weight_loss",
            "cachexia",
            "gait_difficulty",
            "bed_confinement",
            "wheelchair_dependence",
            "need_for_assistance",
            "chest_pain",
            "dyspnea",
            "cough",
            "fever",
            "headache",
            "abdominal_pain",
            "dizziness",
            "syncope",
        ]
    },
}
# Codes that head the public frequency tables.
FREQUENT = [
    "I10",
    "E78.5",
    "Z00.00",
    "Z23",
    "E11.9",
    "E78.2",
    "E03.9",
    "K21.9",
    "E55.9",
    "Z20.822",
    "R07.9",
    "R06.02",
    "U07.1",
    "R07.89",
    "R10.9",
    "R51.9",
    "R50.9",
    "R11.2",
    "R05.9",
    "N39.0",
    "R42",
    "J06.9",
    "S09.90XA",
    "R55",
    "R53.1",
    "R19.7",
    "R41.82",
    "R91.8",
    "K52.9",
    "M54.50",
    "F32.9",
    "I25.10",
    "F41.9",
    "N17.9",
    "F17.210",
    "G47.33",
    "E66.9",
    "I48.91",
    "A41.9",
    "I50.9",
    "J44.9",
    "I21.9",
    "J18.9",
    "I63.9",
    "S72.001A",
]


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="module")
def system() -> Icd10Cm:
    return load_icd10cm()


def rows_of(library: Library) -> list[tuple[ConditionFamily, CodeRow]]:
    return [(family, row) for family in library.families.values() for row in family.rows]


def fact(family: ConditionFamily, row: CodeRow) -> ClinicalFact:
    return ClinicalFact("f1", "condition", family.key, row.attributes)


def test_there_are_at_least_150_families(library: Library) -> None:
    assert len(library.families) >= 150
    assert len(library.codes()) >= 1500


def test_core_families_have_their_keys_and_values(library: Library) -> None:
    for key, attributes in CORE.items():
        family = library.families[key]
        for name, values in attributes.items():
            assert set(values) <= set(family.attributes[name]), (key, name)


def test_every_row_is_a_billable_code_and_comes_back(library: Library, system: Icd10Cm) -> None:
    for family, row in rows_of(library):
        assert system.is_billable(row.code), (family.key, row)
        assert library.code_for(family.key, row.attributes) == row.code
        again = library.fact_for_code(row.code, "f9")
        assert (again.concept, again.fact_id, again.kind) == (family.key, "f9", "condition")
        assert library.code_for(again.concept, again.attributes) == row.code
        assert library.family_of(row.code) == family.key


def test_each_combination_of_attributes_has_one_row(library: Library) -> None:
    for family in library.families.values():
        seen = Counter(tuple(sorted(row.attributes.items())) for row in family.rows)
        assert max(seen.values()) == 1, (family.key, seen.most_common(1))


def test_every_combination_has_at_least_six_forms(library: Library) -> None:
    for family, row in rows_of(library):
        forms = library.surface_forms(fact(family, row))
        assert len(forms) >= 6, (family.key, row, forms)
        assert len({form.lower() for form in forms}) == len(forms)


def test_no_two_codes_share_a_form(library: Library) -> None:
    owners: dict[str, str] = {}
    for family, row in rows_of(library):
        for form in library.surface_forms(fact(family, row)):
            assert owners.setdefault(form.lower(), row.code) == row.code, form


def test_no_form_is_the_official_wording_of_another_code(library: Library, system: Icd10Cm) -> None:
    official: dict[str, set[str]] = {}
    for place in system.places():
        for text in (system.description(place), *system.own_inclusion_terms(place)):
            official.setdefault(" ".join(text.lower().split()), set()).add(place)
    # "Polyneuropathy" is a Lyme disease's inclusion term; Lewy body dementia takes G31.83 and F02.80 together.
    known = {("G62.9", "polyneuropathy"), ("F02.80", "Lewy body dementia")}
    wrong = {
        (row.code, form)
        for family, row in rows_of(library)
        for form in library.surface_forms(fact(family, row))
        if (places := official.get(form.lower())) and not any(row.code.startswith(place) for place in places)
    }
    assert wrong == known


def test_words_of_a_history_lead_to_one_code(library: Library) -> None:
    """ "History of skin cancer" must not stand for melanoma in one note and for basal cell carcinoma in the next."""
    own: dict[str, set[str]] = {}
    of_relatives: dict[str, set[str | None]] = {}
    for family, row in rows_of(library):
        asked = fact(family, row)
        if past := personal_history_code(row.code):
            for form in library.history_forms(asked):
                own.setdefault(form, set()).add(past)
        if row.code[0] != "Z":
            for form in library.family_history_forms(asked):
                of_relatives.setdefault(form, set()).add(family_history_code(row.code))
    assert {form: found for form, found in own.items() if len(found) > 1} == {}
    assert {form: found for form, found in of_relatives.items() if len(found) > 1} == {}


def test_forms_are_clean_noun_phrases(library: Library) -> None:
    for family, row in rows_of(library):
        asked = fact(family, row)
        forms = (
            *library.surface_forms(asked),
            *library.history_forms(asked),
            *library.family_history_forms(asked),
        )
        for form in forms:
            assert form == form.strip(" .,;:"), form
            assert "  " not in form
            assert ",," not in form
            assert not any(mark in form for mark in "{}<>|\n_"), form
            assert not any("\ue000" <= character <= "\uf8ff" for character in form)
            assert len(form) <= 140, form


def test_a_form_names_no_side_that_its_code_does_not(library: Library, system: Icd10Cm) -> None:
    allowed = {"I50.810", "I26.99", "I69.322", "Z74.3"}  # "without left heart failure", "left over", "left alone"
    for family, row in rows_of(library):
        description = system.description(row.code).lower()
        for form in library.surface_forms(fact(family, row)):
            words = form.lower().replace("-", " ").split()
            for side in ("right", "left", "bilateral"):
                if side in words and row.code not in allowed and "handed" not in form:
                    assert side in description or "both" in description, (row.code, form)


def test_plain_diabetes_mentions_no_complication(library: Library) -> None:
    forms = " ".join(library.surface_forms(library.fact_for_code("E11.9", "f")))
    for word in ("kidney", "neuropathy", "retinopathy", "ulcer", "hyperglycemia", "hypoglycemia", "remission"):
        assert word not in forms


@pytest.mark.parametrize(
    ("code", "form"),
    [
        ("I50.32", "chronic diastolic heart failure"),
        ("I50.32", "chronic HFpEF"),
        ("I50.23", "HFrEF, acute on chronic"),
        ("E11.22", "type 2 DM with diabetic CKD"),
        ("N18.32", "CKD stage 3b"),
        ("L89.153", "sacrum decubitus ulcer, stage 3"),
        ("M17.0", "bilateral knee osteoarthritis"),
        ("S52.501D", "healing right distal radius fracture"),
    ],
)
def test_forms_one_expects_are_there(library: Library, code: str, form: str) -> None:
    assert form in library.surface_forms(library.fact_for_code(code, "f"))


@pytest.mark.parametrize("code", ["I11.0", "I12.0", "I12.9", "I13.0", "I13.10", "I13.11", "I13.2"])
def test_combination_codes_become_hypertension(library: Library, code: str) -> None:
    found = library.fact_for_code(code, "f")
    assert (found.concept, dict(found.attributes)) == ("hypertension", {})


def test_frequent_codes_are_covered(library: Library) -> None:
    assert [code for code in FREQUENT if library.family_of(code) is None] == []


def test_every_code_of_the_strata_is_covered_and_billable(library: Library, system: Icd10Cm) -> None:
    strata = stratum_codes()
    assert list(strata) == ["advanced_illness", "frailty"]
    icd = {value for values in strata.values() for value in values if value[0].isalpha() and "." in value}
    icd |= {"R54", "R64", "G10", "F04", "C25.0"}
    icd = {value for value in icd if not value[1:].isdigit() or len(value) == 3}
    assert all(system.is_billable(value) for value in icd)
    assert [value for value in icd if library.family_of(value) is None] == []
    assert len(strata["advanced_illness"]) == 245
    assert {"G35.A", "G35.B0", "G35.C2", "G35.D"} <= strata["advanced_illness"]
    assert "G35" not in strata["advanced_illness"]


@pytest.mark.parametrize(
    ("codes", "strata"),
    [
        (["N18.6", "R54"], ("advanced_illness", "frailty")),
        (["Z99.3"], ("frailty",)),
        (["J44.9", "N18.4", "J96.00", "C91.01"], ()),  # near misses: COPD, stage 4, acute failure, remission
        ([], ()),
    ],
)
def test_strata_of_code_sets(codes: list[str], strata: tuple[str, ...]) -> None:
    assert strata_of(codes) == strata


def test_devices_and_home_services_show_frailty() -> None:
    from ghostchart.schemas.codes import procedure

    assert strata_of([], [procedure("E0143")]) == ("frailty",)
    assert strata_of([], [procedure("99213")]) == ()


def test_references_to_codes_and_drugs_hold(library: Library, system: Icd10Cm) -> None:
    for family in library.families.values():
        for value in (*family.integral_symptoms, *family.absorbs):
            assert system.knows(value), (family.key, value)
        assert [name for name in family.drugs if name not in library.drugs] == [], family.key
        assert family.acuity in ACUITIES
        assert 0 <= family.min_age < family.max_age <= 120
        assert family.names


def test_sex_bounds_agree_with_the_codes(library: Library, system: Icd10Cm) -> None:
    for family, row in rows_of(library):
        description = system.description(row.code).lower()
        words = set(description.replace(",", " ").split())
        if words & {"female", "pregnancy", "uterine", "vaginal", "menopausal", "mammogram"} and row.code[:3] != "Z80":
            assert family.sex in {"F", "any"} and family.sex != "M", row.code
        if words & {"prostate", "prostatic"}:
            assert family.sex == "M" or row.code.startswith("Z80"), row.code


def test_drugs_name_families_and_billable_long_term_codes(library: Library, system: Icd10Cm) -> None:
    assert len(library.drugs) >= 150
    for drug in library.drugs.values():
        assert drug.purposes
        assert [key for key in drug.purposes if key not in library.families] == [], drug.name
        assert drug.long_term_code == "" or system.is_billable(drug.long_term_code)
        assert drug.strengths
        assert drug.name == drug.name.lower()
    assert library.drugs["metformin"].long_term_code == "Z79.84"
    assert library.drugs["semaglutide"].long_term_code == "Z79.85"
    assert library.drugs["insulin glargine"].long_term_code == "Z79.4"


def test_acuity_comes_from_the_row_first(library: Library) -> None:
    assert library.acuity(library.fact_for_code("J44.9", "f")) == "stable_chronic"
    assert library.acuity(library.fact_for_code("J44.1", "f")) == "acute_systemic"
    assert library.acuity(library.fact_for_code("I21.4", "f")) == "threat"
    assert library.acuity(library.fact_for_code("K57.92", "f")) == "acute_uncomplicated"


def test_unknown_concepts_and_combinations_are_code_errors(library: Library) -> None:
    with pytest.raises(CodeError, match="no concept 'measles'"):
        library.code_for("measles", {})
    with pytest.raises(CodeError, match="ckd has no code for stage 9"):
        library.code_for("ckd", {"stage": "9"})
    with pytest.raises(CodeError, match="no attributes"):
        library.surface_forms(ClinicalFact("f", "condition", "ckd"))
    with pytest.raises(CodeError):
        library.fact_for_code("not a code", "f")


def test_attributes_a_family_does_not_have_are_ignored(library: Library) -> None:
    assert library.code_for("hypertension", {"poa": "Y"}) == "I10"


def test_families_cannot_claim_the_same_code() -> None:
    spec = {"name": "x", "code": "I10", "forms": ["x"]}
    families = {key: parse_family(key, spec, "test") for key in ("one", "two")}
    with pytest.raises(InputError, match="I10 belongs to two families, one and two"):
        Library(families, {}, {})


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"name": "x"}, "without codes"),
        ({"name": "x", "code": "I10", "colour": 1}, "unknown key 'colour'"),
        ({"name": "x", "attributes": {"a": ["b"]}, "rows": [{"code": "I10", "a": "c"}]}, "a has no value 'c'"),
        ({"name": "x", "rows": [{"code": "I10", "extra": "c"}]}, "unknown key 'extra'"),
        ({"name": "x", "attributes": {"a": {"b": {"w": None}}}, "pattern": "I1{a}"}, "is empty"),
        (
            {"name": "x", "attributes": {"a": {"b": {"code": "0"}}}, "patterns": [{"code": "I1{a}", "a": ["z"]}]},
            "value 'z'",
        ),
    ],
)
def test_a_broken_family_is_refused_by_name(spec: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        parse_family("broken", spec, "file.yaml")
    assert "file.yaml: broken" in str(caught.value)


def test_no_data_file_is_forgotten() -> None:
    import ghostchart.synth.library as package

    folder = Path(package.__file__).parent
    assert len(list((folder / "conditions").glob("*.yaml"))) >= 12
