"""Days, months and seasons that words name: "Wed the 14th", "since late October", "March third", "summer of 2019", "19 IX 1971".

By HIPAA every element of a date but the year identifies, if it belongs to a person. So a month alone counts where something
happened in it ("CT in January"), not where a season is talked about ("flares every April"), and in clinical text alone; so does a
feast without a year. A weekday alone and a season alone name no day and are left.
"""
# ruff: noqa: E501, SIM905  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding

_WHOLE, _SURE, _LIKELY = 0.96, 0.92, 0.72
_MONTHS = "january february march april may june july august september october november december".split()
_SHORT = "Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec".split()
_MONTH = rf"(?:{'|'.join(word.title() for word in _MONTHS)}|(?:{'|'.join(_SHORT)})\b\.?)"
_CUT = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ANY_MONTH = rf"(?:{'|'.join(_MONTHS)}|(?:{'|'.join(word.lower() for word in _SHORT)})\b\.?)"
_YEAR = r"(?:1[89]|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_NTH = r"(?:[23]?1st|2?2nd|2?3rd|(?:[4-9]|1\d|2[04-9]|30)th)"
_WEEKDAY = r"(?:mon|tues?|wed(?:s|nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"
).split()
_ORDINAL = rf"(?:(?:twenty|thirty)[ -](?:{'|'.join(_ORDINALS[:9])})|{'|'.join(reversed(_ORDINALS))})"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_YEAR_IN_WORDS = (
    rf"(?:(?:nineteen|eighteen|twenty)[ -](?:(?:{_TENS})(?:[ -](?:{_ONES}))?|(?:oh|o|hundred(?: and)?)[ -](?:{_ONES})|ten|eleven|twelve|"
    rf"(?:thir|four|fif|six|seven|eigh|nine)teen|hundred)|two thousand(?: (?:and )?(?:(?:{_TENS})(?:[ -](?:{_ONES}))?|{_ONES}|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen))?)"
)
_TO = r"(?:[ \t]?[-–/&][ \t]?|[ \t]+(?:and|to|or|through|thru|until|till)[ \t]+)"
_END = r"(?![\w/]|-\d|\.\d)"

