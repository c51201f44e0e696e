"""Review by a certified coder: draw notes, write a sheet to read and one to fill in, and score what comes back.

A coder judges every gold code (right or wrong) and every distractor (rightly left uncoded or not) and adds what is
missing. Codes are one rater, the coder is the other: agreement and Cohen's kappa (Cohen, Educational and Psychological
Measurement 20, 1960) are over these judgements.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ghostchart.schemas.canonical import generator
from ghostchart.schemas.coding_rules import RULES
from ghostchart.schemas.corpus import iter_notes
from ghostchart.schemas.errors import InputError, OutputError
from ghostchart.schemas.measures import Measure, proportion
from ghostchart.schemas.note import Note

PAGE, SHEET = "review.html", "review.csv"
COLUMNS = (
    "note_id", "row", "kind", "code", "modifiers", "role", "poa", "evidence", "description", "rules", "needs_review", "agree",
    "should_be", "comment",
)  # fmt: skip
CODED, NOT_CODED, MISSING = "coded", "not coded", "missing"
_YES, _NO = {"yes", "y", "1", "true"}, {"no", "n", "0", "false"}
_RULES_TO_REVIEW = tuple(rule.id for rule in RULES.values() if rule.needs_review)
_FIX = "Fill in review.csv as 'review sample' wrote it: agree is yes or no"


@dataclass(frozen=True)
class ReviewScore:
    """How far a coder agrees.

    Attributes:
        judged, unjudged: rows with and without a judgement; added codes count as judged.
        table: (policy, coder) -> rows, each "coded" or "not coded".
        agreement: share of judgements that agree, with its exact interval.
        kappa: Cohen's kappa, None where chance alone would agree always.
        notes_without_objection: notes with every row judged and agreed to, of notes with a judgement.
        by_rule: rule -> (judged codes it stood behind, disagreements), most disagreements first.
    """

    judged: int
    unjudged: int
    table: dict[tuple[str, str], int]
    agreement: Measure
    kappa: float | None
    notes_without_objection: Measure
    by_rule: dict[str, tuple[int, int]] = field(default_factory=dict)


def draw_notes(corpus: Path, n: int, seed: int) -> list[Note]:
    """``n`` notes, those first that show rules marked for review: each such rule as often as the others can spare.

    Raises:
        CorpusError: the corpus cannot be read.
        InputError: it has fewer notes.
    """
    order: list[tuple[str, frozenset[str]]] = []
    wanted = frozenset(_RULES_TO_REVIEW)
    for note in iter_notes(corpus):
        order.append((note.note_id, frozenset(rule for code in note.codes for rule in code.rules) & wanted))
    if n > len(order):
        raise InputError(f"the corpus has {len(order):,} notes, fewer than {n:,}", where=str(corpus), fix="Lower --n")
    shuffled = [order[place] for place in generator(np.random.SeedSequence(seed)).permutation(len(order))]
    shown: Counter[str] = Counter()
    picked: list[str] = []
    left = dict(shuffled)
    while len(picked) < n:
        # The note whose rarest rule was shown least so far; notes without such a rule come last.
        best = min(left, key=lambda note_id: (_shown_least(left[note_id], shown), -len(left[note_id])))
        shown.update(left.pop(best))
        picked.append(best)
    chosen = {note.note_id: note for note in iter_notes(corpus) if note.note_id in set(picked)}
    return [chosen[note_id] for note_id in picked]


def _shown_least(rules: frozenset[str], shown: Counter[str]) -> int:
    return min((shown[rule] for rule in rules), default=1 << 30)


def write_review(notes: list[Note], out: Path) -> tuple[Path, Path]:
    """``review.html`` to read and ``review.csv`` to fill in.

    Raises:
        OutputError: the folder holds a sheet already, or cannot be written.
    """
    from ghostchart.pages.review import render_review_page

    page, sheet = out / PAGE, out / SHEET
    if sheet.exists() or page.exists():
        raise OutputError(
            "a review sheet is there already",
            where=str(out),
            fix="Choose another --out; a filled sheet is not replaced",
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        page.write_text(render_review_page(notes), encoding="utf-8")
        sheet.write_text(sheet_of(notes), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the review sheet: {error.strerror}", where=str(out)) from None
    return page, sheet


def sheet_of(notes: list[Note]) -> str:
    """The CSV: one row for each gold code and each distractor; ``agree`` and what follows are the coder's."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for note in notes:
        rows: list[dict[str, Any]] = [
            {
                "kind": CODED,
                "code": code.value,
                "modifiers": " ".join(code.modifiers),
                "role": code.role,
                "poa": code.poa,
                "evidence": " | ".join(note.text[span.start : span.end] for span in code.spans),
                "description": code.description,
                "rules": " ".join(code.rules),
                "needs_review": " ".join(rule for rule in code.rules if rule in RULES and RULES[rule].needs_review),
            }
            for code in note.codes
        ]
        rows += [
            {"kind": NOT_CODED, "evidence": note.text[item.start : item.end], "description": item.kind}
            for item in note.distractors
        ]
        for number, row in enumerate(rows, start=1):
            writer.writerow({"note_id": note.note_id, "row": number, **row})
    return stream.getvalue()


