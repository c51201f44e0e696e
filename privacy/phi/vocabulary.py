"""Which words are names, which are ordinary or clinical words; loaded once per process."""

from __future__ import annotations

from functools import cache
from importlib import resources

# Clinical abbreviations, devices, scores and drugs that dictionaries lack and that stand capitalised in notes.
_CLINICAL = frozenset(
    ["abd", "abg", "abx", "ac", "ace", "adl", "adls", "aecopd", "af", "afib", "aki", "alt", "ama", "aox", "ap", "ara", "arb", "asa", "asap", "ast", "av", "awv", "bid", "bls", "bmi", "bmp", "bnp", "bp", "bph", "bpm", "bun", "ca", "cabg", "cad", "cbc", "cc", "chf", "ckd", "cmp", "cn", "cns", "copd", "cpap", "cpr", "crp", "csf", "ct", "cta", "cv", "cva", "cvs", "cxr", "dash", "dc", "dexa", "dka", "dm", "dnr", "dob", "dos", "dvt", "dx", "echo", "ed", "eeg", "egd", "eff", "ekg", "ecg", "emg", "ems", "ent", "er", "esr", "esrd", "etoh", "ext", "fh", "fhx", "fobt", "fu", "gcs", "gerd", "gfr", "egfr", "gi", "gout", "gu", "hba", "hcc", "hct", "hctz", "hdl", "heent", "hep", "hfpef", "hfref", "hgb", "hh", "hiv", "hld", "hpi", "hpv", "hr", "hs", "htn", "hx", "ibs", "icd", "icu", "inr", "iop", "iv", "ivf", "kub", "labs", "lad", "ldl", "le", "lfts", "lll", "lmp", "loc", "lue", "lvef", "lytes", "mcv", "mdi", "mdm", "meds", "mgmt", "mi", "mmse", "moca", "mri", "mrsa", "ms", "msk", "mva", "nad", "ncat", "nka", "nkda", "nph", "npo", "nsaid", "nsaids", "nstemi", "ntg", "ocd", "od", "oob", "or", "ortho", "osa", "ot", "pac", "pcn", "pcp", "pe", "perrl", "perrla", "pft", "phq", "pmd", "pmh", "pmhx", "pna", "po", "pod", "poc", "prn", "psa", "psh", "psych", "pt", "pta", "pth", "ptsd", "pud", "pvd", "qam", "qd", "qhs", "qid", "qod", "rbc", "rlq", "ros", "rom", "rr", "rrr", "rx", "sat", "sats", "sbo", "sh", "shx", "snf", "soap", "sob", "spo", "ssri", "stat", "std", "stemi", "subq", "sx", "tb", "tbi", "td", "tdap", "temp", "tia", "tid", "tka", "tmj", "tpa", "tsh", "tx", "ua", "ugi", "uri", "us", "uti", "uts", "vs", "vss", "wbc", "wdwn", "wnl", "xr", "xray", "allopurinol", "amlodipine", "amoxicillin", "apixaban", "aspirin", "atenolol", "atorvastatin", "azithromycin", "bisoprolol", "bupropion", "carvedilol", "cephalexin", "ceftriaxone", "citalopram", "clopidogrel", "dapagliflozin", "digoxin", "diltiazem", "donepezil", "doxycycline", "duloxetine", "eliquis", "empagliflozin", "enoxaparin", "entresto", "escitalopram", "farxiga", "fluoxetine", "furosemide", "gabapentin", "glargine", "glipizide", "heparin", "humalog", "hydralazine", "hydrochlorothiazide", "ibuprofen", "jardiance", "januvia", "keflex", "keppra", "lantus", "lasix", "levetiracetam", "levofloxacin", "levothyroxine", "linagliptin", "lipitor", "liraglutide", "lisinopril", "losartan", "lyrica", "memantine", "metformin", "methotrexate", "metoprolol", "mirtazapine", "montelukast", "naproxen", "norvasc", "novolog", "omeprazole", "ondansetron", "oxycodone", "ozempic", "pantoprazole", "paxlovid", "pioglitazone", "plavix", "pravastatin", "prednisone", "prednisolone", "pregabalin", "ramipril", "rivaroxaban", "rosuvastatin", "sacubitril", "salmeterol", "semaglutide", "sertraline", "simvastatin", "sitagliptin", "spironolactone", "symbicort", "tamsulosin", "ticagrelor", "tiotropium", "torsemide", "tramadol", "trazodone", "trulicity", "tylenol", "valsartan", "vancomycin", "venlafaxine", "ventolin", "warfarin", "xarelto", "zocor", "zofran", "zoloft", "zosyn", "acetaminophen", "albuterol", "spiriva", "advair", "synthroid", "coumadin", "narcan", "allergies", "assessment", "cardiovascular", "constitutional", "diagnosis", "extremities", "impression", "musculoskeletal", "neurologic", "neurological", "respiratory", "subjective", "objective", "vitals", "gastrointestinal", "genitourinary", "psychiatric", "integumentary", "medicare", "medicaid", "aetna", "cigna", "humana", "pfizer", "moderna", "covid", "telehealth"]
)