# With its day of the week a date is one identifier.
_WITH_WEEKDAY = re.compile(
    rf"(?i)(?<![\w-])(?P<id>(?P<weekday>{_WEEKDAY})\b(?:\.,?|,)?[ \t]+(?:the[ \t]+)?(?:{_ANY_MONTH}[ -]{_DAY}(?:st|nd|rd|th)?\b(?:,? ?{_YEAR})?|"
    rf"{_DAY}(?:st|nd|rd|th|\.)?(?:[ -]of)?[ -]{_ANY_MONTH}\b(?:[ ,-]{{1,2}}{_YEAR})?|(?:0?[1-9]|1[0-2])/{_DAY}(?:/(?:{_YEAR}|\d\d))?|{_DAY}/(?:0?[1-9]|1[0-2])(?:/(?:{_YEAR}|\d\d))?|"
    rf"{_DAY}\.(?:0?[1-9]|1[0-2])\.(?:{_YEAR})?|{_YEAR}-\d\d-\d\d|{_NTH}))(?![\w/%]|-\d|\.\d|[ -](?:floor|dose|visit|time|session|day of|week|shift|cycle|tabs?|tablets?|caps?|pills?|cup|mg|pack|of (?:the|every|each|a|an|her|his) (?!month)))"
)
# "the 21st" alone: behind a word of dates and before the end of a phrase.
_THE_NTH = re.compile(
    rf"(?i)\b(?P<cue>on|since|until|till|by|before|after|from|(?:week|weekend|day|night|morning|evening|afternoon) of|of|through|to|between|due|is|was|out|in|back|home|again|start\w*|end\w*)[ \t]+the[ \t]+(?P<id>(?P<day>{_NTH}))(?=[ \t]*(?:[.,;:?!)\n]|$|-[ \t])|[ \t]+(?:at|and|or|to|with|for|because|w/|through|until)\b)"
)
_NTH_OF_MONTH = re.compile(rf"(?i)(?<![\w-])(?P<id>(?:the )?{_NTH} (?:of )?(?:this|last|next) month)\b")
_IN_WORDS = re.compile(
    rf"(?i)(?<![\w-])(?P<id>(?P<month>{'|'.join(_MONTHS)}),?[ ](?:the[ ])?{_ORDINAL}(?P<year>,?[ ](?:in[ ])?(?:{_YEAR_IN_WORDS}|{_YEAR}))?)(?![\w-])"
    rf"|(?<![\w-])(?P<id2>(?:the[ ])?{_ORDINAL}(?:[ ]day)?[ ]of[ ](?:{'|'.join(_MONTHS)})(?:,?[ ](?:in[ ])?(?:{_YEAR_IN_WORDS}|{_YEAR}))?)(?![\w-])"
)
_ROMAN = re.compile(
    rf"(?<![\w.,/-])(?P<id>{_DAY}(?P<gap>[ ./-])(?:X?I{{1,3}}|I?[VX]|VI{{1,3}})(?P=gap){_YEAR})(?![\w/-]|\.\d)"
)
_BORN = re.compile(r"(?i)\b(?:born|dob|dated?|on|since|until|ur\.|dnia|urodz\w*|geb\.?|née?e?|nato|nata)[ :,(]*$")
_LOG = re.compile(
    rf"(?<![\w-])(?P<id>\d{{1,2}}/(?:{_CUT})/(?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d[- ](?:{_CUT})[- ]\d{{1,2}}|(?:{_CUT}) {{1,2}}\d{{1,2}}(?= \d\d:\d\d:\d\d))(?!\w)"
)
_DOTTED = re.compile(
    rf"(?<![\w.,/-])(?P<id>{_DAY}\.(?:0?[1-9]|1[0-2])\.)[ \t]*(?:[-–—/]|\b(?:to|bis|au|al|until|till|und|and)\b)[ \t]*(?P<id2>{_DAY}\.(?:0?[1-9]|1[0-2])\.)"
)
_AT_HEAD = re.compile(r"(?:^|\n)[ \t]*(?P<id>(?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])\.)(?=[ \t]+[^\W\d_])")
_DOTS = re.compile(r"\d\.\d\d?\.")
_KOREAN = re.compile(r"(?P<id>(?:19|20)\d\d ?년 ?\d{1,2} ?월(?: ?\d{1,2} ?일)?|\d{1,2} ?월 ?\d{1,2} ?일)")
_EAST = re.compile(
    r"(?P<id>(?:(?:(?:19|20)\d\d|(?:大正|昭和|平成|令和|民國) ?(?:\d{1,3}|元)) ?年 ?)?\d{1,2} ?月 ?\d{1,2} ?[日号]|(?:19|20)\d\d ?年 ?\d{1,2} ?月)"
)
# Months joined to a month of a year, to each other by a name of the year.
_MONTHS_OF_YEAR = re.compile(
    rf"(?<![\w-])(?P<id>{_MONTH}(?:{_TO}{_MONTH}){{1,2}},?[ \t](?:of[ \t])?(?:{_YEAR}|['’]\d\d))(?!\w)"
)
_DAYS_OF_A_MONTH = re.compile(
    rf"(?<![\w.,/-])(?P<id>{_DAY}(?:st|nd|rd|th)?(?:[ ]{_MONTH})?(?:[ ]?[-–/&][ ]?|[ ](?:to|and|or|through)[ ]){_DAY}(?:st|nd|rd|th)?(?:[ ]of)?[ ](?:{_MONTH}|(?:january|february|april|june|july|august|september|october|november|december)\b)(?:,?[ ]{_YEAR})?)(?![\w/-])"
)
_SEASON_OF_YEAR = re.compile(
    rf"(?i)(?<![\w-])(?P<id>(?:(?:early|mid|late)[ -])?(?:(?:spring|summer|autumn|winter)(?: of|,|,? of)?|(?<=\bin )fall|(?<=\bsince )fall|(?<=\bthe )fall|(?<=\bthis )fall|(?<=\blast )fall|(?<=early )fall|(?<=late )fall|fall of) (?:{_YEAR}(?:[-–/](?:{_YEAR}|\d\d))?|['’]\d\d))(?!\w)"
)
_FEASTS = (
    r"(?:(?:Christmas|Xmas|New Year['’]?s?|Easter|Thanksgiving|Valentine['’]?s|Halloween)(?: (?:Eve|Day|Sunday|Monday))?|(?:Memorial|Labou?r|Independence|Veterans['’]?|Columbus|Presidents?['’]?s?|Mother['’]?s['’]?|Father['’]?s['’]?|"
    r"M\.?L\.?K\.?|Martin Luther King(?:,? Jr\.?)?|St\.? Patrick['’]?s|Boxing|Canada|Groundhog|Bastille|Anzac|Australia|Remembrance|Earth) Day|(?:Good|Black) Friday|Ash Wednesday|Palm Sunday|Super Bowl Sunday|Mardi Gras|Juneteenth|"
    r"(?:Fourth|4th) of July|Cinco de Mayo|[CH]h?anukk?ah|Passover|Yom Kippur|Rosh Hashanah|Diwali|Eid(?: al-(?:Fitr|Adha))?|Ramadan|Nowruz|(?:Lunar|Chinese) New Year|Kwanzaa|Pentecost|Purim|Holi|Vesak)"
)
_FEAST = re.compile(
    rf"(?<![\w-])(?:(?P<cue>(?i:on|since|day (?:after|before)|(?:morning|night|evening|weekend|week|day) of|last|this past|until|before|after))[ \t]+)?(?P<id>{_FEASTS}(?: (?:weekend|week|morning|night|evening))?(?P<year>,? (?:of )?(?:{_YEAR}|['’]\d\d))?)(?![\w-]| (?:disease|factor|tree|dinner|party|gift|card|present|carol|song|meal|lights|story|candle))"
)  # fmt: skip
_FEAST_WORDS = frozenset(
    "christmas xmas year easter thanksgiving valentine valentines halloween memorial labor labour independence veterans columbus president presidents mlk martin patrick patricks boxing "
    "canada groundhog bastille anzac australia remembrance earth friday wednesday palm bowl gras juneteenth cinco hanukkah chanukah hannukah channukah hanukah passover kippur hashanah "
    "diwali eid ramadan nowruz kwanzaa pentecost purim holi vesak".split()
)
_PARENTS = frozenset(["mother", "mothers", "father", "fathers"])
_LONG_FEASTS = frozenset(["ramadan", "holi", "eid", "vesak", "purim"])

