"""Names told by how they are written: LAST, FIRST, a nickname in quotes, two surnames with a slash, initials before a surname, surnames of several words.

The form is strong evidence, but lists of conditions and drugs are written alike ("Sarcoid, Lymphoma"), so what stands in front
or behind must fit a person, or a list must know the words.
"""
# ruff: noqa: E501, SIM905  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.cues import is_refused
from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.name_kinds import GIVEN, NOBODY, SURNAME, UNKNOWN, WORD, kind_of
from ghostchart.privacy.phi.neighbour_words import ROLES, SPECIALTIES, TOWNS_TOO
from ghostchart.privacy.phi.vocabulary import clinical_words, countries, eponyms, is_listed_town, is_name_word

_SCORE = 0.71
_LETTERS = rf"{UPPER}{LOWER}'’"
_W = rf"[{UPPER}][{_LETTERS}]*[{_LETTERS}](?:-[{_LETTERS}]{{2,}})*"
_MIXED = rf"[{UPPER}](?:['’]?[{UPPER}])?[{LOWER}]+(?:[{UPPER}][{LOWER}]+)*(?:['’-][{UPPER}]?[{LOWER}]+)*"
_PARTICLES = r"(?:(?i:van|von|der|den|de|del|della|di|da|dos|du|la|le|los|las|el|al|bin|ibn|abu|st\.?|ste\.?|san|ben|ter|ten|mc|mac) ){0,3}"
_LAST_FIRST = re.compile(
    rf"(?<![\w'’,-])(?<!, )(?P<id>(?P<last>{_PARTICLES}{_W}(?: {_W})?), ?(?P<first>{_W}|[{UPPER}]\.(?: ?[{UPPER}]\.)?|[{UPPER}](?![\w'’]))(?: (?P<middle>[{UPPER}]\.?)(?![\w'’-]))?)(?![\w'’]|-\w|, ?[{UPPER}][{LOWER}])"
)
_PEOPLE_BEFORE = re.compile(
    r"(?i)(?:^|[\s(])(?:for|of|on|by|with|w/|re|see|saw|call(?:ed)?|find|open|chart|patient|pt|client|inmate|resident|mother|father|wife|husband|son|daughter|attn|name|record|sample|specimen|"
    r"dear|from|to|cc|is|was|has|per|student|employee|tenant|passenger|witness|provider|md|dr|ordering|attending|nurse|rn)[: ]+$"
)
_BED_BEFORE = re.compile(
    r"(?i)^[ \t*•>-]*(?:(?:bed|rm|room|pod|bay|seat|slot|unit|no\.?|#) ?)?#?[A-Z]{0,3}-?\d{1,4}[A-Z]{0,2}(?:[-/][A-Z]?\d{0,3}[A-Z]?)?[.):]?[ \t:–—-]*$"
)
_PERSON_AFTER = re.compile(
    r"[ \t]*[,;|(–—-]*[ \t]*(?:\d{1,3} ?(?:[MFmf]\b|[yY][/.]?[oOrR]?\b|[yY]ears?)|[MF]\b(?: ?[,;|/)]| +\d|$)|(?i:dob|d\.o\.b|mrn|born|chart|acct|account|rm|room|bed|male|female|jr|sr|iii|age|aged|badge|pager|ext|seat)\b|#? ?[A-Z]{0,3}-?\d{3}[-/ ]?\d{1,}|\d{1,2}[/.-]\d{1,2}[/.-]\d|(?:MD|DO|RN|NP|PA|PhD|DDS)\b)"
)
_ENDS = re.compile(r"[ \t]*(?:$|[\n;|.)?])")
_NICK = re.compile(
    rf"(?<![\w'’-])(?P<id>(?P<first>{_MIXED})(?: [{UPPER}]\.)? (?:[\"“”‘'](?P<nick>{_MIXED})[\"“”’']|\((?P<other>{_MIXED})\)) (?P<last>{_PARTICLES}{_MIXED}))(?![\w-])"
)
_SLASH = re.compile(
    rf"^[ \t]*[—–-]?[ \t]*(?P<id>{_MIXED})/(?P<other>{_MIXED})(?=[ \t]*(?:$|\n|\d{{1,2}}[/.-]\d|(?i:pgy|pager|x\d)))"
)
# A row of a rounding list: "Bed 14  Farrow-Vance T  F 37".
_BED_LINE = re.compile(
    rf"^[ \t*•>-]*(?:(?i:bed|rm|room|pod|bay) ?)?#?[A-Z]{{0,3}}-?\d{{1,4}}[A-Z]{{0,2}}(?:[-/][A-Z]?\d{{0,3}}[A-Z]?)?[.):]?[ \t:|–—-]+(?P<id>(?P<last>{_MIXED})(?:,? [{UPPER}]\b\.?)?)(?=[ \t,|;-]+(?:[MF] ?/?,? ?\d{{1,3}}\b|\d{{1,3}} ?/?(?:[MFmf]\b|yo\b|y/o)))"
)
_SIGNED = re.compile(
    rf"(?<![\w.])(?P<id>(?P<initials>[{UPPER}]{{1,2}}|[{UPPER}]\.[ ]?[{UPPER}]\.) (?P<last>{_MIXED}))(?=,? (?:(?i:pgy-?\d|ms ?[34]\b)|(?:MD|DO|RN|NP|PA|PA-C|APRN|CRNA|CNA|LPN|PharmD|DPT|RRT|LCSW|MSW|RD)\b(?=[ \t]*(?:$|[\n.,;/)]|x|p|\d))))"
)
_FAMILIAR = re.compile(
    rf"(?<![\w'’-])(?P<id>(?:Big|Lil'?|Little|Old|Ol'?|Baby|Papa|Mama|Nana|Cousin|DJ) (?P<given>{_MIXED}))(?![\w-]| [{UPPER}])"
)
_NO_INITIALS = frozenset(
    "PT OT RN MD NP PA DR MR MS CC RE IV PO IM US CT SW CM ST PM AM ED ER ICU OR IS IT A I".split()
)


