"""Days without a year: "seen 9/23", "from 12/08 to 23/08", "(6/3)", "5/22 and 5/24".

Two numbers with a slash are a day, or else a strength, a score, a part of a tablet, bottles of a culture, doses of a combined
drug. What stands before and after decides, then the values: ten and five are scales, what is above twelve is a day.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding

_SCORE = 0.7
_LEAST_DIGITS = 2
_DAY_AND_MONTH = re.compile(
    r"(?<![\w/.,$#+])(?<!\D-)(?<!^-)(?P<first>0?[1-9]|[12]\d|3[01])/(?P<second>0?[1-9]|[12]\d|3[01])(?![\w/%+]|\.\d|,\d{3}|['’]|-(?:year|day|week|month|point|inch|in\b))"
)
_DAYS_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"

# Right behind the numbers: what only a fraction, a score or a dose is followed by.
_FRACTION_AFTER = re.compile(
    r"[ -]?(?:strength|systolic|diastolic|murmur|pain|bilat|b/l|exam|motor|power|in (?:severity|intensity|the right|the left|all|both|upper|lower|[rlbu])|severity|intensity|tabs?|tablets?|"
    r"caps?|cups?|bottles?|sets?|tubes|nodes?|lymph|cores?|criteria|points?|pts|mm|cm|mg|mcg|ml|mmhg|units?|u\b|l\b|inch|hours?|hrs?|h\b|of (?:the|her|his|a|an|normal|meals?|all|breakfast|lunch|dinner|which)|full|"
    r"intact|throughout|of (?!this|last|next)|healed|trials|goals?\b|met\b|options|feeds?\b|sutures|nerves|correct|accurate|attempts|reps|laps|flights|(?:av )?block|conduction|diet|ratio|nurs\w+|split|time\b|doses?|miles?|packs?|ppd|meals?|sessions?|days?|wks?|weeks?|cultures?|vessels?|lbs?|scale|out of|sys|sem|hsm|holo|reflex|dtrs?|"
    r"[rl][ue]e\b|[ul]e\b|upper|lower|right|left|proximal|distal|biceps|triceps|grip|hip|knee|bid|tid|qid|qd|daily|qhs|qam|qpm|q\d|po\b|prn|puffs?|ns\b|cc\b|stairs|steps|teeth|leads|extremities|ribs|quadrants|"
    r"fractions|treatments|cycles|visits|words|items|questions|recall|orient\w+|and symmetric\w*|symmetric\w*|equal|palpable|edema|pulses?|pitting|at (?:rest|worst|best|goal|baseline)|with (?:activity|movement|rest)|when|now|currently|this (?:am|morning)|today)",
    re.IGNORECASE,
)  # fmt: skip
# Near before them.
_FRACTION_BEFORE = re.compile(
    r"\b(?:bp|b/p|pressures?|sbp|strength|motor|power|pain|scor\w+|scale|rat(?:ed?|es|ing|io)|apgars?|gcs|mmse|moca|slums|phq\S*|gad\S*|nihss|braden|morse|ciwa|vision|acuity|va|snellen|murmurs?|grade|"
    r"reflex\w*|dtrs?|puls(?:es?|atile)|edema|bipap|cpap|bilevel|ipap|peep|settings?|insulin|tender|swollen|joints?|nodes?|points|criteria|stairs|steps|sens\w*|tone|gait|o[dsu]|perrla?|pupils?|"
    r"sirs|q?sofa|curb\S*|cha2ds2\S*|wells|centor|cage|audit\S*|mini-?cog|recall|orient\w*|cervix|sve|biceps|triceps|deltoids?|grip|quad\w*|hamstrings?|flex\w*|exten\w*|iliopsoas|"
    r"[rl]?[ul]e|[cpy]{0,2}n[0-3][abc]?|intensity|severity|discomfort|headache|i:e|fetal|station|gleason|bi-?rads|ecog|kps|mrs|asa|nyha|los|meals?|ate|eaten|grad\w*|level|steps?|spasticity|"
    r"ashworth|borg|rpe|rass|cpot|flacc|faces|npass|bps|epds|ede|mdq|ipss|aims|bars|cdt|mis|tst|hr|rr|sats?|spo2|maps?|bishop|bims?|norton|waterlow|odi|ndi|sofa|meld|lace|news|mews|pews|epworth|isi|dn4|mmrc|ashworth|barthel|katz|adls?|iadls?|berg|tinetti|tug|dhi)\b",
    re.IGNORECASE,
)  # fmt: skip
# Counted things: "day 3/7", "cycle 2/6".
_COUNTED = re.compile(
    r"(?<!last )(?<!next )(?<!first )(?<!['’/])\b(?:day|d|pod|hod|cycle|session|dose|week|wk|round|fraction|fx|treatment|course|part|page|pg|step|phase|case|bag|unit|vial|attempt|try|pass|set|bottle|count|cores?|x|no|only|just|about|half|drug|tab\w*)[ #:]*$",
    re.IGNORECASE,
)
_CULTURE = re.compile(r"\b(?:cx|cxs|cultures?|bcx|ucx|bottles?)[ :]*$", re.IGNORECASE)
_LINK = r"(?:[ \t]*(?:\b(?:or about|on|for|of|set for|at|the|this|last|next|was|is|are|date|(?:early|late)|approx|about|around)\b|[:=@(–-]|\b" + _WEEKDAY + r"\b\.?,?)){0,3}[ \t]*$"  # fmt: skip
_SURE = re.compile(
    rf"(?:\b(?:on|dated?|since|until|till|as of|dos|doi|doa|dod|dob|lmp|edd|edc|birth(?:day|date)?|born|due|expir\w*|exp|effective|starting|beginning|ending|w/[cbe]|(?:week|wk|night|morning|evening|afternoon|day|month) of|{_WEEKDAY}|"
    r"seen(?: there| here| again)?|saw|again|lvm|vm|voicemail|consented|circ(?:['’]?d)?|add|edc?d|dc|tubal|exposure|sx|covid(?:-?19)?[ +]*(?:pos\w*|neg\w*)?|flu(?: [ab])?[ +]*(?:pos\w*)?|rsv|removal|home|overnight|compared (?:to|with)|check|draw|clinic|consult|intake|refill|recert|admit(?:ted)?|adm|discharged?|disch|d/?c[’']?d|d/c|appts?|appointments?|visits?|f/?u|follow[- ]?up|rtc|recheck|scheduled|sched|set|rescheduled|r/?s(?:[’']?d)?|drawn|collected|resulted|sent|received|rcvd|"
    r"signed|faxed|mailed|emailed|called|lm|placed|inserted|removed|performed|repeated|obtained|checked|started|began|stopped|held|administered|last (?:dose|visit|bm|hd|dialysis|taken|worked|seen|void|pap|meal|drink|use)|"
    r"next (?:dose|hd|session|available|cycle|step|infusion)|arriv\w+|depart\w*|leav(?:es|ing)|left|check-?in|check-?out|deliver\w+|shipped|ordered|purchased|bought|paid|charged|billed|posted|closed|opened|submitted|approved|cancel\w+|"
    r"passed away|died|deceased|injur\w+|accident|incident|fell|fall|surgery|procedure|dx[’']?d|diagnosed|onset|updated|refilled|filled|given|changed|drained|switched|weaned|evaluated|screened|tested|confirmed|swabbed|reported|documented|discussed|spoke|consulted|referred|replaced|noted|interrogated|implanted|exchanged|pulled|transferred|extubated|intubated|note|addendum|meeting|mtg|conference|wedding|party|"
    r"interview|exam|test|trip|flight|leave|vacation|pto|off|out|back|returned?|returns|moved|game|concert|class|event|invoice|statement|letter|email|ride|trial|hearing|court|shift|closing|deadline|by|from|between|before|after|thru|through)\b\.?)"
    + _LINK,
    re.IGNORECASE,
)  # fmt: skip
_PROCEDURE = re.compile(
    r"(?:\bs/p [^.;\n]{3,40}|\b(?:pt|ot|slp|swallow|st|wound|nutrition|psych|neuro\w*) (?:eval\w*|study|consult|assessment)\b|\b(?:colo|cth|ctap|bcx x ?2|micro|mbs|fees|holter|emg|vq|abi|dvt study)\b|\b(?:f/?u|appt|rtc|dispo)\b[^.;\n\d]{1,24}|\b(?:labs?|echo|tte|tee|cta?|ctpe|ct (?:head|chest|a/?p|abd\w*|spine)|mr[ia](?: brain| spine| l-?spine| head)?|cxr|kub|xrs?|x-?rays?|ekg|ecg|eeg|emg|us|u/s|duplex|egd|colonoscopy|c-?scope|pet(?:/ct)?|dexa|mammo(?:gram)?|pap|path(?:ology)?|scans?|imaging|ultrasound|cvc|lines?|drains?|tube|p?iv|jp|catheter|midline|"
    r"bx|biops(?:y|ies)|path|cath|lhc|rhc|stress|nuc|pfts?|sleep study|ua|a1c|hba1c|inr|tsh|cbc|bmp|cmp|\w+ectomy|\w+plasty|\w+otomy|\w+oscopy|\w+centesis|appy|chole|cabg|pci|stent|tavr|tha|tka|orif|c-?section|c/s|csxn|amputation|repair|fusion|"
    r"bypass|transplant|graft|bka|aka|tips|picc|port|trach|peg|dialysis|chemo|xrt|infusion|transfus\w+|vaccine|vax|shot|booster|mohs|lasik|epidural|injection|delivery|svd|nsvd|c[1-9]d1|cx|cxs|cultures?|bcx|ucx)\b\.?)"
    + _LINK,
    re.IGNORECASE,
)  # fmt: skip
# Somebody was somewhere, or with somebody, then: the day stands behind the place or the name.
_EVENT = re.compile(
    r"\b(?:seen|evaluated|admitted|transfer(?:red)?|discharged|disch|d/?c[’']?d|presented|presents|went|moved|sent|brought|taken|arrived|visited|visit|hospitali[sz]ed|treated|flown|underwent|met|saw|followed up|f/?u|"
    r"follow[- ]?up|appt|appointment|referred|returned|back|home|repatriated|stepped down|downgraded|upgraded|accepted|consulted|examined|operated|delivered|discussed|d/w|spoke|told|called|again|stayed|placed|due|scheduled|sched|set)\b"
    r"(?: (?!(?:pain|score|scale|of|rated|rates)\b)[\w'’&@/.-]+){1,6},? \(?$",
    re.IGNORECASE,
)
_PLACE_BEFORE = re.compile(
    r"(?:\b(?:[EO]D|ER|SNF|UC|ICU|MICU|SICU|CCU|NICU|PACU|OSH|LTAC|LTACH|ALF|IRF|PCP|VA|[Cc]linic|[Hh]ospital|[Rr]ehab|[Cc]enter|[Cc]are|[Mm]edical|[Gg]eneral|[Hh]ospice|[Hh]ome|[Hh]ouse|[Ff]acility|[Ff]loor|[Oo]ffice|[Uu]nit|"
    r"[Dd]r\.? [A-Za-z'’-]+|[A-Z][a-z'’-]+,? (?:MD|DO|NP|PA|RN|LPN)),? ?\(?)$"
)
# What a culture or a test gave, before the day it was taken.
_RESULT = re.compile(
    r"(?:\b(?:neg(?:ative)?|pos(?:itive)?|ng(?:td)?|clear(?:ed)?|sterile|cx|bcx|ucx|cultures?|trough|peak|cr|hgb|hct|wbc|plts?|procal|crp|esr|trop\w*|bnp|lactate|lipase|inr|ferritin)|\+)[ :]*$",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b\w{3,}ed(?: (?:on|for))?[ \t]*$", re.IGNORECASE)
_ACRONYM = re.compile(
    r"\b(?!(?:GPC|GNR|GPR|GNB|MRSA|MSSA|NGTD|ESBL|VRE|AFB|ICU|OSH|PCP|SNF|PACU)\b)[A-Z]{3,6}(?:-\d+)?:?[ \t]*$"
)
_WEAK = re.compile(r"\b(?:to|for|of|and|or|in|the)[ \t]*$", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\??[ \t]*(?:-|–|—|to|and|&|through|thru|until|till|or|,|, and|;|\+|then|, then|vs\.?|->|→)[ \t]*(?:on |again on )?",
    re.IGNORECASE,
)
_TIME_AFTER = re.compile(
    r",? ?(?:at|@)? ?(?:[012]?\d:\d\d|[01]?\d ?(?:am|pm|a\.m|p\.m|a|p)\b|[012]\d[0-5]\d(?![\d,./]| ?(?:ml|mg|cc|units?|kcal)))",
    re.IGNORECASE,
)
_WORD_AFTER = re.compile(r"[ \t]*(?:[.,;?!)\]]|$|\n|[,:]? ?[–(-]|:? ?[A-Za-z])")
_WEEKDAY_AFTER = re.compile(rf",? \(?{_WEEKDAY}\b", re.IGNORECASE)
_STAMP_AFTER = re.compile(r",? (?:@ ?)?[012]\d:?[0-5]\d ?(?:h\b|hrs?\b)?(?::(?!\d)|[ ]?[-–] )")
# What is written, taken or held on a day.
_NOTE_AFTER = re.compile(
    r" (?:notes?\b|d/c summ|discharge summ|progress note|visit\b|admission\b|ed visit|report\b|letter\b|films?\b|cxr\b|ct\b|mri\b|scan\b|echo\b|labs\b|imaging\b|clinic\b|consult\b|h&p|op note|appt\b|appointment\b|"
    r"(?:over)?night\b|evening\b|afternoon\b|noon\b)",
    re.IGNORECASE,
)
_OF_NOTE = re.compile(r"\b(?:per|see|from|the|her|his|vs|since|my|your|in)[ \t]*$", re.IGNORECASE)
_LAST_DAY = re.compile(r"[-–](?P<last>[12]\d|3[01]|0?[1-9])(?![\w/%-]|[.,]\d)")
_AT_START = re.compile(r"(?:^|\n)[ \t]*(?:[-*•>(]|\d+[.)])?[ \t]*$")
_ENTRY_AFTER = re.compile(r" ?(?::(?!\d)|[–-] )| [A-Za-z(]")
_STOP_AFTER = re.compile(r"[ \t]*(?:[.,;?!)\]]|$|\n|[–-] )")
_DRUG_BEFORE = re.compile(
    r"(?:\w{3,}/\w{3,}|\w+(?:pril|sartan|statin|dipine|olol|ide|ine|one|ate|gliptin|formin|codone|caine)|hctz|percocet|norco|vicodin|advair|symbicort|dulera|breo|\b(?:ps|pressure support|vent|avaps|ratio|odds|para|gravida|p|k|tnm|mobitz|flutter|av block|conduction|nph|lispro|aspart|regular|suboxone|zubsolv|bup|nal|settings)|entresto|caduet|lotrel|zestoretic|augmentin|bactrim|mix)[ :]*$",
    re.IGNORECASE,
)  # fmt: skip
# Behind these stand parts and scores as well as days.
_AMOUNT = re.compile(
    r"\b(?:held|started|began|stopped|administered|given|ordered|took|taken|overnight|exposure|covid|flu|add|dc|discussed|scheduled|out|left|off|back|set|delivered|removed|received|by|from|between|before|after|through|thru|closed|opened|paid|exam|test|class|shift|event|game|at|the|about|around|last|next)[ :]*$",
    re.IGNORECASE,
)
_SURELY = re.compile(r"(?i)\b(?:on|since|until|dated?|as of|born|dob|visit|appt|due)[: ]*$")
_PARTS = frozenset({(1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (4, 4), (5, 5)})
_CLOSE, _NEAR, _FAR = 26, 48, 70
_SCALES = (2, 3, 4, 5, 6, 10)
# Read as a name, a way of speaking or a sight test.
_SAYINGS = frozenset({(9, 11), (7, 11), (24, 7), (20, 20), (16, 9), (4, 4)})


def partial_dates(text: str, digits: int, *, clinical: bool) -> Iterator[PhiFinding]:
    """Days and months with a slash and no year; ``digits`` is how many the text holds."""
    if digits < _LEAST_DIGITS or "/" not in text:
        return
    matches = [match for match in _DAY_AND_MONTH.finditer(text) if _in_calendar(match)]
    if not matches:
        return
    kept = [_is_day(text, match, clinical=clinical) for match in matches]
    months = {match["first"] for match, keep in zip(matches, kept, strict=True) if keep}
    if months and len(months) < len(matches):
        kept = [keep or _is_of_month(text, match, months) for match, keep in zip(matches, kept, strict=True)]
    for place in range(len(matches) - 1):  # one of a pair tells what the other is
        one, other = matches[place], matches[place + 1]
        if _BETWEEN.fullmatch(text, one.end(), other.start()):
            scores = _FRACTION_BEFORE.search(text, max(0, one.start() - _NEAR), one.start())
            both = kept[place] or kept[place + 1] or (not scores and _is_span(one, other))
            fit = not _FRACTION_AFTER.match(text, other.end()) or kept[place + 1]
            kept[place] = kept[place + 1] = both and fit
    for match, keep in zip(matches, kept, strict=True):
        if keep:
            last = _LAST_DAY.match(text, match.end())  # "2/12-14"
            end = last.end() if last and int(last["last"]) > int(match["second"]) else match.end()
            yield PhiFinding(match.start(), end, "DATE_TIME", _SCORE)


def _is_of_month(text: str, match: re.Match[str], months: set[str]) -> bool:
    """A day of a month that the same sentence names already, where no score, dose or part is meant."""
    first, second = int(match["first"]), int(match["second"])
    near = re.split(r"[.;\n]\s", text[max(0, match.start() - _NEAR) : match.start()])[-1]
    if match["first"] not in months or second in (10, 12) or first == second:
        return False
    close = text[max(0, match.start() - _CLOSE) : match.start()]
    return not (
        (first, second) in _SAYINGS
        or _FRACTION_BEFORE.search(near)
        or _FRACTION_AFTER.match(text, match.end())
        or _COUNTED.search(close)
        or _DRUG_BEFORE.search(close)
        or (first < second and second in _SCALES and not (close.endswith("(") and text.startswith(")", match.end())))
    )


def _in_calendar(match: re.Match[str]) -> bool:
    first, second = int(match["first"]), int(match["second"])
    month_first = first <= 12 and second <= _DAYS_OF_MONTH[first - 1]
    return month_first or (second <= 12 < first <= _DAYS_OF_MONTH[second - 1])


def _is_span(one: re.Match[str], other: re.Match[str]) -> bool:
    """Two days of one month, or of two, with values that no scale has in common."""
    (a, b), (c, d) = ((int(match["first"]), int(match["second"])) for match in (one, other))
    if b == d:
        return a > 12 and c > 12 and a != c and has_zero(one)
    return max(b, d) > 10 or (a == c and (max(b, d) > 6 or b < d < a))


def has_zero(match: re.Match[str]) -> bool:
    """Whether day or month is written with two digits where one would do ("05/05")."""
    return match["first"].startswith("0") or match["second"].startswith("0")


def _is_day(text: str, match: re.Match[str], *, clinical: bool) -> bool:
    start = match.start()
    values = first, second = int(match["first"]), int(match["second"])
    close, near = text[max(0, start - _CLOSE) : start], text[max(0, start - _NEAR) : start]
    near = re.split(r"[.;\n]\s", near)[-1]
    scaled = second in _SCALES and first <= second
    sure, scores = bool(_SURE.search(close)), bool(_FRACTION_BEFORE.search(near))
    secondary_to = values == (2, 2) and not has_zero(match) and not _SURELY.search(close)  # written so on wards
    if secondary_to or _is_part(text, match, close, sure=sure, scaled=scaled):
        return False
    if has_zero(match) or (scores and (scaled or not sure)):
        return has_zero(match) and (sure or not scores)
    if sure:
        return _is_sure_day(close, values, scaled=scaled, clinical=clinical)
    if values in _SAYINGS or _PROCEDURE.search(near):
        entry = text.startswith(": ", match.end()) and _PROCEDURE.search(near) is not None  # "EGD 4/4: normal"
        return entry or values not in _SAYINGS
    if _DRUG_BEFORE.search(close):
        return False
    noted = _NOTE_AFTER.match(text, match.end()) and (not scaled or _OF_NOTE.search(close))
    return bool(noted) or _by_value(text, match, close, clinical=clinical)


def _is_part(text: str, match: re.Match[str], close: str, *, sure: bool, scaled: bool) -> bool:
    """A strength, a part, one of so many: by the word right before or behind."""
    bottles = int(match["first"]) <= int(match["second"]) <= 4
    if _COUNTED.search(close) or (bottles and _CULTURE.search(close)):
        return True
    end = match.end()
    named = _FRACTION_AFTER.match(text, end) and not _timed(text, end)
    # "seen 9/14 at rest" is a day all the same.
    return bool(named) and (scaled or not sure or bool(_DRUG_BEFORE.search(close)))


def _is_sure_day(close: str, values: tuple[int, int], *, scaled: bool, clinical: bool) -> bool:
    """Behind a word of dates, unless parts and scores stand behind that word as well."""
    return not (scaled and _AMOUNT.search(close)) or not (clinical or values in _PARTS or values[1] == 10)


def _by_value(text: str, match: re.Match[str], close: str, *, clinical: bool) -> bool:
    """Without a word that says so: a time behind it, its place in the line, a day above what scales have."""
    end = match.end()
    first, second = int(match["first"]), int(match["second"])
    scaled = second in _SCALES and first <= second
    placed = _EVENT.search(text, max(0, match.start() - _FAR), match.start()) is not None
    if scaled and not _WEEKDAY_AFTER.match(text, end):
        stamp = _AT_START.search(text[: match.start()]) and _STAMP_AFTER.match(text, end)
        there = placed and _PLACE_BEFORE.search(close) and (_timed(text, end) or _STOP_AFTER.match(text, end))
        return bool(stamp or there)
    # No score is more than all of its points.
    more = 12 >= first > second and (_RESULT.search(close) or _WORD_AFTER.match(text, end))
    if more or _WEEKDAY_AFTER.match(text, end) or (placed and second != 10 and (first <= 12 or not clinical)):
        return True
    if _timed(text, end) or (first != second and _PAST.search(close)) or (first <= 12 and text.startswith(": ", end)):
        return True
    last = _LAST_DAY.match(text, end)
    if last and int(last["last"]) > max(second, 12):
        return True
    if _WEAK.search(close):
        return second > 12 or not clinical or first > second
    return _by_place(text, match, close, clinical=clinical)


def _by_place(text: str, match: re.Match[str], close: str, *, clinical: bool) -> bool:
    """Begins an entry, stands alone in brackets, ends a clause with a day that no scale reaches."""
    start, end = match.span()
    first, second = int(match["first"]), int(match["second"])
    if first > 12:
        return not clinical
    twins = first >= 6 and second in (8, 9)  # Apgar
    if (_AT_START.search(text[:start]) and _ENTRY_AFTER.match(text, end)) or (
        close.endswith("(") and text[end : end + 1] in (")", "-", "–")
    ):
        return not twins and second != 10
    if (
        not (second > 12 or second == 11 or (second in (7, 9, 12) and first < 6))
        or first == second
        or _ACRONYM.search(close)
    ):  # a scale that no list has
        return False
    return not clinical or bool(_STOP_AFTER.match(text, end))


def _timed(text: str, end: int) -> bool:
    return bool(_TIME_AFTER.match(text, end))
