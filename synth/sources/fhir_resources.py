"""FHIR R4 resources as rows: which elements are read, in which code systems, and what makes a resource unusable.

Element names and code systems: https://hl7.org/fhir/R4/. A resource that does not have R4's shape where it is read stops
the run; a status such as entered-in-error refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Row = tuple[str | None, ...]
_SYSTEMS = {
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
    "http://hl7.org/fhir/sid/icd-9-cm": "icd9cm",
    "urn:oid:2.16.840.1.113883.6.103": "icd9cm",
    "http://snomed.info/sct": "snomed",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://loinc.org": "loinc",
    "http://www.ama-assn.org/go/cpt": "cpt",
    "urn:oid:2.16.840.1.113883.6.12": "cpt",
    "https://www.cms.gov/medicare/coding/hcpcsreleasecodesets": "hcpcs",
    "http://www.cms.gov/medicare/coding/hcpcsreleasecodesets": "hcpcs",
    "https://www.cms.gov/medicare/coding/medhcpcsgeninfo": "hcpcs",
    "urn:oid:2.16.840.1.113883.6.285": "hcpcs",
}
_CONDITION_SYSTEMS = ("icd10cm", "snomed", "icd9cm")
_PROCEDURE_SYSTEMS = ("cpt", "hcpcs", "snomed")
# HL7 v3 ActCode; observation encounters are emergency care, as in MIMIC-IV's adapter.
_CLASSES = {
    "AMB": "office",
    "VR": "office",
    "SS": "office",
    "EMER": "ed",
    "OBSENC": "ed",
    "IMP": "inpatient",
    "ACUTE": "inpatient",
    "NONAC": "inpatient",
}
_WELLNESS_TYPES = {"162673000", "410620009"}  # SNOMED CT: general examination, well child visit
_TELECOM = {"phone": "PHONE_NUMBER", "fax": "FAX_NUMBER", "email": "EMAIL_ADDRESS", "url": "URL"}
_IDENTIFIER_TYPES = {
    "MR": "MEDICAL_RECORD_NUMBER",
    "SS": "US_SSN",
    "SB": "US_SSN",
    "DL": "LICENSE_NUMBER",
    "PPN": "LICENSE_NUMBER",
    "AN": "ACCOUNT_NUMBER",
    "MB": "HEALTH_PLAN_NUMBER",
}
_PARTIAL_DATE = re.compile(r"\d{4}(-\d{2})?")


class NotR4Error(Exception):
    """An element is not of the type that R4 gives it; the text is the element's path, never a value."""


def _get(value: Any, path: str, kind: type | tuple[type, ...]) -> Any:
    """The element at a dotted path, None where it is absent."""
    for name in path.split("."):
        if value is None:
            return None
        if not isinstance(value, dict):
            raise NotR4Error(path)
        value = value.get(name)
    if value is not None and not isinstance(value, kind):
        raise NotR4Error(path)
    return value


def _text(value: Any, path: str) -> str | None:
    found: str | None = _get(value, path, str)
    return found


def _items(value: Any, path: str) -> list[Any]:
    return _get(value, path, list) or []


def _reference(value: Any, path: str) -> str | None:
    """The id that a reference leads to: the part behind the last slash, or of a urn:uuid."""
    reference = _text(value, f"{path}.reference")
    if reference is None:
        return None
    return reference.removeprefix("urn:uuid:").removeprefix("urn:oid:").partition("/_history/")[0].rpartition("/")[2]


def _date(*candidates: str | None) -> str | None:
    """The first date that is given; a year or month stands for its first day."""
    found = next((text for text in candidates if text), None)
    if found and _PARTIAL_DATE.fullmatch(found):
        return f"{found}-01-01"[: len("2000-01-01")] if len(found) == 4 else f"{found}-01"
    return found


def _coding(value: Any, path: str, wanted: tuple[str, ...]) -> tuple[str | None, str | None, str | None]:
    """(system, code, display) of the coding in the first system wanted; the first coding where there is none of them."""
    found: list[tuple[str | None, str | None, str | None]] = []
    for coding in _items(value, f"{path}.coding"):
        system = (_text(coding, "system") or "").lower()
        found.append((_SYSTEMS.get(system, "another system"), _text(coding, "code"), _text(coding, "display")))
    for system in wanted:
        for coding in found:
            if coding[0] == system and coding[1]:
                return coding
    return found[0] if found else (None, None, None)