def names_by_form(text: str) -> Iterator[PhiFinding]:
    """Names in one line or sentence; overlaps are resolved by the caller."""
    if "," in text:
        for match in _LAST_FIRST.finditer(text):
            start = _start_of_last_first(text, match)
            if start >= 0:
                yield PhiFinding(start, match.end("id"), "PERSON", _SCORE)
    if '"' in text or "“" in text or "(" in text or "'" in text:
        yield from _with_nickname(text)
    if "/" in text:
        pair = _SLASH.match(text)
        kinds = [kind_of(pair["id"]), kind_of(pair["other"])] if pair else []
        if pair and len(kinds) == 2 and {NOBODY, WORD}.isdisjoint(kinds) and kinds != [UNKNOWN, UNKNOWN]:
            for group in ("id", "other"):
                yield PhiFinding(pair.start(group), pair.end(group), "PERSON", _SCORE)
    bed = _BED_LINE.match(text)
    if bed and kind_of(bed["last"]) in (GIVEN, SURNAME, UNKNOWN) and bed["last"].lower() not in SPECIALTIES:
        yield PhiFinding(bed.start("id"), bed.end("id"), "PERSON", _SCORE)
    for match in _SIGNED.finditer(text):
        if match["initials"] not in _NO_INITIALS and kind_of(match["last"]) in (GIVEN, SURNAME, UNKNOWN):
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)
    yield from _familiar(text)
    yield from surnames_of_words(text)


def _familiar(text: str) -> Iterator[PhiFinding]:
    """ "Big Ozzie", "Lil Tamika"."""
    if any(
        lead in text for lead in ("Big ", "Lil", "Little ", "Ol", "Baby ", "Papa ", "Mama ", "Nana ", "Cousin ", "DJ ")
    ):
        for match in _FAMILIAR.finditer(text):
            word = match["given"]
            if kind_of(word) == GIVEN and word.lower() not in TOWNS_TOO and not is_refused(text, match.end("id")):
                yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)