# A month alone. Those that are names or words as well follow fewer words, in small letters only those that are neither.
_PARTS = r"(?:(?:very )?(?:early|mid|late)[ -]|(?:the )?(?:beginning|start|middle|end|first week|second week|third week|last week|first half|second half) of )"
_FEW = r"in|since|until|till|during|back in|late|early|mid|last|this past|as of"
_CUED_MONTH = re.compile(
    rf"\b(?:(?i:{_FEW})[ -](?:(?i:about|around|approximately) )?(?P<id>(?i:{_PARTS})?(?:{'|'.join(word.title() for word in _MONTHS)}|(?:Jan|Feb|Apr|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?(?!['’])|january|february|april|june|july|september|october|november|december)(?:{_TO}{_MONTH})?)"
    rf"|(?i:by|before|after|around|through|thru|from|next|beginning|starting|of) (?P<id2>(?i:{_PARTS})?(?:January|February|March|July|September|October|November|December)(?:{_TO}{_MONTH})?))"
    r"(?![\w/’'-]|[ ,.]{0,2}\d|,? (?:of )?\d{4}| (?:Dr|Mr|Mrs|Ms)\b| of [A-Z])"
)
_LAST = re.compile(r"(?i)\b(?:last|this past) $")
_NAMED_BEHIND = re.compile(r" [A-Z][a-z]{2,}")
_MAY_VERB = re.compile(r" (?:be|have|not|also|need|require|take|return|use|repeat|give|cause|go)\b")
_OWNED_MONTH = re.compile(
    rf"\b(?:the|her|his|their|my|your|our|this|last|from|vs\.?|with) (?P<id>(?i:early |mid-?|late )?{_MONTH})(?= (?:\w+ )?(?:visit|appointment|appt|labs?|scan|echo\w*|MRI|CT|PET|CXR|x-ray|mammogram|colonoscopy|biopsy|admission|hospitali[sz]ation|discharge|"
    r"results?|A1c|level|note|letter|study|film|ultrasound|surgery|procedure|check-?up|physical|infusion|dose|injection|refill|fall|episode|flare|stay|bloods?|bloodwork|clinic|follow-?up|EKG|ECG|INR|PSA|TSH|panel|culture)\b)"
)
_BRACKETED_MONTH = re.compile(
    rf"\((?P<id>(?i:early |mid-?|late )?(?:{'|'.join(word.title() for word in _MONTHS)}|(?:Jan|Feb|Apr|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?))\)"
)
# What makes a line somebody's although no word in it is of the clinic alone.
_HEALTH = re.compile(
    r"(?i)\b(?:a1c|labs|blood ?work|mri|ct|scans?|x-?rays?|mammogram|ultrasound|colonoscopy|biopsy|vaccinated|surgery|admi(?:tted|ssion)|discharged|hospitali[sz]ed|diagnosed|dose|meds|medications?|refills?|prescribed|"
    r"seizures?|fever|rash|cough|pregnan\w+|miscarriage|pt|relapsed?|sober|stroke|chemo|symptoms?|smok(?:ed|ing)|alcohol)\b"
)
# Talk of seasons: what comes back every year belongs to nobody.
_EVERY_YEAR = re.compile(
    r"(?i)\b(?:every|each|usually|typically|generally|seasons?|seasonal\w*|annual\w*|yearly|always|often|tends?|peaks?|recommended|available|campaign|awareness|pollen|fiscal|semester|offers?|highest|lowest|average|guidelines?|rainfall|temperatures?|between)\b"
)
_NAME_MONTHS = ("april", "may", "june", "august")
_MONTH_WORDS = frozenset([*_MONTHS, *(word.lower() for word in _SHORT)])
_SEASON_WORDS = frozenset("spring summer autumn winter fall".split())
_WEEKDAY_WORDS = frozenset(
    "mon monday tue tues tuesday wed weds wednes wednesday thu thur thurs thursday fri friday sat satur saturday sun sunday".split()
)
_DAY_CUES = frozenset(
    ["since", "until", "till", "due", "week of", "weekend of", "night of", "morning of", "evening of"]
)
_NUMERALS = frozenset("i ii iii iv v vi vii viii ix x xi xii".split())
_NTH_ENDINGS = frozenset(["st", "nd", "rd", "th"])
_ORDINAL_WORDS = frozenset(_ORDINALS)
_NEAR = 60


