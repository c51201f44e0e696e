"""Numbers that a word announces: customer numbers, tickets, files, permits, plates, lots, user names.

Anything that runs in a register carries a number, so what is a number is decided by the word before it, by an explicit mark
("no.", "#", "ref:") and by the value's own shape: without a mark the value must be longer, or letters and digits together.
"""

# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.vocabulary import clinical_words, is_ordinary


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SCORE = 0.74
_BARE_SCORE = 0.68
_GROUPED_SCORE = 0.96  # groups with blanks between them: a rule that sees the first group alone must not win
_LEAST_DIGITS = 2
# What carries a number, by what the number then is.
_NOUNS: dict[str, str] = {
    "MEDICAL_RECORD_NUMBER": "patient pt hospital hosp chart record encounter csn fin har accession specimen visit referral "
    "interpreter study subject participant enrollment enrolment case file matter docket dossier run ems incident report "
    "request prescription rx mrn unit admission episode employee emp staff student pupil personnel payroll badge clock "
    "expediente historia akte aktenzeichen az fallnummer patientennummer dossiernummer cartella pratica inmate officer shield "
    "volunteer resident applicant candidate matricule matrikelnummer nhs chi hcn phn ref reference reff",
    "ACCOUNT_NUMBER": "account acct acc konto cuenta compte conto rekening customer cust client klient kunde cliente kunden "
    "klant order po purchase invoice inv bill receipt ticket tkt booking reservation res resv pnr confirmation conf locator "
    "itinerary tracking trk parcel package shipment consignment waybill awb delivery transaction txn transfer payment "
    "sort routing aba bic swift iban bsb clabe card giftcard voucher coupon loyalty rewards miles flyer library borrower meter "
    "loan mortgage contract lease tenancy agreement complaint case rma return warranty subscription membership pedido "
    "commande bestellung bestelnummer factura facture rechnung rechnungsnummer fattura ordine contrato contrat vertrag "
    "kontonummer kundennummer bestellnummer vertragsnummer klantnummer réservation reserva buchung buchungsnummer "
    "reservierung sendung sendungsnummer colis envío envio paquete wallet mpesa donor pledge permit",
    "HEALTH_PLAN_NUMBER": "member mbr policy pol claim insurance insured subscriber beneficiary medicare medicaid group grp plan "
    "póliza poliza police siniestro schaden schadennummer authorization authorisation auth preauth versicherungsnummer",
    "LICENSE_NUMBER": "licence license lic licencia führerschein permis passport pasaporte passeport reisepass passaporto visa "
    "driver drivers driving dl certificate cert registration npi dea bar credential identity ausweis "
    "personalausweis cédula cedula contractor ccb aadhaar",
    "US_SSN": "ssn tin ein itin pps ppsn nino ni cpf cnpj curp rfc rut cuil cuit sin nie nif dni bsn pesel cnp steuernummer "
    "steuer utr tax vat personnummer sozialversicherungsnummer siret nir fiscale codice sociale seguridad sozialversicherung",
    "VEHICLE_ID": "plate plates tag reg registration vrn rego matrícula matricula kennzeichen immatriculation targa vin",
    "DEVICE_ID": "lot batch serial ser sn device implant pump glucometer monitor asset imei udi eid iccid lead generator transmitter sensor receiver valve machine laptop microchip chip scanner probe handset computer frame",
}
_KIND = {word: kind for kind, words in reversed(_NOUNS.items()) for word in words.split()}
# Words that mark the number of anything; those of other languages stand for "number" as well.
_MARKERS = _words(
    "no nos number num numbers nbr nr id ids ident identifier ref reference numero número numéro nummer num folio"
)
# Makes, models and kinds of car: a plate behind them is told by its shape.
_CARS = _words(
    "toyota honda ford chevy chevrolet nissan bmw audi vw volkswagen mercedes benz hyundai kia subaru mazda jeep dodge gmc tesla volvo lexus "
    "acura fiat renault peugeot citroen skoda seat opel vauxhall suzuki mitsubishi porsche buick cadillac chrysler lincoln infiniti dacia "
    "camry corolla civic accord prius altima focus fiesta golf polo transit sprinter silverado tahoe explorer escape rogue sentra elantra "
    "sonata tucson outback forester impreza wrangler mustang pickup sedan suv minivan van truck taxi cab lorry motorbike motorcycle scooter "
    "trailer car hatchback coupe convertible wagon vehicle auto coche carro voiture wagen"
)
_PLATE = re.compile(
    r"(?:\d[A-Z]{2,4}[ -]?\d{3,4}|\d{2,3}[ -]?(?!MPH|KMH|MIN|USD|EUR|KM|MG|ML|KG|HP|CC|AM|PM)[A-Z]{2,3}(?:[ -]?\d{1,4})?|[A-Z]{2,3}[ -]\d{3,4}(?:[ -][A-Z]{1,2})?|"
    r"[A-Z]{2,3}\d{4}|[A-Z]{2}\d\d ?[A-Z]{3}|[A-Z]\d{3} ?[A-Z]{3}|\d{1,2}-[A-Z]{1,2}-\d{3,6}|[A-Z]{2}-\d{3}-[A-Z]{2}|[A-Z]{1,3}-[A-Z]{1,2} \d{3,4}|\d{4} [A-Z]{3})(?![\w-])"
)
_TO_PLATE = re.compile(r"[ \t]*[,(:–-]?[ \t]*")
_LABELS = frozenset(_KIND) | _MARKERS | _CARS
_COMPOUND = ("nummer", "number", "zeichen")
# Without a mark these stand before counts, doses and places more often than before a number of their own.
_MARK_ONLY = _words(
    "unit plan group grp visit study subject report request patient pt hospital hosp run lead generator monitor pump return "
    "bar bill conf acc res sort steuer tax ni payment transfer delivery package card driver drivers driving resident "
    "applicant candidate officer subject participant identity lot batch miles auth az fin har chi sin record encounter "
    "machine laptop microchip chip scanner probe handset computer frame "
    "admission device implant police transmitter sensor receiver valve order specimen ref reference file vat meter episode clock"
)
# What a number belongs to when it tells nobody: codes, versions, places in a building, trains.
_NOBODYS = _words(
    "ndc cpt icd hcpcs loinc snomed rxcui rxnorm code codes version model page pages room rm bed flight train bus gate "
    "platform channel floor suite apt apartment article section chapter item figure table isbn issn issue doi pmid nct "
    "trial patent part size gauge route highway exit box catalog cas catalogue grade step phase stage dx procedure telephone "
    "phone tel fax mobile cell pager house street zip postal total count score level cohort un"
)
_WORD = re.compile(r"[^\W\d_]+")
# From a label to its value: marks, a second noun ("library card", "claims file"), small words.
_LINK = re.compile(
    r"(?:['’]?s\b)?(?:[ \t]*(?:(?P<mark>n[o°º]s?\b\.?:?|n[°º]\.?|nr\b\.?|nbr\b\.?|num(?:ber)?s?\b\.?|n[uú]m[eé]?ro\b|id\b|ident\w*|ref(?:erence)?\b\.?|[:=#]+)"
    r"|(?:code|card|file|plate|key|is|was|are|ist|es|est|reads?|ending|of (?:the )?(?:vehicle|car|truck|van)|de (?:client|cliente|compte|cuenta|dossier|commande|pedido)|with|under)\b|[()–-](?=[ \t]?[\w#])|\.)){0,5}[ \t]*(?:(?<=:)\n[ \t]*)?\"?",
    re.IGNORECASE,
)  # fmt: skip
_HASH = re.compile(r"(?<![\w#&])#[ \t]?(?=[\dA-Za-z])|\bn[°º]\.?[ \t]*(?=[\dA-Z])", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:(?:[-–/._]|\.-)[A-Za-z0-9]+)*")
_PREFIX = re.compile(r"[A-Z]{1,6}")
_GROUP = re.compile(
    r" (?=[\d.-]*\d)(?:[A-Z]{0,3}\d{2,}|\d+[./-]\d[\d./-]*\d|\d)[A-Z]{0,2}(?:[-/.]\d+)*(?![\w%]|[.,:/-]\d)"
)
_DATE = re.compile(
    r"(?:1[89]|20)\d\d(?:[-/.]\d{1,2}(?:[-/.]\d{1,2})?)?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d\d|(?:1[89]|20)\d\d)|\d{1,2}[/.]\d{1,4}|"
    r"\d{1,2}-?(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*(?:-?\d{2,4})?"
)
_RANGE = re.compile(r"\d{1,3}(?:\.\d+)?[-–/](?!0\d\d)\d{1,4}(?:\.\d+)?")
_QUANTITY = re.compile(
    r"\d{1,6}(?:\.\d+)?(?i:k|m|mg|mcg|ug|g|kg|ml|l|cc|mm|cm|fr|f|yo|yof|yom|y|w|d|h|hr|hrs|x|iu|u|min|st|nd|rd|th|am|pm|a|p)(?:\d?d?)?|\d+w\d+d?|[GP]\d(?:[GP]\d+)+|\d+x\d+\w*"
)
_UNIT_AFTER = re.compile(
    r"[ -]?(?:%|mg|mcg|µg|ml|kg|g|l|cc|mm|cm|mmhg|bpm|units?|iu|meq|mmol|k?cal|cells|copies|x10|years?|yrs?|yo|y/o|months?|weeks?|days?|hours?|hrs?|"
    r"min(?:utes)?|times|patients|people|steps|feet|ft|miles|lbs?|pounds|dollars|euros?|eur|usd|points?|per|of|to \d|tabs?|tablets|caps|pills|"
    r"doses|servings|items|copies|pages|kb|mb|gb|ms|rpm|mph|km|kwh|watts?|volts?|hz)\b|,\d{3}\b|%",
    re.IGNORECASE,
)  # fmt: skip
_WORD_AND_NUMBER = re.compile(
    r"[A-Z]{2,}-\d{1,2}|[A-Za-z]+ (?:1[89]|20)\d\d|[A-Z]+[ -]\d{1,2}/\d{1,2}(?:/\d{2,4})?"
)  # COVID-19, CT 2/14
_TRIAL = re.compile(r"(?i)(?:nct|icd|cpt).*")
_GENE = re.compile(r"[A-Z]{3,4}\d{1,2}[A-Z]\d{1,2}")  # SLC13A5, CYP2D6, UGT1A1
_OTHER = (_RANGE, _QUANTITY, _WORD_AND_NUMBER, _TRIAL, _GENE)
_SMALL_LETTERS = re.compile(r"^[A-Za-z]{1,3}[-_]?\d{3}|\d{4}")
_LETTERS_FIRST = re.compile(r"([A-Za-z]{2,}) ")
_ALL_CAPS_CODE = re.compile(r"[A-Z0-9]{5,8}(?![\w-])")
_LOCATORS = _words("pnr booking reservation confirmation conf locator reserva buchung réservation itinerary")