def _start_of_last_first(text: str, match: re.Match[str]) -> int:
    """Where the name begins, -1 where it is none: of two words before the comma the first may belong to the sentence."""
    first, start = match["first"], match.start("id")
    words = [word for word in re.finditer(_W, match["last"]) if word[0].lower() not in _SMALL_PARTS]
    kinds = [kind_of(word[0]) for word in words]
    while len(kinds) > 1 and (kinds[0] == NOBODY or words[0][0].lower() in ROLES or words[0][0].lower() in SPECIALTIES):
        start = match.start("last") + words[1].start()
        kinds.pop(0)
        words.pop(0)
    if not words or NOBODY in kinds or any(_is_elsewhere(word[0]) for word in words):
        return -1
    before = text[max(0, start - 30) : start]
    begins = start < 30 and (not before.strip(" *•\t>-–—") or _BED_BEFORE.match(before) is not None)
    announced = _PEOPLE_BEFORE.search(before) is not None
    labelled = before.rstrip().endswith((":", "|", "="))
    followed = _PERSON_AFTER.match(text, match.end("id")) is not None
    known = SURNAME in kinds or GIVEN in kinds or (kind_of(first) == SURNAME and len(first) > 2)
    if len(first.strip(".")) == 1 or "." in first:
        # "Rangel, P." but neither "Klebsiella, E. coli" nor "Kowalski, A 54-year-old".
        small = re.match(r" [a-z]+(?!\w)(?<!ed)(?<!has)(?<!was)(?<!is)(?<!says)", text[match.end("id") :]) is not None
        dotted = "." in first
        return (
            start
            if (dotted and not small and (known or announced)) or (known and followed) or (dotted and followed)
            else -1
        )
    kind = kind_of(first)
    if kind == NOBODY or _is_elsewhere(first) or (match["last"].isupper() != first.isupper() and len(first) > 2):
        return -1
    shouted = first.isupper() and len(first) > 2
    short = shouted and min(len(first), len(words[-1][0])) < 4
    ends = followed or _ENDS.match(text, match.end("id")) is not None
    near = begins or announced or labelled
    if kind in (GIVEN, WORD) and known:
        told = kind == GIVEN or followed or near
    elif known or kind in (GIVEN, WORD):
        told = not short and (followed or (near and ends))
    else:
        # No list knows either word: "HAVERDINK,OSKELL" is written by a machine, ", " also by people.
        tight = shouted and match["id"][len(match["last"]) + 1] != " "
        told = not short and near and (followed or tight or (announced and len(first) > 3))
    return start if told else -1


_SMALL_PARTS = frozenset(
    "van von der den de del della di da dos du la le los las el al bin ibn abu st ste san ben ter ten mc mac".split()
)


def _is_elsewhere(word: str) -> bool:
    low = word.lower()
    return low in countries() or low in clinical_words() or (low in eponyms() and not is_name_word(low))


def _with_nickname(text: str) -> Iterator[PhiFinding]:
    """ "Isolde "Izzy" Farrow", "Robert (Bobby) Farrow"."""
    for match in _NICK.finditer(text):
        kinds = [kind_of(match["first"]), kind_of(match["last"].split()[-1])]
        nick = match["nick"] or match["other"]
        sure = GIVEN in kinds or kind_of(nick) == GIVEN or SURNAME in kinds
        if kinds[0] == NOBODY or (kinds[1] == NOBODY and not is_name_word(match["last"])) or not sure:
            continue
        if match["other"] and kind_of(nick) not in (GIVEN, WORD):
            continue
        yield PhiFinding(match.start("id"), match.end("id"), "PERSON", 0.94)