def named_dates(text: str, words: frozenset[str], digits: int, *, clinical: bool) -> Iterator[PhiFinding]:
    """Dates that a word names; ``words`` are those of the text in small letters, ``digits`` how many it holds."""
    if digits:
        yield from _with_digits(text, words, clinical=clinical)
    months = not words.isdisjoint(_MONTH_WORDS)
    if months:
        if not words.isdisjoint(_ORDINAL_WORDS):
            yield from _spelled(text)
        if clinical or _HEALTH.search(text):
            yield from _months_alone(text)
    if not words.isdisjoint(_FEAST_WORDS) or ("day" in words and not words.isdisjoint(_PARENTS)):
        for match in _FEAST.finditer(text):
            day = match["year"] or (clinical and match["cue"] and match["id"].lower() not in _LONG_FEASTS)
            if day and not _EVERY_YEAR.search(text, max(0, match.start() - _NEAR), match.start()):
                yield _finding(match, "id", _SURE if match["year"] else _LIKELY)


def _finding(match: re.Match[str], group: str, score: float) -> PhiFinding:
    return PhiFinding(match.start(group), match.end(group), "DATE_TIME", score)


def _with_digits(text: str, words: frozenset[str], *, clinical: bool) -> Iterator[PhiFinding]:
    yield from _of_the_week(text, words)
    if not words.isdisjoint(_SEASON_WORDS):
        yield from (_finding(match, "id", _SURE) for match in _SEASON_OF_YEAR.finditer(text))
    if not words.isdisjoint(_MONTH_WORDS):
        for pattern in (_DAYS_OF_A_MONTH, _MONTHS_OF_YEAR, _LOG):
            yield from (_finding(match, "id", _SURE) for match in pattern.finditer(text))
    if not words.isdisjoint(_NUMERALS):
        for match in _ROMAN.finditer(text):
            if match["gap"] != " " or not clinical or _BORN.search(text, 0, match.start()):
                yield _finding(match, "id", _LIKELY)
    if _DOTS.search(text):
        for match in _DOTTED.finditer(text):
            yield _finding(match, "id", _LIKELY)
            yield _finding(match, "id2", _LIKELY)
        yield from (_finding(match, "id", _LIKELY) for match in _AT_HEAD.finditer(text))
    if "월" in text:
        yield from (_finding(match, "id", _SURE) for match in _KOREAN.finditer(text))
    if "月" in text:
        yield from (_finding(match, "id", _SURE) for match in _EAST.finditer(text))


