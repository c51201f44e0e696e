"""Gate phi_scan: the ledger explains surrogates and nothing else."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from ghostchart.privacy.phi.adjudication import Adjudication
from ghostchart.privacy.phi.gate import ScanTally, draw_sample, judge, run_phi_scan
from ghostchart.privacy.phi.reconcile import NoteScan, NoteText, scan_notes
from ghostchart.privacy.phi.scanner import KnownSpan
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.canonical import keyed_digest

KEY = bytes(range(32))
_BODY = (
    "Patient: {name}  MRN: {mrn}  DOB: {born}\nSeen {seen} for knee pain, worse on stairs. BP 148/92, HR 88.\n"
    "Plan: naproxen 500 mg BID, Physical Therapy. Return in 6 weeks.\nSigned: {doctor}, MD"
)


def _digest(entity_type: str, value: str) -> str:
    return keyed_digest(KEY, entity_type, value, size_bytes=8)


def _note(place: int, extra: str = "", *, in_sample: bool = True, drop: str = "") -> NoteText:
    values = {
        "name": ("Moana Tuilagi", "PERSON"),
        "mrn": (f"{7_000_000 + place}", "MEDICAL_RECORD_NUMBER"),
        "born": (f"0{place % 9 + 1}/14/1961", "DATE_TIME"),
        "seen": (f"March {place % 28 + 1}, 2025", "DATE_TIME"),
        "doctor": ("Viggo Lindqvist", "PERSON"),
    }
    text = _BODY.format(**{key: value for key, (value, _) in values.items()}) + extra
    ledger = tuple(
        KnownSpan(text.index(value), text.index(value) + len(value), kind)
        for key, (value, kind) in values.items()
        if key != drop
    )
    return NoteText(f"note-{place}", text, ledger, in_sample)


def _clean(n: int = 30) -> list[NoteText]:
    return [_note(place) for place in range(n)]


def test_known_surrogates_pass_with_recall_and_interval() -> None:
    verdict, findings = run_phi_scan(_clean(), load_policy(), _digest, workers=1)
    assert verdict.outcome == "passed", verdict.reasons
    assert findings == []
    recall = next(m for m in verdict.measures if "structured types" in m.name)
    assert recall.value == 1.0
    assert recall.n == 90
    assert recall.ci is not None
    assert recall.ci[0] > 0.95
    assert {"recall: PERSON", "recall: DATE_TIME", "recall: MEDICAL_RECORD_NUMBER"} <= {
        m.name for m in verdict.measures
    }
    assert "without stand-ins" in verdict.measures[0].note


@pytest.mark.parametrize("in_sample", [True, False])
@pytest.mark.parametrize(
    ("planted", "entity_type"),
    [
        ("Rosalind Achterberg", "PERSON"),
        ("555-201-8899", "PHONE_NUMBER"),
        ("88231907", "MEDICAL_RECORD_NUMBER"),
        ("18 Copper Kettle Lane", "STREET_ADDRESS"),
    ],
)
def test_an_identifier_that_no_ledger_holds_fails(planted: str, entity_type: str, in_sample: bool) -> None:
    notes = [*_clean(), _note(99, f"\nThe neighbor reports that {planted} is on the old file.", in_sample=in_sample)]
    verdict, findings = run_phi_scan(notes, load_policy(), _digest, workers=1)
    assert verdict.outcome == "failed"
    assert f"{entity_type} 1" in verdict.reasons[0]
    assert "note-99" in verdict.reasons[1]
    assert _digest(entity_type, planted) in verdict.reasons[1]
    shown = verdict.model_dump_json() + repr(findings)
    assert planted not in shown
    assert not any(word in shown for word in planted.split() if len(word) > 4 and word != "Copper")
    assert [item.note_id for item in findings] == ["note-99"]


def test_a_surrogate_missing_from_the_ledger_fails() -> None:
    verdict, _ = run_phi_scan([*_clean(), _note(50, drop="mrn")], load_policy(), _digest, workers=1)
    assert verdict.outcome == "failed"
    assert "MEDICAL_RECORD_NUMBER 1" in verdict.reasons[0]


def test_a_name_grown_beyond_its_ledger_entry_is_not_explained() -> None:
    note = _note(1)
    text = note.text.replace("Moana Tuilagi", "Moana Tuilagi Orlova")
    shift = len(" Orlova")
    after = note.text.index("Moana Tuilagi") + 1
    ledger = tuple(
        span if span.start < after else KnownSpan(span.start + shift, span.end + shift, span.entity_type)
        for span in note.ledger
    )
    scan = scan_notes([NoteText("n", text, ledger, True)])[0]
    assert [text[item.start : item.end] for item in scan.unaccounted] == ["Moana Tuilagi Orlova"]


def test_ages_in_the_allowed_category_are_no_miss() -> None:
    text = "Patient: Moana Tuilagi, aged 90 or older."
    ledger = (KnownSpan(9, 22, "PERSON"), KnownSpan(29, 40, "AGE_OVER_89"))
    assert text[29:40] == "90 or older"
    assert scan_notes([NoteText("n", text, ledger, True)])[0].recall == (("PERSON", True),)


def _tally(found: list[bool]) -> ScanTally:
    tally = ScanTally()
    tally.add(NoteScan("n", (), 0, tuple(("DATE_TIME", item) for item in found)))
    return tally


def test_a_scanner_that_misses_too_much_cannot_pass() -> None:
    verdict = judge(_tally([True] * 80 + [False] * 20), [], load_policy())
    assert verdict.outcome == "failed"
    assert "80 of 100" in verdict.reasons[0]


def test_too_few_surrogates_are_inconclusive_and_say_how_many_it_takes() -> None:
    verdict = judge(_tally([True] * 20), [], load_policy())
    assert verdict.outcome == "inconclusive"
    assert verdict.required_n == 72  # 0.025 ** (1 / 72) is the first to reach 0.95
    assert "at least 72" in verdict.reasons[0]
    assert judge(_tally([True] * 72), [], load_policy()).outcome == "passed"
    assert judge(_tally([True] * 71), [], load_policy()).outcome == "inconclusive"


def test_samples_are_seeded() -> None:
    first, again, other = (draw_sample([()] * 1000, np.random.SeedSequence(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 300


@pytest.mark.slow
def test_one_and_two_workers_give_one_verdict() -> None:
    notes = [_note(place, in_sample=place % 20 == 0) for place in range(1000)]
    notes.append(_note(5000, "\nSpoke with Wanjiru Kamau by phone."))
    alone, together = (run_phi_scan(notes, load_policy(), _digest, workers=n) for n in (1, 2))
    assert alone == together


def test_the_sample_holds_what_there_is_of_a_rare_type() -> None:
    ledgers = [[KnownSpan(0, 4, "DATE_TIME")] for _ in range(2000)]
    for place in range(0, 2000, 100):
        ledgers[place].append(KnownSpan(5, 9, "VEHICLE_ID"))
    sample = draw_sample(ledgers, np.random.SeedSequence(1))
    assert sum(place % 100 == 0 for place in sample) == 20
    assert len(sample) <= 320


_PLANTED = "Rosalind Achterberg"


def _with_planted() -> list[NoteText]:
    return [*_clean(), *(_note(place, f"\nThe neighbor {_PLANTED} called.") for place in (97, 98, 99))]


def _decided(decision: str = "made_up") -> dict[str, Adjudication]:
    digest = _digest("PERSON", _PLANTED)
    return {digest: Adjudication(digest, decision, "Pat Lee", date(2026, 3, 4))}


def test_an_adjudicated_finding_passes_and_is_counted() -> None:
    verdict, findings = run_phi_scan(_with_planted(), load_policy(), _digest, workers=1, adjudicated=_decided())
    assert verdict.outcome == "passed", verdict.reasons
    counted = next(m for m in verdict.measures if "adjudicated" in m.name)
    assert (counted.value, counted.n) == (3.0, 1)
    assert [item.kind for item in findings] == ["adjudicated: made_up"] * 3
    assert "Pat Lee" not in verdict.model_dump_json()
    assert "Rosalind" not in verdict.model_dump_json() + repr(findings)


def test_a_decision_excuses_its_own_value_only() -> None:
    notes = [*_with_planted(), _note(100, "\nThe neighbor Wanjiru Kamau called.")]
    verdict, _ = run_phi_scan(notes, load_policy(), _digest, workers=1, adjudicated=_decided())
    assert verdict.outcome == "failed"
    assert "1 finding(s) in 1 note(s)" in verdict.reasons[0]


def test_no_decision_excuses_a_source_patient() -> None:
    verdict, _ = run_phi_scan(
        _with_planted(),
        load_policy(),
        _digest,
        workers=1,
        adjudicated=_decided(),
        is_source=lambda kind, value: (kind, value) == ("PERSON", _PLANTED),
    )
    assert verdict.outcome == "failed"
    assert "3 finding(s)" in verdict.reasons[0]


def test_the_sample_is_the_same_however_ledgers_are_handed_over() -> None:
    """Streamed and listed; drawn note by note as the definition says."""
    rng = np.random.default_rng(0)
    kinds = ("DATE_TIME", "VEHICLE_ID", "PERSON", "URL")
    ledgers = [
        [
            KnownSpan(0, 4, kind)
            for kind, share in zip(kinds, (0.9, 0.02, 0.3, 0.001), strict=True)
            if rng.random() < share
        ]
        for _ in range(5000)
    ]
    expected = np.random.default_rng(np.random.SeedSequence(4))
    drawn = set(expected.choice(5000, 300, replace=False).tolist())
    for kind in sorted(kinds):
        places = [place for place, ledger in enumerate(ledgers) if kind in {span.entity_type for span in ledger}]
        rest = [place for place in places if place not in drawn]
        lacking = 150 - len(drawn & set(places))
        if lacking > 0:
            drawn |= set(expected.choice(rest, min(lacking, len(rest)), replace=False).tolist())
    assert draw_sample(iter(ledgers), np.random.SeedSequence(4)) == drawn