# Surnames of two words, as Lakota, Crow, Cheyenne, Navajo and others write them in English.
_FIRSTS = (
    "Little|Big|Yellow|Red|White|Black|Blue|Gray|Grey|Brown|Green|One|Two|Three|Four|Five|Many|Good|Bad|Tall|Long|Short|Old|Young|Iron|Spotted|Running|Standing|Sitting|Flying|Walking|"
    "Walks|Runs|Stands|Sits|Sleeping|Charging|Holy|Eagle|Bear|Elk|Crow|Hawk|Wolf|Buffalo|Horse|Dog|Medicine|Lone|Poor|Rain|Fast|Slow|Swift|Crazy|American|High|Low|Hollow|"
    "Her|His|Left|Plenty|Plain|Pretty|Kills|Strikes|Takes|Comes|Goes|Looking|Looks|Dull|Brave|Broken|Bull|Chasing|Chief|Cloud|Cut|Day|Dark|Deer|Fire|First|Grass|Hard|Hollow|"
    "Ice|Jumping|Killer|Last|Lame|Makes|Moves|Night|No|Not|Old|Other|Owl|Painted|Rattling|Respects|Ridge|Roan|Rolling|Sharp|Shot|Shoots|Singing|Small|Smoke|Snow|Soft|Sound|Star|Stone|"
    "Strong|Sun|Sweet|Talks|Thunder|Turning|Turns|Under|War|Water|Weasel|Whirlwind|Wild|Wind|Winter|Wooden|Wounded|Fighting|Fox|Gros|Hairy|Half|Heavy|Bird|Blind|Blood|Bobtail|Bright"
)
_SECONDS = (
    "Horses?|Bears?|Bulls?|Wol(?:f|ves)|Eagles?|Elks?|Crows?|Hawks?|Clouds?|Thunder|Birds?|Feathers?|Owls?|Fox(?:es)?|Deer|Buffalo(?:es)?|Hoops?|Shields?|Lance|Bows?|Arrows?|Kni(?:fe|ves)|"
    "Hair|Face|Eyes?|Hands?|Heart|Water|River|Moon|Sun|Stars?|Sky|Wind|Snow|Rock|Stone|Tail|Dogs?|Badger|Antelope|Weasel|Hole|Trees?|Woman|Man|Boy|Chief|Leggings?|Moccasins?|"
    "Enem(?:y|ies)|Behind|Alone|Tobacco|Wings?|Robe|Hat|Whirlwind|Smoke|Fire|Lodge|Pipe|Soldier|Warrior|Lightning|Hail|Earth|Mountain|Grass|Sage|Otter|Beaver|Turtle|Swan|Magpie|Duck|Goose|"
    "Calf|Cow|Colt|Pony|Mule|Rider|Runner|Dancer|Singer|Ghost|Spirit|Medicine|Bonnet|Blanket|Drum|Bone|Foot|Feet|Nose|Neck|Ears?|Teeth|Tooth|Belly|Child|Straight|Twice|Ahead|Afraid|First|Last|"
    "Plume|Berr(?:y|ies)|Cherr(?:y|ies)|Willow|Wood|Canoe|Boat|Iron|Gun|Charge|Scout|Guard|Crane|Elk|Hills?"
)
_OF_WORDS = rf"(?:(?:{_FIRSTS}) (?:{_SECONDS})|(?:Afraid|Kills|Comes|Looks|Walks|Talks|Sleeps|Stands|Runs|Rides|Sits|Lives|Goes|Falls|Flies|Brings|Not|Man|Woman|Chief) (?:(?:in|of|at|on|the|over|from|with|his|her|for|to|by|among|In|Of|At|On|The|Over|From|With|His|Her|For|To|By|Among) ){{0,2}}(?:{_SECONDS}|{_W}))"
_WORDS = re.compile(
    rf"(?<![\w'’-])(?P<id>(?P<lead>(?i:mr|mrs|ms|miss|mx|dr|prof|doctor|nurse|pastor|officer)\.? |[{UPPER}]\. ?|(?P<given>{_MIXED}) (?:[{UPPER}]\. )?)?(?P<last>{_OF_WORDS}s?))(?![\w'’]|-\w)(?P<comma>, (?P<first>{_MIXED}))?"
)
_SAINT = re.compile(
    rf"(?<![\w'’-])(?P<id>(?:(?i:mr|mrs|ms|miss|dr|prof|doctor)\.? |(?:[{UPPER}]\. ?){{1,2}}|(?P<given>{_MIXED}) (?:[{UPPER}]\. )?)(?:St|Ste|Saint|Sainte)\.?[ -](?P<last>{_MIXED}))(?![\w'’]|-\w)"
)
_BOTH_WORDS = frozenset(part for part in re.findall(r"[A-Z][a-z]+", _FIRSTS) if part)
_HEADS_PERSON = re.compile(r",? \(?\d{1,3} ?(?:[MFmf]\b|[yY][/.]?[oO]\b|years?\b|yr\b)")
_CAPITAL_WORDS = re.compile(r"(?<![\w'’-])[A-Z][a-z]+(?= )")
_NO_STREET = re.compile(
    r" (?:St|Street|Ave|Avenue|Rd|Road|Dr|Drive|Ln|Lane|Blvd|Hospital|Clinic|Medical|Health|Church|School|Parish|County|Casino|Lodge|Creek|Agency|Reservation)\b"
)


def surnames_of_words(text: str) -> Iterator[PhiFinding]:
    """ "Winona Afraid of Hawk", "D. Yellow Horse", "Ms. Little Thunder", "J. St. Clair", with a title, an initial or a first name in front or behind."""
    words = set(_CAPITAL_WORDS.findall(text))
    if not words.isdisjoint(_BOTH_WORDS) or "Afraid" in words:
        for match in _WORDS.finditer(text):
            given = match["given"]
            known = given is not None and kind_of(given) in (GIVEN, WORD)
            heads = not text[: match.start("last")].strip() and _HEADS_PERSON.match(text, match.end("last"))
            behind = match["first"] is not None and kind_of(match["first"]) == GIVEN
            if _NO_STREET.match(text, match.end("last")):
                continue
            if (match["lead"] and given is None) or known:
                # Above what a title alone announces, which would end after the first word.
                yield PhiFinding(match.start("id"), match.end("last"), "PERSON", 0.96)
            elif heads or behind:
                yield PhiFinding(match.start("last"), match.end("first" if behind else "last"), "PERSON", 0.75)
    if "St" in text or "Sai" in text:
        for match in _SAINT.finditer(text):
            given = match["given"]
            if given is not None and (kind_of(given) != GIVEN or is_listed_town(f"st. {match['last']}")):
                continue
            if kind_of(match["last"]) != NOBODY and not _NO_STREET.match(text, match.end("id")):
                yield PhiFinding(match.start("id"), match.end("id"), "PERSON", 0.96)