def _of_the_week(text: str, words: frozenset[str]) -> Iterator[PhiFinding]:
    """With a weekday before it, or the day of the month alone."""
    if not words.isdisjoint(_WEEKDAY_WORDS):
        for match in _WITH_WEEKDAY.finditer(text):
            # "sat 9/12" in small letters is a saturation, unless a month stands beside it.
            if match["weekday"] != "sat" or re.search(r"[a-z]{3}", match["id"][4:]):
                yield _finding(match, "id", _WHOLE)
    if "month" in words:
        yield from (_finding(match, "id", _LIKELY) for match in _NTH_OF_MONTH.finditer(text))
    if "the" in words and not words.isdisjoint(_NTH_ENDINGS):
        for match in _THE_NTH.finditer(text):
            day = int(match["day"][:-2])
            if day > 12 or (match["cue"].lower() in _DAY_CUES and day > 3):
                yield _finding(match, "id", _LIKELY)


def _spelled(text: str) -> Iterator[PhiFinding]:
    for match in _IN_WORDS.finditer(text):
        verb = match["month"] in ("may", "march") and not match["year"]  # "it may first help"
        if not verb:
            yield _finding(match, "id" if match["id"] else "id2", _SURE)


def _months_alone(text: str) -> Iterator[PhiFinding]:
    for pattern in (_CUED_MONTH, _OWNED_MONTH, _BRACKETED_MONTH):
        for match in pattern.finditer(text):
            group = "id" if match["id"] else "id2"
            month = match[group].split()[-1].lower()
            named = month in _NAME_MONTHS and _NAMED_BEHIND.match(text, match.end())
            clause = re.split(r"[.;\n]", text[max(0, match.start() - _NEAR) : match.start()])[-1]
            behind = re.split(r"[.;\n]", text[match.end() : match.end() + _NEAR // 2])[0]
            if not (
                named or _MAY_VERB.match(text, match.end()) or _EVERY_YEAR.search(clause) or _EVERY_YEAR.search(behind)
            ):
                last = _LAST.search(text, max(0, match.start(group) - 10), match.start(group))
                start = last.start() if last else match.start(group)
                yield PhiFinding(start, match.end(group), "DATE_TIME", _LIKELY)
