"""The words that stand before a name in mail, requests and the shorthand of wards, by what they tell."""

# ruff: noqa: E501  (lists of words)

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Behind a title even an ordinary word is a name.
TITLES = _set(
    "dr drs mr mrs ms miss mme mlle fr sgt lt cpt capt cpl ofc officer deputy detective det sheriff pastor rabbi imam deacon rev "
    "señora señor sra srta doña herr frau prof professor uncle aunt auntie tía tío abuela grandma grandpa"
)
_SURE_ROLES = _set(
    "wife husband spouse partner son sons daughter daughters dtr dtrs dgtr dgt mother father mom mum dad sister sisters brother brothers sibling "
    "siblings aunt uncle niece nephew cousin cousins grandson granddaughter grandmother grandfather grandchild stepson stepdaughter stepmother "
    "stepfather stepdad stepmom step-dad step-mom girlfriend boyfriend fiance fiancee fiancé fiancée friend friends neighbor neighbour roommate twin twins child "
    "children kids baby infant neonate newborn caregiver guardian nurse rn lpn cna crna aprn sw lcsw lmsw caseworker chaplain interpreter "
    "sitter resident intern fellow attending hospitalist intensivist surgeon pharmacist dietitian phlebotomist midwife doula scribe "
    "medic paramedic student customer client tenant landlord driver coach teacher employee passenger colleague boss "
    "supervisor plumber nanny babysitter tutor barber hairdresser secretary receptionist moderator host organizer organiser "
    "treasurer chairman chairwoman spokesman spokeswoman spokesperson defendant plaintiff witness juror float"
)
# Short words that are also something else: behind these the name must be a listed one.
_LOOSE_ROLES = _set(
    "pa np rt pt cm tech aide md do ot slp patient client team provider pcp manager director agent user member guest author editor"
)
ROLES: dict[str, bool] = dict.fromkeys(_LOOSE_ROLES, False) | dict.fromkeys(_SURE_ROLES, True)
"""Role -> whether a word in no list is a name behind it."""
SPECIALTIES = _set(
    "cards cardiology card gi id renal nephro nephrology neuro neurology nsgy neurosurgery ortho pulm pulmonology icu micu sicu heme onc "
    "hematology oncology endo endocrine psych psychiatry derm rheum uro urology ent ophtho vascular surgery surg gensurg plastics ct-surgery "
    "anesthesia anes palliative pall hospice pmr pm&r pt ot pt/ot slp rt sw cm pharmacy pharm nutrition wocn wound picc ir rads radiology ob "
    "obgyn gyn peds picu nicu ed er medicine im fm hospitalist geri transplant hepatology hep pain speech social case consult consults days "
    "nights float charge primary team covering handoff signout"
)
GREETINGS = _set(
    "hi hello hey hiya dear yo thanks thx ty cheers congrats congratulations welcome sorry bye goodbye goodnight morning afternoon evening hola ciao"
)
# Behind these somebody stands, whatever the text is about.
ANNOUNCERS = _set(
    "paged page attn told asked ask tell cc'd reminded remind informed texted emailed phoned thanked thank invited hired spoke spoken "
    "d/w s/w c/o under called messaged msg'd notified congratulated signed initialed cosigned"
)
ASKED = _set(
    "ask asked tell told call called text texted email emailed message messaged remind reminded thank thanked invite invited hire hired meet met "
    "join joined contact contacted page paged remove removed reach under know knew let w w/"
)
PREPOSITIONS = _set(
    "w w/ with by per that when because said if while since but until after before via ask tell call text page let see"
)
# What stands before the patient a request is about.
REQUESTED = _set("for of on about re regarding has have does did is was are to by from with chart find open")
PLACES = _set(
    "in at near into through across around via toward towards outside inside st saint mount mt fort lake port san santa rue avenue hotel the"
)
# First names that are as often a place.
TOWNS_TOO = _set(
    "paris sydney florence austin dallas houston orlando lincoln madison charlotte savannah alexandria georgia virginia carolina victoria adelaide chelsea brooklyn "
    "israel jordan kenya china asia valencia santiago lourdes milan phoenix denver salem eugene regina geneva verona siena odessa london berlin vienna roma catalina sierra "
    "dakota montana jackson cleveland aurora columbus trenton camden raleigh durham augusta helena juneau olympia pierre lansing boston alexa siri cortana mercedes porsche mars "
    "venus apollo athena hermes diana nova tesla"
)
BEHIND_PEOPLE = (
    "laptop|phone|car|house|home|email|mail|birthday|wedding|desk|office|account|password|team|boss|family|wife|husband|mother|father|mom|mum|dad|sister|brother|"
    "son|daughter|kids|baby|dog|cat|flight|room|shift|number|address|passport|report|invoice|last|next|new|old|labs?|chart|meds|x-?rays?|scan|mri|ct|echo|results?"
)