def score_review(path: Path) -> ReviewScore:
    """Read a filled sheet.

    Rows of the kind "missing" (note, code) are codes that the coder would add. Rows without judgement are left out.

    Raises:
        InputError: unreadable, a column missing, a judgement that is neither yes nor no, or none at all.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError("the review sheet cannot be read", where=str(path), fix=_FIX) from None
    rows = csv.DictReader(text.splitlines())
    for column in ("note_id", "kind", "code", "rules", "agree"):
        if column not in (rows.fieldnames or ()):
            raise InputError(f"the review sheet has no column {column}", where=f"{path}, row 1", fix=_FIX)
    table: Counter[tuple[str, str]] = Counter()
    by_rule: dict[str, list[int]] = {}
    objections: dict[str, int] = {}
    unjudged: Counter[str] = Counter()
    for row in rows:
        judged = _judgement(row, f"{path}, row {rows.line_num}")
        if judged is None:
            unjudged[row["note_id"]] += 1
            continue
        policy, coder = judged
        table[judged] += 1
        objections[row["note_id"]] = objections.get(row["note_id"], 0) + (policy != coder)
        for rule in (row["rules"] or "").split() if policy == CODED else ():
            tally = by_rule.setdefault(rule, [0, 0])
            tally[0] += 1
            tally[1] += policy != coder
    total = sum(table.values())
    if not total:
        raise InputError("nobody has judged anything in this sheet", where=str(path), fix=_FIX)
    agreed = table[CODED, CODED] + table[NOT_CODED, NOT_CODED]
    clean = sum(not count and not unjudged[note_id] for note_id, count in objections.items())
    ranked = sorted(by_rule.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))
    return ReviewScore(
        judged=total,
        unjudged=sum(unjudged.values()),
        table={(one, other): table[one, other] for one in (CODED, NOT_CODED) for other in (CODED, NOT_CODED)},
        agreement=proportion("agreement of coder and policy", agreed, total),
        kappa=cohens_kappa(
            table[CODED, CODED], table[CODED, NOT_CODED], table[NOT_CODED, CODED], table[NOT_CODED, NOT_CODED]
        ),
        notes_without_objection=proportion("notes without objection", clean, len(objections)),
        by_rule={rule: (counts[0], counts[1]) for rule, counts in ranked},
    )


def _judgement(row: dict[str, str | None], where: str) -> tuple[str, str] | None:
    """(policy, coder), each "coded" or "not coded"; None without a judgement."""
    kind, agree = (row["kind"] or "").strip().lower(), (row["agree"] or "").strip().lower()
    if kind == MISSING:
        if not (row["code"] or "").strip():
            raise InputError("a missing code is not named", where=where, fix="Write it in the column code")
        return NOT_CODED, CODED
    if kind not in {CODED, NOT_CODED}:
        raise InputError("kind is not coded, not coded or missing", where=where, fix=_FIX)
    if not agree:
        return None
    if agree not in _YES | _NO:
        raise InputError("agree is neither yes nor no", where=where, fix=_FIX)
    other = NOT_CODED if kind == CODED else CODED
    return kind, kind if agree in _YES else other


def cohens_kappa(both: int, first_only: int, second_only: int, neither: int) -> float | None:
    """Cohen's kappa of a two-by-two table of counts; None where agreement by chance is certain or there are no counts."""
    total = both + first_only + second_only + neither
    if not total:
        return None
    observed = (both + neither) / total
    first, second = (both + first_only) / total, (both + second_only) / total
    chance = first * second + (1 - first) * (1 - second)
    return None if chance == 1 else (observed - chance) / (1 - chance)
