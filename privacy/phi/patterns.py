"""Rules for identifiers with a shape: a pattern, an entity type, a score and, where shape is not enough, a check.

Types are the 18 of HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i). Each rule's group ``id`` is what is reported.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ghostchart.privacy.phi import checks
from ghostchart.privacy.phi.letters import LOWER, UPPER


@dataclass(frozen=True)
class Rule:
    """One pattern. ``check`` sees the match and may refuse it; ``needs_digit`` where no text without one can match.

    Where ``words`` are given, every match holds one of them, so a text without any (in small letters) is not searched;
    nor is one without ``literal``, which every match holds.
    """

    entity_type: str
    pattern: re.Pattern[str]
    score: float
    check: Callable[[re.Match[str]], bool] | None = None
    needs_digit: bool = True
    words: frozenset[str] = frozenset()
    literal: str = ""


def _rule(
    entity_type: str,
    pattern: str,
    score: float,
    check: Callable[[re.Match[str]], bool] | None = None,
    *,
    flags: int = re.IGNORECASE,
    needs_digit: bool = True,
    words: str = "",
    literal: str = "",
) -> Rule:
    return Rule(entity_type, re.compile(pattern, flags), score, check, needs_digit, frozenset(words.split()), literal)


_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_MONTHS = "jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov november dec december"
# Those that English has not; Spanish, French, German, Italian, Portuguese, Dutch, Polish, Swedish.
_FOREIGN_MONTH = (
    "enero|febrero|marzo|abril|junio|julio|agosto|sept?iembre|octubre|noviembre|diciembre|janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[ée]cembre|"
    "januar|februar|märz|maerz|juni|juli|oktober|dezember|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|"
    "januari|februari|maart|mei|augustus|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia|augusti|maj"
)
_FOREIGN_MONTHS = (
    "enero febrero marzo abril junio julio agosto septiembre setiembre octubre noviembre diciembre janvier fevrier février mars avril mai juin juillet aout août septembre octobre novembre decembre "
    "décembre januar februar märz maerz juni juli oktober dezember gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre janeiro fevereiro março maio junho julho setembro outubro "
    "novembro dezembro januari februari maart mei augustus stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia augusti maj"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[89]|20)\d\d"
_EDGE, _END = r"(?<![\w.,/-])", r"(?![\w/-]|\.\d)"
_SEP = r"(?![A-Za-z])[ \t]*(?:[:#=]|\b(?:is|was|no\.?|number|num\.?|id)\b)?[ \t:#.=]*"
_ID = r"(?P<id>(?=[\w/-]*\d)(?-i:[A-Z]{1,5}[-_ ]?)?(?=[\w-]*\d)[A-Z0-9]+(?:[-/_.][A-Z0-9]+){0,5})(?![\w])"
# Numbers after a weaker label need more digits, so that "chart 2 of 3" or "group 1" stay what they are.
_LONG_ID = r"(?P<id>(?-i:[A-Z]{1,5}[-_ ]?)?(?=(?:[A-Z-]*\d){4})[A-Z0-9]+(?:[-/_.][A-Z0-9]+){0,5})(?![\w])"

DATES = (
    _rule("DATE_TIME", rf"(?<![\w./-])(?P<id>{_YEAR}([-/.])(?:0?[1-9]|1[0-2])\2{_DAY}(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?)(?!\d)", 0.95),
    _rule("DATE_TIME", rf"(?:{_EDGE}|(?<=/\d\d-)|(?<=/\d{{4}}-))(?P<id>\d{{1,2}}([-/.])\d{{1,2}}\2(?:{_YEAR}|\d\d))(?![\w/]|-(?!\d\d?/\d)|\.\d)", 0.9, checks.is_numeric_date),
    _rule("DATE_TIME", rf"{_EDGE}(?P<id>{_DAY}\. (?:0?[1-9]|1[0-2])\. {_YEAR}){_END}", 0.9, literal=". "),
    _rule("DATE_TIME", r"\b(?:dob|dos|doa|dod|doi|birth ?date)\b[ \t:#=]{1,3}(?P<id>(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d\d|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d|\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)", 0.85, words="dob dos doa dod doi birth birthdate"),
    _rule(
        "DATE_TIME",
        rf"(?<![\w-])(?P<id>(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?{_MONTH}[ -]?{_DAY}(?:st|nd|rd|th)?(?:(?:,|-)? ?-?{_YEAR}|, ?'?\d\d(?!\d))?)(?![\w/]|-\d)",
        0.9,
        checks.is_month_day,
        words=_MONTHS,
    ),
    _rule("DATE_TIME", rf"(?<![\w.-])(?P<id>{_DAY}(?:st|nd|rd|th)?(?: of)?[ -]?{_MONTH}(?:[ -]|, ?)?(?:{_YEAR}|'?\d\d(?![\d:%/])))(?!\w)", 0.9, checks.is_day_month, words=_MONTHS),
    _rule("DATE_TIME", rf"(?<![\w.-])(?P<id>{_DAY}(?:st|nd|rd|th)? (?:of )?(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))(?![\w-])", 0.8, checks.is_day_month, words=_MONTHS),
    _rule("DATE_TIME", rf"(?<![\w-])(?P<id>{_MONTH}(?:,? (?:of )?|-){_YEAR})(?!\w|-\d)", 0.85, checks.is_month_day, words=_MONTHS),
    _rule("DATE_TIME", rf"(?<![\w/.-])(?P<id>(?:0?[1-9]|1[0-2])[/]{_YEAR})(?![\w/])", 0.85, literal="/"),
    _rule(
        "DATE_TIME",
        rf"\b(?:on|dated?|since|until|till|as of|dos|dob|admit(?:ted)?|discharged?|seen|visit|appointment|appt|lmp)\b[: ]+(?:on |the )?(?P<id>(?:0?[1-9]|1[0-2])-{_DAY})(?![\w/%.-]| ?(?:strength|systolic|murmur|pain|bilat|exam|days?|weeks?|months?|hours?|hrs?|liters?|l\b|mg|ml|times|in (?:severity|intensity)))",
        0.7,
        words="on date dated since until till as dos dob admit admitted discharge discharged seen visit appointment appt lmp",
    ),
    _rule("DATE_TIME", rf"(?<![\w-])(?P<id>{_MONTH},? (?:of )?['’]\d\d)(?!\d)", 0.85, words=_MONTHS),
    _rule("DATE_TIME", rf"(?<![\w.-])(?P<id>{_DAY}-?(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?:-?\d\d(?:\d\d)?)?)(?![\w-])", 0.8, flags=0, words=_MONTHS),
    _rule("DATE_TIME", rf"(?<![\w-])(?P<id>{_MONTH} {_DAY}(?:st|nd|rd|th)?(?: ?[-–/&] ?| (?:and|or|to|through|thru) ){_DAY}(?:st|nd|rd|th)?(?:,? {_YEAR})?)(?![\w/-])", 0.91, checks.is_month_day, words=_MONTHS),
    _rule("DATE_TIME", rf"(?<![\w.-])(?P<id>{_DAY}(?:\.|er|º|°)? (?:(?:de |d['’])?(?:{_FOREIGN_MONTH})|de mayo)(?:,? (?:de |del )?{_YEAR})?)(?!\w)", 0.85, words=f"{_FOREIGN_MONTHS} mayo"),
    _rule("DATE_TIME", rf"(?<![\w.-])(?P<id>{_DAY}(?:st|nd|rd|th)(?: of)? may)\b", 0.8, words="may"),
    _rule("DATE_TIME", rf"\b(?:on|since|until|till|by|from|born) (?P<id>{_DAY} may)\b(?! (?:be|have|not|also|need|require|take|return|use|repeat|give|cause|go))", 0.7, words="may"),
    _rule("DATE_TIME", rf"(?<![\w.-])(?P<id>{_DAY} May)\b(?! (?:be|have|not|also|need|require|take|return|use|repeat|give|cause|go))", 0.7, flags=0, words="may"),
    _rule("DATE_TIME", rf"(?<![\w.-])(?P<id>{_DAY}\. (?:April|August|September|November)(?: {_YEAR})?)(?!\w)", 0.7, words="april august september november", flags=0),
    _rule("DATE_TIME", rf"(?<![\w.-])(?P<id>(?:{_DAY}[ -]?(?:de )?)?(?:ene|abr|ago|dic|f[ée]vr?|avr|juil|d[ée]c|mrt|okt|dez|mär|giu|lug|ott)\.?[ -](?:de )?{_YEAR}|{_DAY} (?-i:ene|abr|okt|dez))(?!\w|-\d)", 0.75, words="ene abr ago dic fév fev févr fevr avr juil déc dec mrt okt dez mär giu lug ott"),
    _rule("DATE_TIME", rf"(?<![\w-])(?P<id>(?:{_FOREIGN_MONTH}),? (?:de |del )?{_YEAR})(?!\w)", 0.8, words=_FOREIGN_MONTHS),
    _rule("DATE_TIME", rf"{_EDGE}(?P<id>0[1-9]\.(?:0[1-9]|1[0-2])\.)(?!\d)", 0.6, literal="."),
    _rule("DATE_TIME", rf"{_EDGE}(?P<id>\d{{1,2}} ([-/.]) \d{{1,2}} \2 {_YEAR}){_END}", 0.9, checks.is_numeric_date, literal=" "),
    _rule("DATE_TIME", rf"{_EDGE}(?P<id>(?:19[3-9]|20[0-4])\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T\d{{4}}(?:\d\d)?Z?)?)(?![\w%-]|[.,]\d)", 0.6),
    _rule("DATE_TIME", rf"{_EDGE}(?P<id>(?:19|20)\d\d[-/]0[1-9])(?![\w/-]|\.\d)", 0.7),
    _rule("DATE_TIME", rf"\b(?:am|vom|bis|ab|den|zum|seit|since|until|le|el|dia|día|du|au|der) (?P<id>{_DAY}\.(?:0?[1-9]|1[0-2])\.)(?!\d)", 0.75, words="am vom bis ab den zum seit since until du au der le el dia día"),
    _rule("DATE_TIME", rf"\b(?:dob|birth ?date|date|born|dod|dos|admitted|discharged)\b[^\d\n]{{0,12}}(?P<id>{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]){_YEAR})(?!\d)", 0.85, words="dob birth birthdate date born dod dos admitted discharged"),
)  # fmt: skip

_OLD = r"(?P<id>9\d|1[01]\d)"
_NO_AGE = r"(?![\w%/°]|[.,]\d| ?(?:kgs?|lbs?|pounds|percent|mg|mcg|ml|mm|bpm|deg|degrees|cm|units?|beats|on (?:ra\b|room|\d)|min|minutes|days?|weeks?|months?|hours?|miles|pages|points|over|systolic|to \d|or (?:older|over)|and (?:older|over)|[-–] ?\d))"
_PERSON = r"(?:she|he|who|they|mother|father|mom|mum|dad|grand(?:mother|father|ma|pa|mom|dad)|granny|nana|aunt|auntie|uncle|nan|gran|gramps|grandparent|godmother|godfather|great-aunt|great-uncle|\w+-in-law|neighbou?r|landlady|landlord|resident|teacher|wife|husband|sister|brother|patient|pt|widow|man|woman|lady|gentleman|veteran|mr\.? \w+|mrs\.? \w+|ms\.? \w+)"

_PEOPLE = "she he who they mother father law auntie nan gran gramps grandparent godmother godfather great landlady landlord resident teacher mom mum dad grandmother grandfather grandma grandpa grandmom granddad granny nana aunt uncle neighbor neighbour wife husband sister brother patient pt widow man woman lady gentleman veteran mr mrs ms"

AGES = (
    _rule("AGE_OVER_89", rf"\b(?:turn(?:s|ed|ing)|(?:will|would|to|about to|should|could) turn|lived to(?: be)?|(?:died|passed(?: away)?|dead|retired)(?: \w+ly| in \w+| at home)? at(?: age| the age of)?|age of|ripe old age of|is now) {_OLD}{_NO_AGE}", 0.75, words="turn turns turned turning will would to about should could lived died passed dead retired age ripe is"),
    _rule("AGE_OVER_89", rf"\b{_PERSON}(?:,? (?:is|was|will be|would be|has turned)|['’]s)(?: now| only| almost| nearly| already| just| about| around| over| still| all of)? {_OLD}{_NO_AGE}(?= ?(?:[.,;:!?)]|$|\n|and |but |with |who |so |now|this |next |in [A-Z]))", 0.72, words=_PEOPLE),
    _rule("AGE_OVER_89", rf"[{UPPER}][{LOWER}'’-]+(?:,| \() ?{_OLD}(?=\)|, (?:was|who|of|from|has|had|is|and|said|says|an?|died|passed|lives|lived|still|the|whose|told|retired|formerly|remembered|will|in)\b| of [A-Z])", 0.7, checks.is_age_of_someone, flags=0),
    _rule("AGE_OVER_89", rf"\b{_PERSON}(?:,| \() ?{_OLD}(?=,|\))", 0.7, words=_PEOPLE),
    _rule("AGE_OVER_89", rf"\bat {_OLD}(?=,? (?:she|he|my|his|her)\b)", 0.7, words="at"),
    _rule("AGE_OVER_89", r"(?<![\w./-])(?P<id>(?:9\d|1[01]\d)(?:st|nd|rd|th)) birthday", 0.8, words="birthday"),
    _rule("AGE_OVER_89", r"(?<![\w./-])(?P<id>(?:9\d|1[01]\d) (?:años|ans|jahre|anni|anos|jaar|lat))\b", 0.75, words="años anos ans jahre anni jaar lat"),
    _rule("AGE_OVER_89", r"(?<![\w./-])(?P<id>(?:9\d|1[01]\d)(?!\+)[- ]?(?:years?|yrs?|y)[- /.]{0,2}(?:old|o)?)(?!\w)(?!.{0,4}(?:ago|prior|pack|smok|earlier))", 0.85, words="year years yr yrs y yo yearold yearsold yrold yrsold"),
    _rule("AGE_OVER_89", r"\bage[ds]?(?: is| was)?[:= ]{1,3}(?:of )?(?P<id>9\d|1[01]\d)(?![\d+%/]|\.\d| ?(?:or older|and (?:over|older)|\+))", 0.8, words="age aged ages"),
    _rule("AGE_OVER_89", r"(?<![\w./-])(?P<id>(?:9\d|1[01]\d)[ -]?(?:yo|y\.o\.|y/o|yof|yom))\b", 0.85, words="yo y yof yom"),
    _rule("AGE_OVER_89", r"(?<![\w./-])(?P<id>(?:9\d|1[01]\d) ?[MF])(?=[ ,;.:](?!\d))", 0.75, flags=0, words="m f"),
    _rule("AGE_OVER_89", r"(?<![\w./-])(?P<id>(?:9\d|1[01]\d)(?:[MF](?=[)/])|/[MF]\b))", 0.75, flags=0),
    _rule("AGE_OVER_89", r"(?<![\w/])[MF]/(?P<id>9\d|1[01]\d)(?![\w%/]|\.\d)", 0.75, flags=0, words="m f"),
    _rule("AGE_OVER_89", r"(?<![\w./-])(?P<id>(?:9\d|1[01]\d)[ -](?:wh?ite |black |hispanic |asian )?(?:male|female|man|woman|lady|gentleman))\b", 0.75, words="male female man woman lady gentleman"),
    _rule("AGE_OVER_89", r"\b(?:male|female|man|woman|lady|gentleman|sex:? ?[mf]),? (?P<id>9\d|1[01]\d)(?=[ \t]*(?:$|[\n,;)]|\.(?!\d)| (?:with|w/|who|from|s/p|c/o|here|admitted|lives|found|fell)\b))", 0.7, words="male female man woman lady gentleman sex"),
    _rule("AGE_OVER_89", r"\bage at (?:death|(?:the )?time of death|diagnosis|onset)[:, ]{1,2}(?:was )?(?P<id>9\d|1[01]\d)(?![\w%/]|\.\d)", 0.8, words="age"),
    _rule("AGE_OVER_89", r"\b(?P<id>(?:ninety(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|(?:one|a) hundred(?:(?: and)?[- ](?:one|two|three|four|five|six|seven|eight|nine|ten))?)[- ]years?[- ](?:old|of age))\b", 0.85, needs_digit=False, words="ninety hundred"),
    _rule("AGE_OVER_89", r"\bage[ds]? (?P<id>ninety(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?)\b", 0.8, needs_digit=False, words="ninety"),
)  # fmt: skip

_AREA = r"(?:\(\d{3}\)[ -]?|\d{3}[-. /])"
_PHONE = rf"(?:(?:\+?1|001)[-. ]?)?{_AREA}\d{{3}}[-. ]\d{{4}}(?: ?(?:x|ext\.?|extension) ?\d{{1,6}})?"
PHONES = (
    _rule("FAX_NUMBER", rf"\b(?:fax|facsimile|fx)\b[^\d\n(+]{{0,18}}(?P<id>{_PHONE}|\d{{3}}[-.]\d{{4}}|\+?\d{{10,11}})(?![\d-])", 0.95),
    _rule("PHONE_NUMBER", rf"(?<![\w.-])(?P<id>{_PHONE})(?![\d-])", 0.9),
    _rule("PHONE_NUMBER", r"(?<![\w.+-])(?P<id>\+\d{1,3}[-. ]?(?:\(?\d{1,4}\)?[-. ]?){2,4}\d{2,4})(?![\d-])", 0.85, checks.has_phone_length, literal="+"),
    _rule("PHONE_NUMBER", r"\b(?:tel(?:ephone)?|phone|ph|call(?:back)?|cell|mobile|pager|beeper|contact|reached at|home|work|voicemail)\b[^\d\n(+]{0,18}(?P<id>\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}|\d{3}[-.]\d{4}|\+?\d{10,11})(?![\d-])", 0.9, words="tel telephone phone ph call callback cell mobile pager beeper contact reached home work voicemail"),
    _rule("PHONE_NUMBER", r"(?<![\w.,/-])(?P<id>\(?0[1-9]\d{2,3}\)?[ -]\d{3}[ -]?\d{3,4}|0[1-9]\d{2}[ -]\d{4}[ -]\d{3,4}|0[1-9]\d{3} ?\d{6}|\(?0\d{1,2}\)?[ -]\d{4}[ -]\d{4}|0[1-9](?:[ .-]\d\d){4}|0[1-9]\d{1,3}[ /-]\d{6,8}|00[1-9]\d{0,2}(?:[ .-]\(?\d{1,5}\)?){2,5})(?![\w-]|[.,]\d| \d)", 0.82, checks.has_national_length),
    _rule("PHONE_NUMBER", r"(?<![\w.-])(?P<id>(?:\+?1[-. –])?\(?\d{3}\)?(?: ?[–‑—] ?| - )\d{3}(?: ?[–‑—] ?| - )\d{4}|\d{3}[-. ]\d{7})(?![\w-])", 0.8),
    _rule("PHONE_NUMBER", r"\b(?:tel(?:e(?:phone|fono|fon|foon))?|t[ée]l(?:[ée]phone)?|tel[ée]fono|tlf|m[óo]vil|celular|handy|mobil(?:e|nummer)?|portable|rufnummer|phone|call(?:back)?|cb|cell|text|sms|whats ?app|landline|hotline|helpline|reach(?:ed)? (?:me |her |him |us |them )?(?:at|on)|contact|ring|dial|vm|number)\b[^\d\n(+]{0,14}(?P<id>\+?\(?\d[\d ().–-]{5,17}\d)(?![\w/-]|[.,]\d)", 0.7, checks.is_grouped_phone, words="tel telephone telefono telefon telefoon tél téléphone teléphone télephone teléfono tlf móvil movil celular handy mobil mobile mobilnummer portable rufnummer phone call callback cb cell text sms whatsapp whats landline hotline helpline reach reached contact ring dial vm number"),
    _rule("PHONE_NUMBER", r"(?<![\w.,/-])(?P<id>x\d{4,5})(?![\w%/°^-]|[.,]\d)", 0.55, checks.is_station, flags=0, words="x"),
    _rule("PHONE_NUMBER", r"(?<![\w.,/-])(?P<id>x ?\d{1,2}-\d{3,4})(?![\w%/°^-]|[.,]\d)", 0.7, checks.is_station, words="x"),
    _rule("PHONE_NUMBER", r"\b(?:call(?:back)?|cb|phone|tel|page|text|ring|dial|reach(?:ed)?)\b(?:(?: [\w./]+){0,3} (?:at|on|@))?[ :#@.]{1,3}(?P<id>[2-9]-\d{4})(?![\w%/-]|[.,]\d)", 0.65, checks.is_station, words="call callback cb phone tel page text ring dial reach reached"),
    _rule("PHONE_NUMBER", r"(?<![\w*.-])(?P<id>(?:\+?1[-. ]?)?(?:\(\*{3}\)|\*{3})[-. ]{0,2}\*{3}[-. ]?\d{4})(?!\w)", 0.8, literal="***"),
    _rule("PHONE_NUMBER", r"(?<![\w.-])(?P<id>(?:\+?1[-. ]?)?(?:\(x{3}\)|x{3})[-. ]{1,2}x{3}[-. ]\d{4})(?!\w)", 0.8, words="xxx"),
    _rule("PHONE_NUMBER", r"(?<![\w.,/$#+-])(?<!\d )(?P<id>[2-9]\d\d-\d{4})(?![\w%/°-]|[.,]\d| ?-)", 0.5, checks.is_local_number, literal="-"),
    _rule("PHONE_NUMBER", r"(?<![\w.,/$#+-])(?<!\d )(?P<id>[6-9]\d{4} \d{5})(?![\w%/-]|[.,]\d| \d)", 0.5, checks.is_local_number, words="whatsapp call phone mobile mob cell number contact tel text sms ring"),
    _rule("PHONE_NUMBER", r"(?<![\w.-])(?P<id>(?:1[- ](?=8\d\d[- ])|(?=8\d\d-))8(?:00|33|44|55|66|77|88)[- ](?=[\dA-Z-]*[A-Z]{3})[\dA-Z]{2,8}(?:-[\dA-Z]{2,8}){0,2})(?![\w-])", 0.75, flags=0, literal="8"),
    _rule("PHONE_NUMBER", r"(?<![\w.-])(?P<id>\+\d{1,3} ?\(0\) ?\d[\d /-]{5,14}\d)(?![\w])", 0.86, literal="(0)"),
    _rule("PHONE_NUMBER", r"(?<![\w.-])p(?:[.:] ?)?(?P<id>\d{5})(?![\w%/-]|[.,]\d)", 0.55, checks.is_station, words="p"),
    _rule("PHONE_NUMBER", r"(?<=[=&?/:])(?P<id>%2B\d{8,15})(?!\w)", 0.85, literal="%2B"),
    _rule("PHONE_NUMBER", r"(?<![\w.,/-])(?P<id>1[38]00[ -]\d{3}[ -]\d{3})(?![\w-]|[.,]\d| \d)", 0.7),
    _rule("PHONE_NUMBER", r"\bcall (?P<id>\d{5})(?=[ \t]*(?:[.;?!)\n]|$)|,? (?:with|w/|if|for|re|when|to)\b)", 0.6, checks.is_station, words="call"),
    _rule("PHONE_NUMBER", r"\bpage(?: (?:me|him|her|us|them|md|rn|team))?(?: (?:at|on))? #?(?P<id>\d{4,6})(?![\w%/-]|[.,]\d)", 0.6, checks.is_station, words="page"),
    _rule("PHONE_NUMBER", r"\b(?:ext(?:ension|n)?|pager|beeper|pgr|bleep|dect|ascom|spectralink|vocera|voalte|zone phone)\b\.?(?: ?(?:#|no\.?|number|id|is))?[ #:.]{0,3}(?P<id>\d{1,3}-\d{3,5}|\d{3,6})(?![\w%/°-]|[.,]\d)", 0.65, checks.is_station, words="ext extension extn pager beeper pgr bleep dect ascom spectralink vocera voalte zone"),
    _rule("PHONE_NUMBER", r"(?<![\w.-])(?P<id>(?:pager|beeper|ext(?:ension|\.)?|x)[ #:]{0,2}\d{4,6})\b(?= |$|[.,;)])", 0.55, checks.is_extension, words="pager beeper ext extension x"),
)  # fmt: skip

NETWORK = (
    _rule("EMAIL_ADDRESS", r"(?<![\w.+-])(?P<id>[\w.+'-]+ ?@ ?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24})\b", 0.98, needs_digit=False, literal="@"),
    _rule("URL", r"(?P<id>\b(?:https?|ftp)://[^\s<>\"')\]]+[^\s<>\"')\].,;:])", 0.95, needs_digit=False, literal="://"),
    _rule("URL", r"(?<![@\w.-])(?P<id>(?:www\.[\w-]+(?:\.[\w-]+)+|[a-z0-9][\w-]*(?:\.[a-z0-9][\w-]*)*\.(?:(?:com|org|net|edu|gov|health|care|info|us|io|biz|de|eu|app|dev|example|online|site|shop|store|blog|(?:co|com|org|ac|gov|net|nhs)\.(?:uk|au|nz|za|in|jp|br|mx|kr|il|sg))(?=[/\s,;:)\]?!]|\.?\s|\.?$)|[a-z]{2,6}(?=/[\w?~][\w.?=&%~/-]{2})(?<!\.mg)(?<!\.ml)(?<!\.po)))(?:/[^\s<>\"')\]]*[^\s<>\"')\].,;:])?)", 0.85, needs_digit=False),
    _rule("IP_ADDRESS", r"(?<![\w.-])(?P<id>(?:\d{1,3}\.){3}\d{1,3})(?![\w-]|\.\d)", 0.85, checks.is_ipv4, literal="."),
    _rule("IP_ADDRESS", r"(?<![\w:])(?P<id>(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4})|(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}:?){1,6})(?![\w:])", 0.8, checks.is_ipv6),
    _rule("DEVICE_ID", r"(?<![\w:-])(?P<id>[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\2[0-9a-f]{2}){4})(?![\w:-])", 0.85),
)  # fmt: skip

# After a state however it is written; nine digits anywhere.
_STATES_SMALL = (
    "al|ak|az|ar|ca|ct|fl|ga|il|ia|ks|ky|md|mi|mn|mt|nc|nd|ne|nv|nh|nj|nm|ny|oh|pa|ri|sc|sd|tn|tx|ut|vt|va|wa|wv|wi|wy"
)
_STATES_CUT = "Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ga|Ida|Ill|Ind|Kan|Kans|Ky|La|Mass|Md|Mich|Minn|Miss|Mo|Mont|Neb|Nebr|Nev|Okla|Ore|Oreg|Pa|Penn|Tenn|Tex|Va|Vt|Wash|Wis|Wyo"
_STATES_WHOLE = (
    "alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|"
    "minnesota|mississippi|missouri|montana|nebraska|nevada|hampshire|jersey|mexico|york|carolina|dakota|ohio|oklahoma|oregon|pennsylvania|island|tennessee|texas|utah|vermont|virginia|washington|wisconsin|wyoming|columbia|puerto rico"
)
ZIPS = (
    _rule("ZIP_CODE", r"(?<![\w./-])(?P<id>\d{5}-\d{4})(?![\w-])", 0.6, checks.is_no_drug_code, literal="-"),
    _rule("ZIP_CODE", rf"(?<![\w.])(?:[A-Z]\. ?[A-Z]\.|(?:{_STATES_CUT})\.|(?:{_STATES_SMALL})),? (?P<id>\d{{5}}(?:-\d{{4}})?)(?![\w%/-]|[.,]\d)", 0.7, checks.is_no_drug_code, flags=0),
    _rule("ZIP_CODE", rf"\b(?:{_STATES_WHOLE}),? (?P<id>\d{{5}}(?:-\d{{4}})?)(?![\w%/-]|[.,]\d)", 0.7, checks.is_no_drug_code, words=_STATES_WHOLE.replace("puerto rico", "puerto").replace("|", " ")),
)  # fmt: skip

# A number that was cut down to its end is still somebody's: "ending in 4471", "last four 0932".
_LAST_FOUR = (
    r"(?:ending(?: (?:in|with|on))?|ends? (?:in|with|on)|last (?:four|4)(?: digits)?(?: (?:of|are|is))?)[ :#*x•.]{1,8}"
)
_ENDING = "ending ends end last"
NUMBERS = (
    _rule("US_SSN", r"(?<![\w.-])(?P<id>\d{3}-\d{2}-\d{4})(?![\w-])", 0.9, literal="-"),
    _rule("US_SSN", r"\b(?:ssn|ss ?#|social security|soc\.? sec\.?)[^\d\n]{0,20}?(?P<id>\d{3}[ .-]?\d{2}[ .-]?\d{4}|(?:[x*]{3}[ -]?[x*]{2}[ -]?)?\d{4})(?![\w-])", 0.97, words="ssn ssns ss social soc"),
    _rule("US_SSN", rf"\b(?:social|s\.?s\.?n?\.?)\b[^\d\n.;]{{0,30}}\b{_LAST_FOUR}(?P<id>\d{{4}})(?![\w%/-]|[.,:]\d)", 0.85, words="social ss ssn s"),
    _rule("US_SSN", r"\blast ?(?:four|4)(?: digits)?(?: of)?(?: (?:my|your|his|her|their|the|pt['’]?s|patient['’]?s))? (?:ssn?|social(?: security)?(?: number)?)\b(?: (?:is|are|was|were))?[ :#]{1,3}(?P<id>\d{4})(?![\w%/-]|[.,:]\d)", 0.85, words="last"),
    _rule("US_SSN", r"\blast ?(?:four|4)(?: digits)?(?: (?:is|are|being)|:)[ :#]{1,2}(?P<id>\d{4})(?![\w%/-]|[.,:]\d)", 0.7, words="last"),
    _rule("US_SSN", r"\blast ?(?:four|4)\)?(?: digits)?[ :=#]{1,3}(?P<id>\d{4})(?=[ \t]*(?:[.,;?!)&\n](?!\d)|$))", 0.7, words="last"),
    _rule("US_SSN", r"(?<![\w.+-])(?<!\d[ .])(?P<id>\d{3} \d{2} \d{4})(?![\w-]| \d)", 0.6, literal=" "),
    _rule("US_SSN", r"(?<![\w*.-])(?P<id>\*{3}[- ]\*{2}[- ]\d{4})(?!\w)", 0.9, literal="***"),
    _rule("US_SSN", r"(?<![\w*.-])(?P<id>x{3}[- ]x{2}[- ]\d{4})(?!\w)", 0.9, words="xxx"),
    _rule("MEDICAL_RECORD_NUMBER", rf"\b(?:mrn?|med(?:ical)?\.? ?rec(?:ord)?s?(?: ?(?:no\.?|num(?:ber)?|id|#))?|m\.r\.n\.?|emr|ehr|empi|unit(?= ?(?:no|num|#))|(?:patient|pt|hospital|chart|record|person)(?= ?(?:id\b|no\b|no\.|num|#|identifier))){_SEP}(?:identifier )?{_ID}", 0.95, checks.is_identifier, words="m mr mrn med medical medrec medrecs medrecord medrecords medicalrec medicalrecord medicalrecords emr ehr empi unit patient pt hospital chart record person"),
    _rule("MEDICAL_RECORD_NUMBER", rf"\b(?:encounter|visit|csn|accession|case|specimen|order|har|fin){_SEP}{_LONG_ID}", 0.75, checks.is_weakly_labelled, words="encounter visit csn accession case specimen order har fin"),
    _rule("MEDICAL_RECORD_NUMBER", r"(?<![\w.-])(?P<id>(?:MRN?|EMR|PT|CSN|FIN|HAR)[-#]?\d{4,12})(?![\w-])", 0.85, words="mr mrn emr pt csn fin har"),
    _rule("ACCOUNT_NUMBER", rf"\b(?:acc(?:oun)?t|acct|billing|invoice|claim|guarantor|bank|iban|routing|credit card|card)\.?{_SEP}(?:number |no\.? |# ?)?{_LONG_ID}", 0.92, checks.is_long_identifier, words="acct account billing invoice claim guarantor bank iban routing credit card"),
    _rule("ACCOUNT_NUMBER", r"(?<![\w.-])(?P<id>[3-6]\d{3}(?:([ -]?)\d{4}\2\d{4}\2\d{4}|([ -]?)\d{6}\3\d{5}))(?![\w-])", 0.96, checks.is_card),
    _rule("ACCOUNT_NUMBER", r"(?<![\w-])(?P<id>[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?)(?![\w-])", 0.95, checks.is_iban, flags=0),
    _rule("ACCOUNT_NUMBER", r"(?<![\w])(?P<id>0x[0-9a-fA-F]{40}|bc1[a-z0-9]{25,60}|[13][1-9A-HJ-NP-Za-km-z]{26,34})(?!\w)", 0.85, checks.is_wallet, flags=0),
    _rule("ACCOUNT_NUMBER", r"\b(?:user ?name|user ?id|login(?: name)?|screen name|handle|skype|twitter|instagram)\b ?[:=][ \t]*(?P<id>@?[\w.-]{3,40})", 0.7, needs_digit=False, words="user username userid login loginname screen handle skype twitter instagram"),
    _rule("ACCOUNT_NUMBER", rf"\b(?:card|account|acct|a/c|visa|mastercard|amex|discover|debit|credit|checking|chequing|savings|loan|mortgage|iban|wallet|the one|mine|policy|membership|passport|licen[cs]e|plate|mrn)\b[^\d\n.;]{{0,24}}\b{_LAST_FOUR}(?P<id>\d{{3,4}})(?![\w%/-]|[.,:]\d)", 0.8, words=_ENDING),
    _rule("ACCOUNT_NUMBER", r"(?<![\w*])(?P<id>\*{3,12}(?:[ -]\*{4}){0,3}[ -]?\d{4})(?!\w)", 0.75, literal="***"),
    _rule("ACCOUNT_NUMBER", r"(?<![\w-])(?P<id>(?:x{4}[- ]?){2,3}\d{4})(?!\w)", 0.8, words="xxxx xxxxxxxx xxxxxxxxxxxx"),
    _rule("ACCOUNT_NUMBER", r"(?P<id>•{3,12}(?: •{4}){0,3} ?\d{4})(?!\w)", 0.75, literal="•••"),
    _rule("PHONE_NUMBER", rf"\b(?:phone|cell|mobile|number|landline|tel(?:ephone)?|fax|device)\b[^\d\n.;]{{0,24}}\b{_LAST_FOUR}(?P<id>\d{{2,4}})(?![\w%/-]|[.,:]\d)", 0.75, words=_ENDING),
    _rule("LICENSE_NUMBER", r"(?<![\w-])A ?# ?(?P<id>\d{3}[ -]?\d{3}[ -]?\d{3})(?![\w-])", 0.8, flags=0, literal="#"),
    _rule("LICENSE_NUMBER", rf"\b(?:passport|visa|identity card|id card|national id|permit|drivers? permit){_SEP}(?:number |no\.? |# ?)?{_LONG_ID}", 0.9, checks.is_long_identifier, words="passport visa identity id national permit driver drivers"),
    _rule("US_SSN", r"\b(?:nino|national insurance|sin|itin|aadhaar|tax id|tin|nhs)\b[^\d\n]{0,20}(?P<id>[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]|\d{3}[ -]?\d{2,3}[ -]?\d{3,4}|\d{4} ?\d{4} ?\d{4})(?![\w-])", 0.9, words="nino national sin itin aadhaar tax tin nhs"),
    _rule("HEALTH_PLAN_NUMBER", rf"\b(?:member(?:ship)?|policy|subscriber|insurance|insured|payer|group|plan|beneficiary|health ?plan|medicare|medicaid|hicn?|mbi|aetna|cigna|humana|bcbs|blue cross)(?: (?:member|policy|group|plan|beneficiary|subscriber))?{_SEP}(?:number |no\.? |# ?|id[: #]*)?{_LONG_ID}", 0.92, checks.is_long_identifier, words="member membership policy subscriber insurance insured payer group plan beneficiary health healthplan medicare medicaid hic hicn mbi aetna cigna humana bcbs blue"),
    _rule("HEALTH_PLAN_NUMBER", r"(?<![\w-])(?P<id>[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d{2})(?![\w-])", 0.95, flags=0),
    _rule("LICENSE_NUMBER", rf"\b(?:npi|dea|upin|licen[cs]e|lic\.|driver'?s? lic(?:en[cs]e|\.)?|dl ?#|certificate|cert\.|credential){_SEP}(?:number |no\.? |# ?)?{_LONG_ID}", 0.94, checks.is_long_identifier, words="npi dea upin license licence lic driver drivers dl certificate cert credential"),
    _rule("LICENSE_NUMBER", r"(?<![\w.-])(?P<id>[12]\d{9})(?![\w-]|\.\d)", 0.8, checks.is_npi),
    _rule("LICENSE_NUMBER", r"(?<![\w-])(?P<id>[A-HJ-MPR-UX][A-Z9]\d{7})(?![\w-])", 0.9, checks.is_dea, flags=0),
    _rule("VEHICLE_ID", r"(?<![\w-])(?P<id>(?=[A-Z]*\d)(?=\d*[A-Z])[A-HJ-NPR-Z0-9]{17})(?![\w-])", 0.85, checks.looks_like_vin, flags=0),
    _rule("VEHICLE_ID", rf"\b(?:vin|licen[cs]e plate|plate|vehicle(?: id(?:entification)?)?|registration|tag){_SEP}(?:number |no\.? |# ?)?(?P<id>(?=[A-Z0-9 -]*\d)[A-Z0-9]{{2,5}}[ -]?[A-Z0-9]{{2,13}})(?!\w)", 0.9, checks.is_plate, words="vin license licence plate vehicle vehicleid vehicleidentification registration tag"),
    _rule("DEVICE_ID", rf"\b(?:serial|s/n|sn|device(?: id(?:entifier)?)?|udi|imei|implant(?: id)?|pacemaker|pump){_SEP}(?:number |no\.? |# ?|serial[: #]*)?{_LONG_ID}", 0.9, checks.is_long_identifier, words="serial s sn device deviceid deviceidentifier udi imei implant implantid pacemaker pump"),
    _rule("DEVICE_ID", r"(?P<id>\(01\)\d{14}(?:\(\d\d\)[A-Z0-9]+)*)", 0.95, literal="(01)"),
    _rule("DEVICE_ID", r"(?<![\w./#-])(?P<id>[A-Z]{3}\d{6}[A-Z])(?![\w-])", 0.6, flags=0),
    _rule("BIOMETRIC_ID", rf"\b(?:biometric|finger ?print|voice ?print|retinal? scan|iris scan|palm ?(?:print|vein))(?: template| id| scan| hash| record)?{_SEP}{_LONG_ID}", 0.9, checks.is_long_identifier, words="biometric finger fingerprint voice voiceprint retina retinal iris palm palmprint palmvein"),
    _rule("MEDICAL_RECORD_NUMBER", r"(?<![\w./$#+-])(?P<id>[A-Z]\d{3}-\d{4,7}|\d{2}-[A-Z]{1,2}-\d{4,6}|[A-Z]{2}\d{2}-\d{4,6}|[A-Z]\d{2}-\d{5,6}|[A-Z]{2}\d{3,4}-\d{3,5}|\d{1,2}[A-Z]{1,2}-\d{5,8})(?![\w%/-]|[.,]\d)", 0.5, checks.is_structured, flags=0, literal="-"),
    _rule("MEDICAL_RECORD_NUMBER", r"(?<![\w./$#+-])(?P<id>\d{3}-\d{2}-\d{2}|\d{2}-\d{2}-\d{2}-\d{2})(?![\w%/-]|[.,]\d)", 0.5, checks.is_terminal_digits, literal="-"),
    _rule("MEDICAL_RECORD_NUMBER", r"(?<!\w)[A-Za-z]{2,3}/[a-z]{2,3}[ \t:]+(?:job ?#? ?:? ?)?(?P<id>\d{5,9})(?=[ \t]*(?:$|\n))", 0.6, flags=0, literal="/"),
    _rule("ACCOUNT_NUMBER", r"(?<![\w-])(?P<id>\d:\d\d-(?:cv|cr|mc|bk|mj|md|ap|misc|po)-\d{2,6}(?:-[A-Z]{2,4}){0,3})(?![\w-])", 0.85, words="cv cr mc bk mj md ap misc po"),
    _rule("ACCOUNT_NUMBER", r"(?<![\w-])(?P<id>(?=[A-Z]{2}\d\d )(?:AD|AE|AL|AT|AZ|BA|BE|BG|BR|CH|CR|CY|CZ|DE|DK|DO|EE|ES|FI|FO|FR|GB|GE|GI|GL|GR|GT|HR|HU|IE|IL|IS|IT|JO|KW|KZ|LB|LI|LT|LU|LV|MC|MD|ME|MK|MR|MT|MU|NL|NO|PK|PL|PS|PT|QA|RO|RS|SA|SE|SI|SK|SM|TN|TR|UA|VG|XK)\d\d(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?)(?![\w-])", 0.8, flags=0, literal=" "),
    _rule("MEDICAL_RECORD_NUMBER", r"(?<![\w./$#+-])(?P<id>[A-Z]{1,5}[-/]\d{2,}(?:[-/]\d{2,}){1,3}|[A-Z]{1,3}-\d{5,9})(?![\w%/-]|[.,]\d)", 0.5, checks.is_structured, flags=0),
    _rule("MEDICAL_RECORD_NUMBER", r"(?<![\w.,/$#+-])(?P<id>[A-Z]{0,3}-?\d{7,12})(?![\w%/-]|\.\d|,\d)", 0.5, checks.is_bare_number, flags=0),
)  # fmt: skip
