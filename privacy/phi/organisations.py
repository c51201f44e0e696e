"""Schools, lodgings, shops, jails, homes and firms: by the noun that ends their name, or by the label or verb before it."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER, capitalised
from ghostchart.privacy.phi.proper_words import Evidence, evidence
from ghostchart.privacy.phi.vocabulary import clinical_words, departments, is_ordinary, not_in_names, not_towns

_SCORE = 0.66
_CUED_SCORE = 0.58  # below what a person's name scores: people are also sent to and worked for
_WORD = rf"[{UPPER}][\w'’.-]*"
_JOIN = r"(?:of |and |& |the |de |la |del )?"
_LEAD = rf"(?P<lead>(?:{_WORD} {_JOIN}){{1,4}})"
# Nouns that end names; the words before them may be ordinary ("Sandy Point Motel").
_SURE = (
    r"Elementary(?: School)?|(?:Middle|High|Primary|Charter|Grammar|Junior High|Nursery|Montessori|Boarding|Secondary|Public|Catholic) School|Junior High|Academy|Preschool|Kindergarten|Day ?care|"
    r"Inn|Motel|Hotel|Suites|Hostel|Resort|Campground|RV Park|Trailer Park|Mobile Home Park|Homeless Shelter|Rescue Mission|Apartments|"
    r"Funeral (?:Home|Chapel|Directors)|Mortuary|Crematory|Cemetery|"
    r"Fire (?:Dept\.?|Department|Rescue|District)|Police (?:Dept\.?|Department)|(?:County )?(?:Jail|Detention Center)|Correctional(?: (?:Facility|Institution|Center))?|Penitentiary|State Prison|Sheriff's (?:Office|Dept\.?|Department)|Ambulance|"
    r"University|College|(?:Public )?Library|Cinema|Theat(?:er|re)|(?:Baptist |Lutheran |Methodist )?Church|Chapel|Cathedral|Mosque|Synagogue|"
    r"(?:Savings |Community |State |National )?Bank|Credit Union|Inc\.?|L\.?L\.?C\.?|LLP|Ltd\.?|GmbH|PLC|Corporation|"
    r"(?:Plumbing|Heating|Roofing|Electric)(?: (?:&|and) [A-Z]\w+)?|Hardware|Drugstore|Drug Store|Drugs|Apothecary|Bakery|Diner|Pizzeria|Brewery|Tavern|Steakhouse|Grain Elevator|Sawmill|Cannery|Shipyard|Trucking|Logistics|"
    r"Family Dental|Dental (?:Care|Group|Clinic|Associates|Arts|Center)|Dentistry|Orthodontics|Veterinary(?: Clinic)?|Animal Hospital|(?:Family )?Chiropractic|Eye Care"
)
# Nouns that end phrases too: a word before them must be in no list of words, or a word of place must stand before all.
_WEAK = (
    r"ER|ED|SNF|ALF|VA|VAMC|Rx|Drug|Dental|Hospice|Rehab|Home Health|Home Care|Nursing|Memorial|Regional|General|Terrace|Villas?|Pines|Oaks|Haven|Estates|Gardens|Village|Place|House|Lodge|Shelter|Mission|Towers|Care|School|Prep|"
    r"Caf[eé]|Grill|Pizza|Bistro|Pub|Restaurant|Deli|Books|Bookshop|Florist|Salon|Barbershop|Gym|Fitness|Realty|Properties|Insurance|Law|Consulting|Industries|Manufacturing|Enterprises|Construction|Builders|Contracting|Supply|Furniture|"
    r"Motors|Auto|Towing|Freight|Foundry|Mine|Mining|Quarry|Dairy|Ranch|Farms?|Vineyards?|Packing|Fisheries|Seafood|Foods|Grocery|Market|Supermarket|Outfitters|Cleaners|Storage|Casino|Stadium|Arena|Museum|Gallery|Aquarium|Airport|"
    r"Mills?|Electric|Energy|Power|Steel|Lumber|Oil|Gas|Paper|Textiles|Plastics|Brothers|Bros\.?|Group|Partners|Associates|Holdings|Services|Solutions|Systems|Technologies|Company|Co\.?|Corp\.?|Parish|Temple|Prison|Camp|Club|Studio|Studios"
)
_BY_SURE = re.compile(rf"(?<![\w'’&-])(?P<id>{_LEAD}(?P<head>{_SURE}))(?![\w'’-]|\.\w)(?! of [A-Z])")
_BY_WEAK = re.compile(rf"(?<![\w'’&-])(?P<id>{_LEAD}(?P<head>{_WEAK}))(?![\w'’-]|\.\w)(?! of [A-Z]| [{UPPER}])")
# A text without one of these words holds none of the nouns.
_SURE_WORDS = frozenset([
    "Elementary", "School", "Junior", "Academy", "Preschool", "Kindergarten", "Day", "Daycare", "Inn", "Motel", "Hotel", "Suites", "Hostel", "Resort",
    "Campground", "RV", "Trailer", "Mobile", "Homeless", "Rescue", "Apartments", "Funeral", "Mortuary", "Crematory", "Cemetery", "Fire", "Police",
    "Jail", "Detention", "Correctional", "Penitentiary", "Prison", "Sheriff", "Ambulance", "University", "College", "Library", "Cinema", "Theater",
    "Theatre", "Church", "Chapel", "Cathedral", "Mosque", "Synagogue", "Bank", "Credit", "Inc", "LLC", "LLP", "Ltd", "GmbH", "PLC", "Corporation",
    "Plumbing", "Heating", "Roofing", "Electric", "Hardware", "Drugstore", "Drug", "Drugs", "Apothecary", "Bakery", "Diner", "Pizzeria", "Brewery",
    "Tavern", "Steakhouse", "Elevator", "Sawmill", "Cannery", "Shipyard", "Trucking", "Logistics", "Dental", "Dentistry", "Orthodontics",
    "Veterinary", "Animal", "Chiropractic", "Eye",
])  # fmt: skip
_WEAK_WORDS = frozenset(re.findall(r"[A-Z][a-zA-Zé]+", _WEAK.replace("[eé]", "é"))) | frozenset(
    ["Cafe", "Farm", "Villa", "Mill", "Vineyard"]
)
_PARTNERS = frozenset(
    ["Son", "Sons", "Daughter", "Daughters", "Brothers", "Bros", "Co", "Company", "Partners", "Associates"]
)
_FIRM = re.compile(
    rf"(?<![\w'’&-])(?P<id>[{UPPER}][{LOWER}]{{2,}}(?:,? [{UPPER}][{LOWER}]{{2,}}){{0,2}},? (?:&|and) (?:Sons?|Daughters?|Brothers|Bros\.?|Co\.?|Company|Partners|Associates))(?!\w)"
)
_AT = re.compile(
    r"(?i)(?:\b(?:at|from|to|by|with|w/|through|via|per|of|resident of|works? for|employed by|lives? at|near|called|attends?|in|the)|[@(]|^|[:\n])(?: the)?[ \t]*$"
)
# Behind a weak noun: then it goes on as a phrase ("Study Drug levels", "Peds ED visit").
_GOES_ON = re.compile(
    r"[ -](?:screen\w*|tests?|use|abuse|levels?|allerg\w+|eluting|visits?|course|stay|admission|referral|orders?|evaluation|eval|services?|precautions|plan|rounds?|team|staff|unit|therapy|consult\w*)\b"
)
# Behind one ordinary word too ("at Heron Home Health"), as shops and agencies are called.
_AFTER_ONE_WORD = frozenset(["Home Health", "Home Care", "Hospice", "Rehab", "Drug", "Rx", "Dental"])
# "Saint Jude University Memory Test" is a test.
_INSTRUMENT_AFTER = re.compile(
    r"(?: [\w-]+){0,4} (?i:exam\w*|scales?|scores?|criteria|tests?|classification|questionnaire|inventory|protocol|index)\b"
)
_GENERIC = frozenset([
    "the", "a", "an", "our", "my", "your", "his", "her", "their", "this", "that", "some", "any", "no", "each", "every", "local", "main", "new", "old",
    "other", "first", "last", "next", "best", "same", "high", "low", "general", "public", "private", "outside", "outlying", "referring", "sending",
    "receiving", "another", "free", "online", "virtual", "community", "county", "city", "state", "national", "federal", "international", "american",
    "blood", "food", "tissue", "sperm", "eye", "power", "river", "world", "central", "investment", "west", "east", "north", "south", "catholic",
    "orthodox", "baptist", "lutheran", "methodist", "christian", "greek", "roman", "jewish", "adult", "peds", "pediatric", "fast", "track", "level",
    "acute", "subacute", "skilled", "medicare", "medicaid", "daily", "intensive", "home", "personal", "customer", "human", "natural", "total",
    "study", "illicit", "urine", "prescription", "generic", "brand", "day", "night", "long", "short", "term", "primary", "middle", "elementary",
    "nursing", "senior", "assisted", "independent", "group", "foster", "half", "halfway", "safe", "open", "life", "health", "medical", "hospital",
    "social", "self", "shared", "managed", "business", "legal", "united", "in", "on", "from", "to", "for", "with", "at", "by", "of", "and", "or",
    "as", "after", "before", "discharge", "transfer", "admit", "admitted", "technical", "information", "operating", "support", "data", "file",
    "system", "network", "web", "cloud", "payment", "account", "delivery", "shipping", "mobile", "digital", "marketing", "sales", "it", "hr", "terms",
    "all", "both", "spring", "summer", "fall", "winter", "work", "art", "law", "fine", "modern", "stock", "real", "cash", "card", "credit", "debit",
    "olive", "crude", "white", "black", "red", "blue", "green", "town", "museum", "gate",
])  # fmt: skip
_VALUE = rf"(?P<id>(?:The )?[{UPPER}][\w'’.-]*(?:(?: (?:&|and|of|the|at|on|de|la))? (?=[{UPPER}])[\w'’.-]+){{0,5}})"
_LABELS = re.compile(
    r"(?i:(?:^|(?<=[\n.;|(,] )|(?<=[\n|(;]))(?:(?:patient's |current |last |preferred |local |referring |sending |transferring |receiving |accepting |discharge )?(?:employer|workplace|place of (?:work|employment)|employment|company|school|funeral home|mortuary|pharmacy|facility|hospital|nursing home|snf|"
    rf"organi[sz]ation|contractor|vendor|bank|hotel|venue|practice|church|shelter|home health(?: agency)?|hh agency|agency|dialysis (?:unit|center)|osh|day ?care|group home|gym|vet(?:erinarian)?|landlord|imaging center|ems|police|jail|merchant|restaurant|airline|hospice|hha|dme(?: company)?|o2 supplier|client|store|branch|university|college|campus|club|salon|business|publisher|dealer(?:ship)?|current school|pre-?school|law firm|firm|property manager))[ \t]*[:=][ \t]*){_VALUE}"
)
_IN_BRACKETS = re.compile(
    rf"(?i:\b(?:osh|snf|alf|ltc|ltach?|irf|rehab|hospital|nursing home|facility|shelter|group home|pharmacy|employer|school|hospice|home|jail|prison|motel|hotel)) \((?:the )?{_VALUE}\)"
)
_VERBS = re.compile(
    rf"(?i:\b(?:works?|worked|working|employed|job|nurse|clerk|cook|manager|cashier|engineer|custodian|janitor|waitress|waiter|welder|mechanic|driver|operator|student|teacher|schoolteacher|professor|librarian|guard|bartender|lineman|foreman|"
    rf"guest|stays?|staying|lives?|living|resid(?:es|ing)|enrolled|attend(?:s|ed|ing)?|schooled|volunteers?|shift) (?:at|@|for|with|by)(?: the)?|attends?|resident (?:of|at)|dispo(?:sition)?:? (?:to )?(?:snf|rehab|alf)?|(?:bed|accepted|filled|back|dropped off) (?:at|by|to)|transferred (?:back )?(?:from|to)|transfer (?:from|to)|@) {_VALUE}"
)
_NOTHING = frozenset([
    "none", "unknown", "self", "retired", "unemployed", "disabled", "na", "n/a", "home", "homeless", "yes", "no", "same", "other", "pending",
    "student", "declined", "walk-in", "follow", "call", "will", "see", "mail", "order",
])  # fmt: skip


def organisations(text: str) -> Iterator[PhiFinding]:
    """Named institutions and firms; kinds of place, departments and clinical phrases are none."""
    words_here = capitalised(text)
    if not _SURE_WORDS.isdisjoint(words_here):
        for match in _BY_SURE.finditer(text):
            start = _begin(match["lead"])
            if start is None or _is_verb(text, match.start("id"), match["lead"]):
                continue
            if not _INSTRUMENT_AFTER.match(text, match.end("id")):
                yield PhiFinding(match.start("id") + start, match.end("id"), "FACILITY", _SCORE)
    if not _WEAK_WORDS.isdisjoint(words_here):
        for match in _BY_WEAK.finditer(text):
            start = _begin(match["lead"])
            if start is None or _GOES_ON.match(text, match.end("id")):
                continue
            words = re.findall(r"[^\W\d_][\w'’-]*", match["lead"][start:])
            strange = any(not is_ordinary(word) and len(word) > 2 and not word.isupper() for word in words)
            placed = _AT.search(text, 0, match.start("id") + start) is not None
            verb = _is_verb(text, match.start("id"), match["lead"])
            plain = len(words) > 1 or (match["head"] in _AFTER_ONE_WORD and not verb)
            if placed and (strange or (plain and not any(word.lower() in _GENERIC for word in words))):
                yield PhiFinding(match.start("id") + start, match.end("id"), "FACILITY", _SCORE)
    if not _PARTNERS.isdisjoint(words_here):
        for match in _FIRM.finditer(text):
            if _is_value(match["id"].split(" and ")[0].split("&")[0], alone=True):
                yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)
    yield from _announced(text)


_LABEL_WORDS = frozenset([
    "employer", "workplace", "work", "employment", "company", "school", "home", "mortuary", "pharmacy", "facility", "hospital", "snf", "organization",
    "organisation", "contractor", "vendor", "bank", "hotel", "venue", "practice", "church", "shelter", "health", "agency", "unit", "center", "osh", "daycare", "care", "gym", "vet", "veterinarian", "landlord", "ems", "police", "jail", "merchant", "restaurant", "airline", "hospice",
    "hha", "dme", "supplier", "client", "store", "branch", "university", "college", "campus", "club", "salon", "business", "publisher", "dealer", "dealership", "preschool", "firm", "manager",
])  # fmt: skip
_VALUE_BEGINS = re.compile(rf"[:=][ \t]*[{UPPER}]")
# How a word of _AFTER_VERB ends, and what follows it: the cheaper of two looks.
_TWO_CAPITALS = re.compile(rf"[trhymofedsFbT@] [{UPPER}]\S+ (?:[{UPPER}&]|and |of |the )")
_BRACKETED = re.compile(r"[a-zA-Z] \((?:the )?[A-Z]")
_AFTER_VERB = re.compile(
    rf"(?:\b(?:at|for|with|by|from|to|of|the|attends?|snf|SNF|rehab|alf|ALF|At|From|To)|@) [{UPPER}]\S+ (?:[{UPPER}&]|and |of |the )"
)


def _announced(text: str) -> Iterator[PhiFinding]:
    if _has_label(text):
        for match in _LABELS.finditer(text):
            if _is_value(match["id"], alone=True):
                yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)
    if "(" in text and _BRACKETED.search(text):
        for match in _IN_BRACKETS.finditer(text):
            if _is_value(match["id"], alone=True):
                yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)
    if not (_TWO_CAPITALS.search(text) and _AFTER_VERB.search(text)):
        return
    for match in _VERBS.finditer(text):
        if _is_value(match["id"], alone=False):
            yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _CUED_SCORE)


def _has_label(text: str) -> bool:
    """Whether a word that ends one of the labels stands before a colon and a capital."""
    for match in _VALUE_BEGINS.finditer(text):
        before = text[max(0, match.start() - 16) : match.start()].split()
        if before and before[-1].lower().strip("(|;") in _LABEL_WORDS:
            return True
    return False


def _is_verb(text: str, start: int, lead: str) -> bool:
    """Whether one ordinary word stands before the noun at the head of a sentence ("Discussed Daycare ...")."""
    word = lead.strip()
    return not text[:start].strip() and is_ordinary(word) and word.lower().endswith(("ed", "ing", "s"))


def _begin(lead: str) -> int | None:
    """Where in the words before the noun the name begins; None where they only say what kind of place it is."""
    words = [(found[0].strip(".").lower(), found.start()) for found in re.finditer(r"[\w'’.&-]+", lead)]
    own = [word for word, _ in words if word not in ("of", "and", "&", "the", "at", "on", "for", "de", "la", "del")]
    known = clinical_words() | departments()
    while words and (
        words[0][0] in ("the", "a", "an", "our", "my", "your", "in", "at", "from", "to", "of", "and", "&", "on", "for")
        or words[0][0] in not_in_names()
    ):
        words.pop(0)
    if not words or all(word in _GENERIC or word in known or word in not_in_names() or word.isdigit() for word in own):
        return None
    if len(own) == 1 and (len(own[0]) < 3 or own[0] in not_towns()):
        return None
    return words[0][1]


def _is_value(body: str, *, alone: bool) -> bool:
    """Whether capitalised words behind a label (``alone``: a single one may do) or a verb are somebody's name for a place."""
    words = [word.lower().strip(".") for word in re.findall(r"[^\W\d_][\w'’/-]*", body)]
    words = [word for word in words if word not in ("the", "of", "and", "at", "on", "de", "la")]
    known = clinical_words() | departments() | not_in_names()
    if not words or any(word in known for word in words) or words[0] in _NOTHING:
        return False
    strange = any(not is_ordinary(word) and word not in not_towns() for word in words)
    if not alone:
        named = strange or evidence(re.findall(r"[^\W\d_][\w'’/-]*", body)) >= Evidence.PAIR
        return len(words) > 1 and named and not body.isupper()
    return (strange and len(words[0]) > 2) or (len(words) > 1 and not all(word in _GENERIC for word in words))