def labelled_numbers(text: str, digits: int, words: frozenset[str]) -> Iterator[PhiFinding]:
    """Numbers behind a word that announces one, or behind a bare mark.

    ``digits`` is how many the text holds, ``words`` are its words in small letters.
    """
    if digits < _LEAST_DIGITS:
        return
    lower = text.lower()
    if (
        _LABELS.isdisjoint(words)
        and "#" not in text
        and "nummer" not in lower
        and "zeichen" not in lower
        and "°" not in text
    ):
        return
    before = ""
    for word in _WORD.finditer(lower):
        name = word[0]
        if name in _LABELS or name.endswith(_COMPOUND):
            finding = _behind(text, word.end(), name, before)
            if finding is not None:
                yield finding
        before = name
    if "#" in text or "°" in text or "º" in text:
        for mark in _HASH.finditer(text):
            last = _WORD.findall(lower, max(0, mark.start() - 20), mark.start())
            finding = _behind(text, mark.end(), "number", last[-1] if last else "", marked=True)
            if finding is not None:
                yield finding


def _behind(text: str, end: int, label: str, before: str, *, marked: bool = False) -> PhiFinding | None:
    """The value that a label announces, if what follows can be one."""
    if label in _MARKERS and (before in _NOBODYS or before in ("the", "a", "any")):
        return None
    link = (_TO_PLATE if label in _CARS else _LINK).match(text, end)
    start = link.end() if link else end
    if start == end and not marked:
        return None
    if label in _CARS or _KIND.get(label) == "VEHICLE_ID":
        plate = _plate(text, start)
        if plate is not None or label in _CARS:
            return plate
    span = _value_at(text, start)
    if span is None:
        return None
    marker = label in _MARKERS or label.endswith(_COMPOUND)
    explicit = marked or marker or bool(link and link["mark"])
    kind = _KIND.get(label if not marker else before) or _KIND.get(label, "MEDICAL_RECORD_NUMBER")
    value = text[slice(*span)]
    if not _is_number(value, label, explicit=explicit, noun=before if marker else label):
        return None
    score = _GROUPED_SCORE if " " in value else _SCORE if explicit else _BARE_SCORE
    return PhiFinding(*span, kind, score)