# People whose names stand for a sign, device, disease, score or procedure.
_EPONYMS = frozenset(
    ["addison", "adson", "alzheimer", "apgar", "apley", "asperger", "babinski", "baker", "barre", "barrett", "barthel", "bartholin", "basedow", "batten", "becker", "behcet", "bell", "bence", "billroth", "bowman", "braden", "bright", "broca", "brudzinski", "brugada", "burkitt", "caldwell", "charcot", "cheyne", "child", "chiari", "chvostek", "colles", "conn", "coombs", "cooper", "crohn", "cushing", "down", "doppler", "dressler", "duchenne", "dupuytren", "ebstein", "ehlers", "eisenmenger", "epstein", "erb", "ewing", "fabry", "fallot", "fanconi", "finkelstein", "foley", "fowler", "frank", "fuchs", "gaucher", "gilbert", "glasgow", "gleason", "goodpasture", "gower", "graves", "guillain", "hashimoto", "hawkins", "heberden", "heimlich", "henoch", "heller", "hirschsprung", "hodgkin", "hoffmann", "homan", "homans", "horner", "huntington", "jones", "kaposi", "kawasaki", "kegel", "kernig", "kerley", "kiesselbach", "klinefelter", "korsakoff", "kussmaul", "lachman", "laennec", "lasegue", "legionnaire", "lewy", "lou", "gehrig", "lyme", "mallory", "marfan", "mcburney", "mcmurray", "meckel", "meniere", "miller", "mohs", "monro", "morton", "munchausen", "murphy", "neer", "nissen", "osgood", "osler", "paget", "pap", "parkinson", "perthes", "peyronie", "phalen", "pott", "prader", "prinzmetal", "purkinje", "quincke", "ramsay", "raynaud", "reed", "reiter", "reye", "rinne", "romberg", "rorschach", "roux", "rovsing", "salter", "scheuermann", "schatzker", "schatzki", "schlatter", "schilling", "schirmer", "schober", "schonlein", "sever", "sims", "sjogren", "snellen", "spurling", "stevens", "still", "stokes", "swan", "ganz", "sydenham", "takayasu", "tinel", "tourette", "trendelenburg", "trousseau", "turner", "virchow", "waldenstrom", "weber", "wegener", "wells", "wernicke", "whipple", "whitmore", "willebrand", "williams", "wilms", "wilson", "wolff", "white", "yergason", "zenker", "zollinger", "ellison", "tanner", "hunt", "johnson", "mantoux", "norton", "katz", "lawton", "morse", "dix", "hallpike", "epley", "allen", "holter", "hoyer", "hickman", "jackson", "pratt", "kirschner", "bankart", "gram", "giemsa", "papanicolaou", "pfannenstiel"]
)


def _words(name: str) -> frozenset[str]:
    text = resources.files("ghostchart.privacy.phi").joinpath("data", name).read_text(encoding="utf-8")
    return frozenset(text.split())


@cache
def given_names() -> frozenset[str]:
    """Given names of the US Census of 1990, lower case."""
    return _words("given_names.txt")


@cache
def surnames() -> frozenset[str]:
    """The 40,000 most frequent surnames of the US Census of 1990, lower case."""
    return _words("surnames.txt")


@cache
def ordinary_words() -> frozenset[str]:
    """English and clinical words that by themselves tell no person, lower case."""
    return _words("ordinary_words.txt") | _CLINICAL


def eponyms() -> frozenset[str]:
    """Surnames that usually stand for a sign, device or disease in notes."""
    return _EPONYMS


def is_name_word(token: str) -> bool:
    """Whether a token (any case) is on a name list; both halves of a hyphenated name must be."""
    parts = [part for part in token.lower().replace("’", "'").split("-") if part]
    return bool(parts) and all(
        part in given_names() or part in surnames() or part.replace("'", "") in surnames() for part in parts
    )


def is_ordinary(token: str) -> bool:
    """Whether a token (any case) is an ordinary or clinical word, even if it can be a name too."""
    return token.lower().replace("’s", "").replace("'s", "") in ordinary_words()
