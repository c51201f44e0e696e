"""Names in fields of forms, tables, logs and messages between machines: "BENEFICIARY: ...", "First name: ...", ``"user": "..."``.

A colon, an equals sign or a bar is looked for first and then the words before it, so that text without fields costs nothing.
"""
# ruff: noqa: E501  (lists of words)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.cues import is_refused
from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.name_kinds import GIVEN, NOBODY, SURNAME, UNKNOWN, WORD, kind_of
from ghostchart.privacy.phi.vocabulary import is_ordinary, surnames

_SCORE = 0.74
_WHOLE_SCORE = 0.84


def _labels(text: str) -> frozenset[str]:
    return frozenset(label.strip() for label in text.split(","))


# Behind these stands a name or a part of one, even if it is an ordinary word.
_PARTS = _labels(
    "first name, last name, middle name, given name, given names, family name, surname, surnames, maiden name, forename, forenames, firstname, lastname, fname, lname, "
    "givenname, familyname, nickname, preferred name, legal name, birth name, mother's maiden name, name of child, child's name, mother's name, father's name, baby's name, "
    "nombre, apellido, apellidos, nom, prénom, vorname, nachname, cognome, nome, first, last"
)
# Behind these stands a person or a company.
_PARTIES = _labels(
    "beneficiary, beneficiary name, payee, payer, remitter, sender, recipient, addressee, consignee, shipper, ship to, bill to, sold to, mail to, deliver to, account name, account holder, "
    "account owner, cardholder, card holder, cardholder name, policyholder, policy holder, insured, named insured, insured name, subscriber, subscriber name, employee, employee name, "
    "supervisor, manager, tenant, lessee, lessor, landlord, owner, buyer, seller, borrower, co-borrower, grantor, grantee, plaintiff, defendant, petitioner, respondent, claimant, "
    "applicant, applicant name, candidate, student, student name, pupil, teacher, instructor, parent, guardian, passenger, passenger name, pax, driver, guest, guest name, member, member name, "
    "deceased, decedent, donor, inmate, detainee, customer, customer name, client, client name, contact, contact name, emergency contact, buyer name, caller, caller name, user name, "
    "registrant, attendee, speaker, presenter, host, organizer, organiser, author, authors, editor, reviewer, assignee, reporter, approver, approved by, requested by, requester, requestor, "
    "prepared by, inspected by, inspector, technician, operator, witness, officer, complainant, suspect, victim, arrestee, heir, trustee, executor, notary, next of kin, spouse, partner, "
    "holder, titular, titulaire, inhaber, absender, empfänger, destinatario, pasajero, owner name, pet owner, rider, player, winner, coach, referee, attorney, counsel, judge"
)
# Behind these, in clinical text, stands one of the staff.
_STAFF = _labels(
    "ordering, ordered, requesting, referring, referred by, reading, attending, attg, admitting, consulting, covering, cover, xcover, x-cover, cross-cover, cross cover, crosscover, on call, on-call, oncall, resp, "
    "hospitalist, night float, nightfloat, nf, day team, night team, fellow, intern, resident, senior, jr, sr resident, r1, r2, r3, pgy1, pgy2, pgy3, ms3, ms4, rn, np, pa, cna, lpn, pct, rt, pt, ot, slp, sw, cm, rph, "
    "pharmacist, circulator, scrub, anesthesia, anes, crna, surgeon, assistant, first assist, 1st assist, asst, proceduralist, endoscopist, operator, radiologist, pathologist, cytotech, sonographer, technologist, tech, "
    "surg, asst, circ, anesthetist, anaesthetist, registrar, consultant, house officer, performed by, collected by, drawn by, verified by, entered by, taken by, reported by, called by, read by, seen by, signed, signed by, e-signed by, dictated by, dictator, transcriptionist, "
    "transcribed by, prescriber, prescribed by, dispensed by, given by, administered by, witnessed by, witness, interpreter, sitter, charge, charge rn, nurse, midwife, doula, pcp, pmd, cardiologist, nephrologist, "
    "oncologist, provider, physician, doctor, dr, md, clinician, therapist, counselor, case manager, social worker, chaplain, caregiver, hcp, hcpoa, dpoa, poa, proxy, nok, informant, historian, contact, "
    "mother, father, mom, dad, wife, husband, son, daughter, spouse, partner, guardian, fob, mob, baby, infant, patient, pt, client, resident name, signout to, handoff to, report to, report from, cc"
)
# Of those, what also stands before things.
_LOOSE = _labels("cover, contact, cc, client, baby, senior, reading, tech, cm, pt, ot, rt, sw, signed, informant")
_USERS = _labels(
    "user, username, user name, userid, user id, uid, login, logon, account, owner, author, assignee, reporter, createdby, created by, created_by, modifiedby, modified by, updatedby, updated by, updated_by, uploaded by, "
    "lastmodifiedby, submittedby, approvedby, actor, principal, subject, owner_id, user_name, login_name, sender, by"
)
_ALL = _PARTS | _PARTIES | _STAFF
_SIGN = re.compile(r"[:=|]")
_LABEL_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_BEFORE_CHARS = 34
_TOKEN = rf"[{UPPER}](?:[{UPPER}{LOWER}'’]*(?:-[{UPPER}{LOWER}'’]+)*)\.?"
_VALUE = re.compile(rf"[ \t]*[\"'“]?(?P<id>{_TOKEN}(?:(?:,[ \t]?|[ \t])(?:(?:van|von|der|den|de|del|di|da|dos|la|le|bin|al|el|y|e) ){{0,2}}{_TOKEN}){{0,4}})")  # fmt: skip
_NEXT_LABEL = re.compile(r"[ \t]*[:=]|['’]s\b")
_STOPS = re.compile(r"[ \t]*(?:$|[\n,;|(/\"'”<.)]|  |\t|\d|-{1,2} |– |[A-Z][A-Za-z.]*(?: [A-Za-z]+){0,2}[:=]|(?i:x\d|pgy|pager|till|until|at|on|to|and|aware|notified|dob|mrn)\b)")  # fmt: skip
_USER = re.compile(r"[ \t]*[\"']?(?P<id>(?:[a-z]{2,}[._-])?[a-z]{3,}(?:[._-][a-z]{2,})?\d{0,3})(?![\w@.-])")
_CALLED_USER = re.compile(r"\b(?:user(?: ?name| ?id)?|login|logon) (?:is )?(?P<id>[a-z]{5,})(?![\w@.-])")
_LOGGED = re.compile(
    r"(?i)\b(?:password|publickey|session (?:opened|closed)|log-?in|logon|logged in|sign-?in|reset|account|access|sudo|kerberos|authentication (?:failure|success))(?: (?:for|of|by|as|from|granted|revoked|locked|opened|closed|failed|disabled|enabled|reset)){1,2}(?: invalid)?(?: user)? (?P<id>[a-z]{2,}[._]?[a-z]{2,}\d{0,3})(?![\w@.-])"
)