def _plate(text: str, start: int) -> PhiFinding | None:
    found = _PLATE.match(text, start)
    return PhiFinding(*found.span(), "VEHICLE_ID", _BARE_SCORE) if found else None


def _value_at(text: str, start: int) -> tuple[int, int] | None:
    """Range of the token at ``start`` with the groups of digits that go with it; nothing for a measurement."""
    token = _TOKEN.match(text, start)
    if token is None:
        return None
    end = token.end()
    groups = 1
    prefix = _PREFIX.fullmatch(token[0])
    digits_only = token[0].replace("-", "").replace("/", "").isdigit() or prefix is not None
    mixed = prefix is None and token[0][-1].isdigit() and any(char.isdigit() for char in token[0])
    while digits_only or mixed:
        group = _GROUP.match(text, end)
        if group is None or _UNIT_AFTER.match(text, group.end()):
            break
        lone = len(group[0]) == 2  # a blank and one digit: the check digit at the end of longer groups
        if (lone and groups < 3) or (not prefix and groups == 1 and len(token[0]) < 2):
            break
        end, groups = group.end(), groups + 1
    if text[end : end + 1] in ("@", "%") or _UNIT_AFTER.match(text, end):
        return None
    if text[end : end + 1] in (":", ",", "/", ".", "-") and text[end + 1 : end + 2].isdigit():
        return None
    return start, end


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    parts = [int(part) for part in re.findall(r"\d+", value)[:2]] if re.fullmatch(r"\d\d?-\d\d?-\d\d", value) else []
    return not parts or (min(parts) in range(1, 13) and max(parts) <= 31)  # else a bank's sort code


