"""Street addresses, cities, ZIP codes and facility names: geography below the level of a state."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.vocabulary import is_name_word, is_ordinary

_SUFFIX = (
    r"(?:street|st|avenue|ave|av|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|circle|cir|place|pl|terrace|ter|trail|"
    r"trl|way|parkway|pkwy|highway|hwy|square|sq|loop|alley|aly|row|crescent|plaza|plz|pike|path|run|ridge|hollow|"
    r"crossing|xing|cove|commons|bend|glen|grove|heights|hts|hill|island|junction|knoll|landing|manor|meadows?|mews|"
    r"mill|mount|orchard|park|pass|point|port|ranch|rest|shore|spring|springs|station|summit|turnpike|union|valley|"
    r"view|village|ville|vista|walk|walks|wells|mall|causeway|bypass|camp|canyon|cape|center|club|creek|crest|dale|"
    r"estates?|expressway|extension|fall|falls|ferry|field|fields|flats?|ford|fords|forest|forge|fork|forks|fort|"
    r"freeway|garden|gardens|gateway|green|greens|harbor|haven|inlet|islands|isle|key|keys|lake|lakes|light|locks|"
    r"lodge|motorway|neck|oval|parkways|plain|plains|points|ports|prairie|radial|rapids|ridges|river|route|shoal|"
    r"skyway|spur|stravenue|stream|throughway|trace|track|trafficway|tunnel|underpass|viaduct|wall|ways)"
)
_SURE_SUFFIX = (
    r"(?:street|avenue|ave|road|rd|lane|ln|drive|boulevard|blvd|court|circle|terrace|parkway|pkwy|highway|hwy|trail)"
)
_UNIT = (
    r"(?:,? (?:apt|apartment|suite|ste|unit|room|rm|bldg|building|floor|fl|lot|no|#)\.? ?#? ?[\w-]{1,6}| ?# ?\w{1,6})?"
)
_CAP = r"(?:[A-Z][\w.'’-]*|\d+(?:st|nd|rd|th))"
_STREETS = (
    re.compile(
        rf"(?<![\w./-])(?P<id>\d{{1,6}}[A-Z]?(?:-\d+)? (?:(?:[NSEW]|[NS][EW]|North|South|East|West)\.? )?(?:{_CAP} ){{1,4}}(?i:{_SUFFIX})\b\.?(?: (?:[NSEW]|[NS][EW])\b\.?)?(?i:{_UNIT}))"
    ),
    re.compile(rf"(?<![\w./-])(?P<id>\d{{1,6}} (?:[nsew]\.? )?(?:[a-z][\w'-]* ){{1,3}}{_SURE_SUFFIX}\b\.?(?i:{_UNIT}))(?=[,;.\n]|$| in | [A-Z])"),
    re.compile(r"(?<![\w-])(?P<id>(?i:p\.? ?o\.? box|post office box|psc|unit) \d{1,6}(?:,? (?i:apo|box) ?(?:[A-Z]{2}|\d+))?)"),
    re.compile(r"(?<![\w-])(?P<id>(?i:rural route|rr|hc|county (?:road|rd)|state route|us (?:highway|hwy)) \d{1,5}(?:,? (?i:box) \d+)?)(?=[,.;\s]|$)"),
    re.compile(rf"(?i:address|lives at|resides at|residing at|home at|residence)[: ]+(?P<id>\d{{1,6}} (?:{_CAP} ?){{1,4}}(?i:{_UNIT}))"),
    re.compile(rf"(?i:lives|living|resides|residing|reside|live|home|house|apartment) (?i:on|near|off) (?P<id>(?:{_CAP} ){{1,3}}(?i:{_SURE_SUFFIX}))\b"),
)  # fmt: skip

# Postal abbreviations; those that also read as a degree or a word count only before a ZIP code.
_STATE_SURE = "AL|AK|AZ|AR|CA|CT|DE|FL|GA|IL|IA|KS|KY|MI|MN|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR"
_STATE_ANY = f"{_STATE_SURE}|CO|HI|ID|IN|LA|ME|MD|MA|MS|MO|OK|OR|PA|GU|VI|AA|AE|AP"
_STATE_NAMES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|"
    "Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|"
    "Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|"
    "Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|"
    "West Virginia|Wisconsin|Wyoming"
)
_TOWN = r"(?P<id>(?:(?:St|Ft|Mt)\. )?[A-Z][a-zA-Z'’-]+(?: [A-Z][a-zA-Z'’-]+){0,2}?)"
_ZIP = re.compile(
    rf"(?:\b(?:{_STATE_ANY})\b|\b(?:{_STATE_NAMES})\b),?[ \t]+(?P<id>\d{{5}}(?:-\d{{4}})?)(?![\w-])|(?i:\bzip(?:[ -]?code)?|postal code)[ :#]*(?:is )?(?P<id2>\d{{5}}(?:-\d{{4}})?)(?![\w-])"
)
_CITIES = (
    re.compile(rf"(?<![\w.] )(?<!\w){_TOWN}, ?(?:{_STATE_ANY}),? \d{{5}}\b"),
    re.compile(rf"(?<!\w){_TOWN}, (?:{_STATE_SURE})(?=[\s.,;)]|$)"),
    re.compile(rf"(?<!\w){_TOWN}, (?:{_STATE_NAMES})\b"),
    re.compile(rf"\b(?i:lives? in|living in|resid(?:es|ing|ent) (?:in|of)|moved (?:here )?from|moved to|relocated (?:from|to)|born in|native of|grew up in|hometown:?|city:|town:|traveled (?:from|to)|visiting from|travel(?:s|ing)? to) {_TOWN}(?=[\s.,;)]|$)"),
)  # fmt: skip
_NOT_TOWNS = frozenset(
    f"assisted living skilled nursing snf alf apartment house home us usa mexico canada china india africa europe asia america united "
    f"states the a an independent group senior shelter memory rural urban {_STATE_NAMES.replace('|', ' ').lower()}".split()
)

_FACILITY = re.compile(
    r"(?<![\w-])(?P<id>(?:(?:St|Mt|Ft)\.? |The )?(?:[A-Z][\w'’.-]*[ ]|of |and |& |the ){1,6}"
    r"(?P<head>Hospital(?:s| Center| System)?|Medical (?:Center|Group|Clinic|Associates|Center [A-Z]\w+)|Health (?:System|Center|Network|Clinic|"
    r"Partners|Services)|Healthcare(?: System| Center)?|Clinics?|Infirmary|Nursing (?:Home|Center|Facility)|Rehab(?:ilitation)?(?: (?:Center|"
    r"Hospital|Facility|Institute))?|Hospice|Family (?:Medicine|Practice|Health|Care)(?: \w+)?|Primary Care|Physicians(?: Group)?|"
    r"Pediatrics|Surgery Center|Surgical Center|Urgent Care|Care Center|Assisted Living|Senior Living|Living Center|Manor|Pharmacy|Cancer "
    r"Center|Heart (?:Center|Institute)|Internal Medicine|Dialysis(?: Center)?|Imaging(?: Center)?|Home Health|Medicine Associates|"
    r"Sanatorium|Memorial|Care Home|Retirement (?:Community|Home|Village)))\b"
)
# Departments and kinds of clinic: "Wound Care Clinic" is no name, "Riverbend Clinic" is.
_DEPARTMENT = frozenset(
    ["a", "acute", "adult", "aftercare", "all", "allergy", "ambulatory", "and", "anesthesia", "anticoagulation", "arrhythmia", "asthma", "audiology", "bariatric", "behavioral", "blood", "bone", "breast", "cancer", "cardiac", "cardiology", "cardiothoracic", "cardiovascular", "care", "center", "chest", "children", "childrens", "chronic", "clinic", "clinical", "community", "continuity", "copd", "coumadin", "critical", "day", "dental", "department", "dermatology", "diabetes", "diabetic", "diagnostic", "diagnosis", "dialysis", "dietary", "digestive", "discharge", "discharged", "disease", "ear", "ed", "eeg", "electrophysiology", "emergency", "employee", "endocrine", "endocrinology", "endoscopy", "ent", "epilepsy", "er", "express", "eye", "fall", "falls", "family", "fertility", "follow", "followup", "followed", "for", "foot", "fracture", "from", "gastroenterology", "general", "genetics", "geriatric", "geriatrics", "gi", "gyn", "gynecology", "hand", "headache", "health", "hearing", "heart", "hematology", "hepatitis", "hepatology", "hiv", "home", "hospice", "hospital", "hypertension", "icu", "immunization", "in", "infectious", "infusion", "inpatient", "instructions", "intensive", "internal", "intervention", "kidney", "lab", "laboratory", "lipid", "liver", "local", "long", "lung", "maternity", "medical", "medication", "medicine", "memory", "mental", "midwife", "movement", "multispecialty", "national", "nearby", "neonatal", "nephrology", "neurology", "neurosurgery", "no", "node", "nurse", "nursing", "nutrition", "ob", "obesity", "obgyn", "observation", "occupational", "of", "office", "oncology", "ophthalmology", "optometry", "oral", "orthopaedic", "orthopedic", "orthopedics", "osteoporosis", "other", "our", "out", "outpatient", "outside", "pacemaker", "pain", "palliative", "parkinson", "patient", "pediatric", "pediatrics", "pharmacy", "physical", "physician", "physicians", "plastic", "podiatry", "postop", "preop", "prenatal", "preventive", "primary", "private", "procedure", "psychiatric", "psychiatry", "psychology", "pulmonary", "radiation", "radiology", "referral", "regional", "rehab", "rehabilitation", "renal", "reproductive", "research", "respiratory", "retina", "return", "rheumatology", "same", "satellite", "school", "screening", "seen", "sent", "service", "services", "sexual", "short", "skilled", "skin", "sleep", "smoking", "social", "specialty", "spine", "sports", "stable", "state", "step", "stroke", "subacute", "surgery", "surgical", "swing", "telehealth", "telemedicine", "term", "the", "therapy", "this", "thoracic", "thyroid", "to", "transferred", "transition", "transitional", "transplant", "trauma", "travel", "treatment", "tuberculosis", "unit", "urgent", "urology", "vascular", "vein", "veterans", "via", "visit", "vision", "walk-in", "weight", "wellness", "women", "womens", "wound", "your", "after", "at", "by", "per", "with", "admission", "admitted", "admit", "attending", "course", "date", "days", "facility", "primary-care", "retail", "mail", "order", "preferred", "staff", "team", "facility-based", "on", "status", "condition", "and/or", "summary", "note", "record", "records", "chart", "name", "number", "history", "plan"]
)


def street_addresses(text: str) -> Iterator[PhiFinding]:
    """House number with street, post-office boxes, routes; streets without a number after "lives on"."""
    for pattern in _STREETS:
        for match in pattern.finditer(text):
            words = match["id"].split()[1:]
            if words and not _is_measure(match):
                yield PhiFinding(match.start("id"), match.end("id"), "STREET_ADDRESS", 0.85)


def _is_measure(match: re.Match[str]) -> bool:
    return bool(re.match(r"(?i)\d+ (?:mg|mcg|ml|min|minutes?|hours?|days?|weeks?|months?|years?|yo|yr|cm|mm|beats|units?|tabs?|feet|ft|miles?|block|lbs?|kg|pack|pills?|times?)\b", match["id"]))  # fmt: skip


def zip_codes(text: str) -> Iterator[PhiFinding]:
    """Five or nine digits after a state or a label."""
    for match in _ZIP.finditer(text):
        group = "id" if match["id"] else "id2"
        yield PhiFinding(match.start(group), match.end(group), "ZIP_CODE", 0.92)


def cities(text: str) -> Iterator[PhiFinding]:
    """Town before a state, or after words of residence."""
    for pattern in _CITIES:
        for match in pattern.finditer(text):
            words = [word.strip(".").lower() for word in match["id"].split()]
            if not all(word in _NOT_TOWNS for word in words):
                yield PhiFinding(match.start("id"), match.end("id"), "CITY", 0.75)


def facilities(text: str) -> Iterator[PhiFinding]:
    """Named hospitals, clinics, homes and pharmacies; kinds of department are not names."""
    for match in _FACILITY.finditer(text):
        start, lead = match.start("id"), text[match.start("id") : match.start("head")]
        words = [(found[0], found.start()) for found in re.finditer(r"[\w'’.&-]+", lead)]
        while (
            words
            and (words[0][0].lower().strip(".") in _DEPARTMENT or words[0][0].islower())
            and words[0][0] not in ("St.", "St")
        ):
            words.pop(0)
        if not words or all(word.lower().strip(".'’s") in _DEPARTMENT for word, _ in words):
            continue
        if all(word.isupper() for word, _ in words) and not any(is_name_word(word) for word, _ in words):
            continue
        named = [word for word, _ in words if word[0].isupper() and word.lower() not in _DEPARTMENT]
        if (
            named
            and _is_sentence(text, start)
            and len(words) == 1
            and is_ordinary(words[0][0])
            and not is_name_word(words[0][0])
        ):
            continue
        yield PhiFinding(start + words[0][1], match.end("id"), "FACILITY", 0.7)


def _is_sentence(text: str, start: int) -> bool:
    return start == 0 or text[:start].rstrip()[-1:] in ("", ".", ":", "\n", "-", "•", ";")