def _status_in(resource: dict[str, Any], path: str, refused: set[str]) -> bool:
    concept = _get(resource, path, (str, dict))
    if isinstance(concept, dict):
        return any(_text(coding, "code") in refused for coding in _items(concept, "coding"))
    return concept in refused


def patient(resource: dict[str, Any]) -> Iterator[Row]:
    """id, sex, birth date, death date, ZIP."""
    gender = _text(resource, "gender")
    addresses = _items(resource, "address")
    yield (
        _text(resource, "id"),
        {"female": "F", "male": "M"}.get(gender or ""),
        _date(_text(resource, "birthDate")),
        _date(_text(resource, "deceasedDateTime")),
        next((code for address in addresses if (code := _text(address, "postalCode"))), None),
        "",
    )


def identifiers(resource: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Direct identifiers of a Patient: id, entity type, value."""
    who = _text(resource, "id") or ""
    for name in _items(resource, "name"):
        given = [part for part in _items(name, "given") if isinstance(part, str)]
        family = _text(name, "family")
        if family and given:
            yield who, "PERSON", f"{given[0]} {family}"
        if text := _text(name, "text"):
            yield who, "PERSON", text
    for address in _items(resource, "address"):
        for line in _items(address, "line"):
            yield who, "STREET_ADDRESS", str(line)
        for path, entity_type in (("city", "CITY"), ("postalCode", "ZIP_CODE")):
            if value := _text(address, path):
                yield who, entity_type, value
    for contact in _items(resource, "telecom"):
        entity_type = _TELECOM.get(_text(contact, "system") or "", "PHONE_NUMBER")
        if value := _text(contact, "value"):
            yield who, entity_type, value
    for number in _items(resource, "identifier"):
        kinds = [_text(coding, "code") for coding in _items(number, "type.coding")]
        entity_type = next((_IDENTIFIER_TYPES[kind] for kind in kinds if kind in _IDENTIFIER_TYPES), "ACCOUNT_NUMBER")
        if value := _text(number, "value"):
            yield who, entity_type, value


def encounter(resource: dict[str, Any]) -> Iterator[Row]:
    """id, patient, class, beginning, end."""
    code = _text(resource, "class.code")
    types = {_text(coding, "code") for kind in _items(resource, "type") for coding in _items(kind, "coding")}
    ours = _CLASSES.get((code or "").upper())
    who, began = _reference(resource, "subject"), _date(_text(resource, "period.start"))
    if _status_in(resource, "status", {"cancelled", "planned", "entered-in-error"}):
        refusal = "cancelled, planned or entered in error"
    else:  # R4 demands neither
        refusal = "names no patient" if who is None else "no period" if began is None else ""
    yield (
        _text(resource, "id"),
        who,
        "wellness" if ours == "office" and types & _WELLNESS_TYPES else ours,
        began,
        _date(_text(resource, "period.end")),
        refusal,
    )


def diagnoses(resource: dict[str, Any]) -> Iterator[Row]:
    """Of an Encounter: condition, encounter, rank."""
    for diagnosis in _items(resource, "diagnosis"):
        rank = _get(diagnosis, "rank", int)
        yield _reference(diagnosis, "condition"), _text(resource, "id"), None if rank is None else str(rank)


def condition(resource: dict[str, Any]) -> Iterator[Row]:
    """id, patient, encounter, day, system, code."""
    system, code, _display = _coding(resource, "code", _CONDITION_SYSTEMS)
    bad = _status_in(resource, "verificationStatus", {"refuted", "entered-in-error"})
    yield (
        _text(resource, "id"),
        _reference(resource, "subject"),
        _reference(resource, "encounter"),
        _date(_text(resource, "recordedDate"), _text(resource, "onsetDateTime"), _text(resource, "onsetPeriod.start")),
        system,
        code,
        "refuted or entered in error" if bad else "",
    )


def procedure(resource: dict[str, Any]) -> Iterator[Row]:
    """patient, encounter, day, system, code."""
    system, code, _display = _coding(resource, "code", _PROCEDURE_SYSTEMS)
    bad = _status_in(resource, "status", {"not-done", "entered-in-error"})
    yield (
        _reference(resource, "subject"),
        _reference(resource, "encounter"),
        _date(_text(resource, "performedDateTime"), _text(resource, "performedPeriod.start")),
        system,
        code,
        "not done or entered in error" if bad else "",
    )


def medication(resource: dict[str, Any]) -> Iterator[Row]:
    """Of a Medication: id, name."""
    _system, _code, display = _coding(resource, "code", ("rxnorm",))
    yield _text(resource, "id"), display or _text(resource, "code.text")


def medication_request(resource: dict[str, Any]) -> Iterator[Row]:
    """patient, encounter, day, drug, Medication referred to."""
    _system, _code, display = _coding(resource, "medicationCodeableConcept", ("rxnorm",))
    drug = display or _text(resource, "medicationCodeableConcept.text")
    referred = _reference(resource, "medicationReference")
    if referred and referred.startswith("#"):
        for contained in _items(resource, "contained"):
            if _text(contained, "id") == referred[1:]:
                drug = next(medication(contained))[1]
    bad = _status_in(resource, "status", {"cancelled", "entered-in-error", "not-taken"})
    yield (
        _reference(resource, "subject"),
        _reference(resource, "encounter") or _reference(resource, "context"),
        _date(_text(resource, "authoredOn"), _text(resource, "effectiveDateTime"), _text(resource, "dateAsserted")),
        drug,
        referred,
        "cancelled, not taken or entered in error" if bad else "",
    )


def observation(resource: dict[str, Any]) -> Iterator[Row]:
    """patient, encounter, day, LOINC, value, unit; one row for each component of a panel."""
    bad = _status_in(resource, "status", {"cancelled", "entered-in-error"})
    parts = [part for part in _items(resource, "component") if isinstance(part, dict)]
    own = _get(resource, "valueQuantity", dict) is not None or not parts
    for part in [*([resource] if own else []), *parts]:
        _system, code, _display = _coding(part, "code", ("loinc",))
        number = _get(part, "valueQuantity.value", (int, float))
        if number is None:
            number = _get(part, "valueInteger", int)
        yield (
            _reference(resource, "subject"),
            _reference(resource, "encounter"),
            _date(_text(resource, "effectiveDateTime"), _text(resource, "effectivePeriod.start")),
            code if _system == "loinc" else None,
            None if number is None else str(number),
            _text(part, "valueQuantity.code") or _text(part, "valueQuantity.unit"),
            "cancelled or entered in error" if bad else "",
        )


# Resource type -> (columns of its rows, reader). The last column of all but the lists of names is why it is refused.
READERS: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any]], Iterator[Row]]]] = {
    "Patient": (("patient_id", "sex", "birth_date", "death_date", "zip", "refusal"), patient),
    "Encounter": (("encounter_id", "patient_id", "encounter_class", "began", "ended", "refusal"), encounter),
    "Condition": (("id", "patient_id", "encounter_id", "day", "system", "code", "refusal"), condition),
    "Procedure": (("patient_id", "encounter_id", "day", "system", "code", "refusal"), procedure),
    "Medication": (("id", "name"), medication),
    "MedicationRequest": (
        ("patient_id", "encounter_id", "day", "drug", "medication_id", "refusal"),
        medication_request,
    ),
    "MedicationStatement": (
        ("patient_id", "encounter_id", "day", "drug", "medication_id", "refusal"),
        medication_request,
    ),
    "Observation": (("patient_id", "encounter_id", "day", "loinc", "value", "unit", "refusal"), observation),
}
# Every resource type of R4 (https://hl7.org/fhir/R4/resourcelist.html).
R4_TYPES = frozenset(
    """
    Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic
    Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam CatalogEntry
    ChargeItem ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication
    CommunicationRequest CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage
    CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric
    DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis
    Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence
    EvidenceVariable ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal GraphDefinition Group
    GuidanceResponse HealthcareService ImagingStudy Immunization ImmunizationEvaluation
    ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice Library Linkage List Location Measure
    MeasureReport Media Medication MedicationAdministration MedicationDispense MedicationKnowledge
    MedicationRequest MedicationStatement MedicinalProduct MedicinalProductAuthorization
    MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient
    MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
    MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader
    MolecularSequence NamingSystem NutritionOrder Observation ObservationDefinition OperationDefinition
    OperationOutcome Organization OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation
    Person PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse
    RelatedPerson RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject
    RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen
    SpecimenDefinition StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid
    SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial
    SubstanceSpecification SupplyDelivery SupplyRequest Task TerminologyCapabilities TestReport TestScript
    ValueSet VerificationResult VisionPrescription
    """.split()  # noqa: SIM905 - a list of 150 quoted lines reads worse
)
