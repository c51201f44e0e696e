"""Names that stand for a thing: scales, scores, devices, operations, findings and organisms called by somebody's name.

Lists of eponyms are never complete, but English puts the thing behind the name ("Hester Davis fall risk scale", "Huber
needle", "Tokyo guidelines"), so the noun decides. A name that a title, label or role announces stays a person, and so does
a first name with a surname unless the noun can hardly follow a person.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.vocabulary import is_given_name, is_ordinary

_ANNOUNCED = 0.85  # score of what a title, degree or label announces
_CUED_TOWN = 0.62  # score of a town that words about a place announce
_TYPES = frozenset({"PERSON", "CITY", "FACILITY"})
# Instruments and rules: nobody's name is followed by them without a verb or a comma.
_INSTRUMENTS = (
    r"scales?|scores?|ind(?:ex|ices)|inventory|questionnaire|criteri(?:a|on)|classification|rules?|staging|grading|"
    r"equation|formula|nomogram|guidelines?|signs?|syndrome|disease|phenomenon|protein(?:uria)?|prosthes[ie]s|analy[sz]er|assay|"
    r"fall risk (?:model|tool|assessment(?: tool)?)|assessment tool|risk (?:tool|model)"
)
_THINGS = (
    rf"{_INSTRUMENTS}|tools?|models?|tests?|grades?|class(?:es)?|stages?|types?|categor(?:y|ies)|levels?|group|patterns?|status|assessment|"
    r"examination|exam|state|protocol|procedure|operation|repair|technique|method|approach|incision|maneuvers?|manoeuvres?|position|curve|depth|"
    r"chart|card|plates?|grid|field|fields|tonometry|reflex|palsy|fractures?|injury|lesions?|nodes?|nodules?|spots?|bod(?:y|ies)|cells?|rods?|fibers?|"
    r"cysts?|tumou?r|lymphoma|sarcoma|carcinoma|neuroma|purpura|angina|chorea|arteritis|thyroiditis|esophagus|diverticulum|tear|"
    r"malformation|anomaly|deformity|contracture|hernia|ulcer|gait|respirations?|breathing|aphasia|encephalopathy|dementia|cardiomyopathy|"
    r"reaction|virus|fever|bacillus|stain|smear|agar|medium|catheters?|drains?|tubes?|sumps?|lines?|shunts?|valves?|grafts?|patch(?:es)?|stents?|"
    r"filters?|clamps?|clips?|forceps|scissors|retractor|speculum|needles?|blades?|balloon|vacuum|bulb|suction|pumps?|monitors?|masks?|bags?|beds?|"
    r"chairs?|lifts?|collars?|brace|boots?|stockings?|wraps?|straps|bandage|sutures?|nails?|pins?|wires?|plates|screws?|frames?|reservoir|pouch|conduit|"
    r"flap|loop|ring|canal|duct|gland|ligament|tubercles?|point|triangle|triad|pentad|tetralogy|law|effect|diet|exercises|regimen|program|trial|study|"
    r"performance|sedimentation|discriminant|rate|units?|ratio|ablation|surgery|anastomosis|bypass|reconstruction|resection|ligation|amputation|"
    r"release|fusion|transfer|implants?|hardware|toxin|antigen|antibod(?:y|ies)|"
    r"\w+(?:ectomy|otomy|ostomy|plasty|odesis|itis|osis|opathy|oplication)"
)
_CAP = rf"[{UPPER}][\w'’]*(?:[-–][{UPPER}{LOWER}]\w*)*"
# What may stand between the name and its noun: words, no verb in the past tense, nothing that joins clauses.
_BETWEEN = r"(?!(?:and|or|has|had|have|is|was|are|were|be|been|who|that|with|without|for|to|of|in|on|at|by|from|as|if|no|not|her|his|their|the|an?|today|yesterday|" \
    r"says?|said|tells?|reports?|denies|states?|needs?|uses?|takes?|does|did|will|can|could|should|would|may|might|wants?|feels?)\b)(?!\w+ed\b)[\w-]+"  # fmt: skip
_REST = rf"(?:[-–]{_CAP})*(?:['’]s?)?(?:(?:,? and | & ){_CAP})?"
_FOLLOWED = {
    wide: re.compile(rf"{_REST}[ -](?:{_BETWEEN}[ -]){{0,{most}}}?(?i:{heads})\b")
    for wide, most, heads in ((True, 3, _THINGS), (False, 3, _INSTRUMENTS))
}
# "Boston syncope criteria", "Philadelphia collar", but "from Boston rate controlled": a noun of its own, directly.
_CODE_AFTER = re.compile(r" [A-Z]\d[A-Z]?\d?\b| [A-Z] (?:collar|brace)\b")
_ROLE_BEFORE = re.compile(
    r"(?i)\b(?:patient|pt|client|resident|wife|husband|spouse|son|daughter|mother|father|mom|dad|brother|sister|partner|friend|neighbou?r|niece|nephew|cousin|"
    r"aunt|uncle|grand\w+|caregiver|aide|guardian|pcp|\w+ologist|surgeon|hospitalist|physician|provider|nurse|pharmacist|therapist|named?|called|"
    r"spoke (?:to|with)|mr|mrs|ms|miss|dr|baby|infant|infant of)\.?,? $"
)


# First names and surnames that stand for a quantity or for an account.
_WORDS = {
    "Max": re.compile(
        r"\bMax\.? ?(?:daily|dose|assist|temp|hr|heart|rate|gradient|velocity|flow|of|at \d|\d|x ?\d|inspir|pressure|single|total|amount|volume|strength|out|speed|limit|weight|number|effort|"
        r"inflation|intensity|value|length|height|size|capacity|power|level|charge|benefit|allowed|CA|SUV)",
        re.IGNORECASE,
    ),
    "Roth": re.compile(
        r"\b(?:an?|my|the|your|his|her|our|their|to|into|from) Roth\b(?! family| brothers| house)|\bRoth (?:IRA|401|account|conversion)"
    ),
    "Bernard": re.compile(r"\bSaint Bernard\b"),
    "Saint Bernard": re.compile(r"\bSaint Bernards?\b"),
}


def is_thing(text: str, finding: PhiFinding) -> bool:
    """Whether a name or place found is part of what a thing is called."""
    if finding.entity_type not in _TYPES or finding.score >= (
        _ANNOUNCED if finding.entity_type != "CITY" else _CUED_TOWN
    ):
        return False
    if _ROLE_BEFORE.search(text, max(0, finding.start - 24), finding.start):
        return False
    name = text[finding.start : finding.end]
    if name in _WORDS and _WORDS[name].search(text[max(0, finding.start - 8) : finding.end + 16]):
        return True
    words = name.split()
    # Of "Oxford Knee", "Richmond Agitation-Sedation" the first word names, the others already belong to the noun.
    first = finding.start + len(words[0])
    wide = finding.entity_type != "FACILITY" and not (len(words) > 1 and is_given_name(words[0]))
    if wide and any(is_ordinary(part) for word in words[1:] for part in word.split("-")):
        return _FOLLOWED[True].match(text, first) is not None
    followed = _FOLLOWED[wide].match(text, finding.end) or _FOLLOWED[wide].match(text, first)
    return followed is not None or (finding.entity_type == "CITY" and _CODE_AFTER.match(text, finding.end) is not None)