def names_in_fields(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    """Names behind labels; overlaps are resolved by the caller."""
    for sign in _SIGN.finditer(text):
        begin = max(0, sign.start() - _BEFORE_CHARS)
        label = text[begin : sign.start()].rstrip(" \t\"'")
        words = [word.lower() for word in _LABEL_WORD.findall(label)[-3:]]
        ends = [" ".join(words[-count:]) for count in (3, 2, 1) if len(words) >= count]
        known = next((end for end in ends if end in _ALL), "")
        if known:
            yield from _value(text, sign.end(), known, clinical=clinical)
        if sign[0] != "|" and any(end in _USERS for end in ends):
            user = _USER.match(text, sign.end())
            if user and _is_user(user["id"]):
                yield PhiFinding(user.start("id"), user.end("id"), "ACCOUNT_NUMBER", _SCORE)
    for match in _CALLED_USER.finditer(text) if "user" in text or "login" in text or "logon" in text else ():
        if _is_user(match["id"]) and kind_of(match["id"]) != GIVEN:
            yield PhiFinding(match.start("id"), match.end("id"), "ACCOUNT_NUMBER", _SCORE)
    if " for " in text or " user " in text or " of " in text:
        for match in _LOGGED.finditer(text):
            if _is_user(match["id"]):
                yield PhiFinding(match.start("id"), match.end("id"), "ACCOUNT_NUMBER", _SCORE)


def _is_user(word: str) -> bool:
    """ "h.marlow", "hyacinth.marlow", "hmarlow": an initial or a first name and a surname."""
    parts = [part for part in re.split(r"[._\d-]+", word) if part]
    if len(parts) > 1:
        return any(len(part) > 2 and kind_of(part) in (GIVEN, SURNAME) for part in parts) and not all(
            is_ordinary(part) for part in parts
        )
    low = parts[0] if parts else ""
    if len(low) < 5 or is_ordinary(low):
        return False
    return kind_of(low) == GIVEN or any(
        low[cut:] in surnames() and len(low) - cut > 3 and not is_ordinary(low[cut:]) for cut in (1, 2)
    )


def _value(text: str, at: int, label: str, *, clinical: bool) -> Iterator[PhiFinding]:
    match = _VALUE.match(text, at)
    if match is None:
        return
    kept: list[re.Match[str]] = []
    for token in re.finditer(_TOKEN, match["id"]):
        solid = token[0].strip(".")
        if len(solid) > 1 and kind_of(solid) == NOBODY:
            break
        kept.append(token)
    start = match.start("id")
    while kept and _NEXT_LABEL.match(text, start + kept[-1].end()):
        kept.pop()
    while kept and len(kept[-1][0].strip(".")) == 1 and len(kept) > 1 and kept[-1][0] in "AI":
        kept.pop()
    if not kept or kept[0].start() > 0:
        part = match["id"].split()[0]
        # "Last name: Church": an ordinary word, and nothing else.
        if (
            label in _PARTS
            and part[0].isupper()
            and part.isalpha()
            and _STOPS.match(text, start + len(part))
            and len(part) > 2
        ):
            alone = not text[start + len(part) :].lstrip(" \t").startswith((":", "="))
            if alone and not part.lower().startswith(("first", "last", "middle", "unknown", "none", "name", "same")):
                yield PhiFinding(start, start + len(part), "PERSON", _SCORE)
        return
    end = start + kept[-1].end() - (len(kept[-1][0]) > 2 and kept[-1][0].endswith("."))
    kinds = [kind_of(token[0].strip(".")) for token in kept if len(token[0].strip(".")) > 1]
    if is_refused(text, end) or not kinds:
        return
    stops = _STOPS.match(text, end) is not None
    if _is_name(kinds, label, stops=stops, clinical=clinical, shouted=kept[0][0].isupper()):
        whole = len(kinds) > 1 and (GIVEN in kinds or SURNAME in kinds)
        yield PhiFinding(start, end, "PERSON", _WHOLE_SCORE if whole else _SCORE)


def _is_name(kinds: list[str], label: str, *, stops: bool, clinical: bool, shouted: bool) -> bool:
    known = GIVEN in kinds or SURNAME in kinds
    if label in _PARTS:
        return known or stops
    if len(kinds) > 1:
        return (
            (known and stops) or GIVEN in kinds or (stops and not shouted and label in _PARTIES and WORD not in kinds)
        )
    if label in _STAFF and label not in _LOOSE and kinds[0] != WORD:
        return stops and (known or (not shouted and (clinical or label not in _PARTIES)))
    return stops and kinds[0] in (GIVEN, SURNAME, *((UNKNOWN,) if label in ("inmate", "detainee", "tenant") else ()))