def _is_number(value: str, label: str, *, explicit: bool, noun: str) -> bool:
    """Whether the value has the shape of a number in a register rather than of a date, a range, a quantity or a word."""
    digits = sum(char.isdigit() for char in value)
    letters = sum(char.isalpha() for char in value)
    upper = value.upper() == value
    if (label in _LOCATORS or noun in _LOCATORS) and _ALL_CAPS_CODE.fullmatch(value) and letters:
        return True
    if _is_other(value, digits) or (letters and not upper and not _SMALL_LETTERS.search(value)):
        return False
    coded = letters > 0 and upper and digits >= 3
    if not explicit and label in _MARK_ONLY:
        return (coded and digits + letters >= 5) or digits >= 6
    if not explicit:
        return digits >= 5 or coded or (letters == 0 and digits >= 4 and len(value) > digits)
    if noun in _KIND:
        return digits >= 3 or (letters >= 2 and upper)
    return digits >= 4 or coded


def _is_other(value: str, digits: int) -> bool:
    """A date, a range, a quantity, a disease with its number, a trial, a clinical word before a time ("MRI 0600")."""
    if digits < _LEAST_DIGITS or _is_date(value) or any(shape.fullmatch(value) for shape in _OTHER):
        return True
    first = _LETTERS_FIRST.match(value)
    word = first[1] if first and digits < 6 else ""
    return bool(word) and (word.lower() in clinical_words() or is_ordinary(word))
