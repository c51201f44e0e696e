"""All leakage gates on one small corpus, as the pipeline calls them."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ghostchart.privacy.audit import AuditSubject, run_leakage_gates
from ghostchart.privacy.policy import PrivacyPolicy, load_policy
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.note import SPLITS, Note, Surrogate
from ghostchart.schemas.progress import Advance
from ghostchart.schemas.verdict import Verdict

Make = Callable[..., Note]
Write = Callable[[Sequence[Note]], Path]
Population = Callable[[int, int, str], EhrTables]


@pytest.fixture
def notes(make_note: Make) -> list[Note]:
    made = []
    for split in SPLITS:
        for place in range(20):
            born, mrn = f"0{place % 9 + 1}/14/1961", f"{5_500_000 + 100 * SPLITS.index(split) + place}"
            text = f"Patient: Quilla Ransome  MRN: {mrn}  DOB: {born}\nReason: essential hypertension, stable. Plan: continue."
            ledger = [("Quilla Ransome", "PERSON"), (mrn, "MEDICAL_RECORD_NUMBER"), (born, "DATE_TIME")]
            made.append(make_note(place, text=text, surrogates=ledger, split=split))
    return made


@pytest.fixture
def subject(notes: list[Note], write_corpus: Write, make_population: Population, tmp_path: Path) -> AuditSubject:
    return AuditSubject(
        corpus=write_corpus(notes),
        protected=tmp_path / "protected",
        train=make_population(400, 1, "m"),
        holdout=make_population(100, 2, "h"),
        synthetic=[make_population(200, 3, "y")],
        systems=load_code_systems(),
    )


def _run(subject: AuditSubject, config: PrivacyPolicy | None = None) -> dict[str, Verdict]:
    verdicts = run_leakage_gates(subject, config or load_policy(), np.random.SeedSequence(1), workers=1)
    return {verdict.gate: verdict for verdict in verdicts}


def test_small_sources_end_inconclusive_not_passed(subject: AuditSubject) -> None:
    verdicts = _run(subject)
    assert list(verdicts) == ["phi_scan", "source_overlap", "membership_inference", "disclosure", "text_copies"]
    assert verdicts["phi_scan"].outcome == "passed", verdicts["phi_scan"].reasons
    assert verdicts["source_overlap"].outcome == "passed", verdicts["source_overlap"].reasons
    assert verdicts["membership_inference"].reasons == ("needs at least 300 held-out patients, has 100",)


def test_a_planted_source_patient_is_refused_even_when_the_ledger_claims_them(
    subject: AuditSubject, notes: list[Note], write_corpus: Write
) -> None:
    """A ledger entry excuses a finding of the scan, never a match with the source."""
    rows = [row for row in subject.train.identifiers.to_pylist() if row["patient_id"] == "m00007"]
    who = {row["entity_type"]: row["value"] for row in rows}
    addition = f"\nAlso: {who['PERSON']}, {who['DATE_TIME']}"
    text = notes[4].text + addition
    claimed = tuple(
        Surrogate(text.index(who[kind]), text.index(who[kind]) + len(who[kind]), kind, who[kind])
        for kind in ("PERSON", "DATE_TIME")
    )
    notes[4] = replace(notes[4], text=text, surrogates=(*notes[4].surrogates, *claimed))
    write_corpus(notes)
    verdicts = _run(subject)
    assert verdicts["phi_scan"].outcome == "passed", verdicts["phi_scan"].reasons
    assert verdicts["source_overlap"].outcome == "failed"
    assert notes[4].note_id in " ".join(verdicts["source_overlap"].reasons)
    report = subject.protected / "reports" / "findings.json"
    findings = json.loads(report.read_text())["findings"]
    assert {item["entity_type"] for item in findings} == {"PERSON", "DATE_TIME"}
    assert all(item["note_id"] == notes[4].note_id for item in findings)
    everything = report.read_text() + "".join(verdict.model_dump_json() for verdict in verdicts.values())
    for value in (who["PERSON"], *who["PERSON"].split(), who["DATE_TIME"]):
        assert value not in everything
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.parent.stat().st_mode) == 0o700


def test_a_false_ledger_entry_excuses_nothing(subject: AuditSubject, notes: list[Note], write_corpus: Write) -> None:
    text = notes[2].text + "\nCall her sister at 555-201-8899."
    start = text.index("555-201-8899")
    notes[2] = replace(
        notes[2],
        text=text,
        surrogates=(*notes[2].surrogates, Surrogate(start, start + 12, "PHONE_NUMBER", "555-999-0000")),
    )
    write_corpus(notes)
    verdict = _run(subject)["phi_scan"]
    assert verdict.outcome == "failed"
    assert "PHONE_NUMBER 1" in verdict.reasons[0]


def test_equal_seeds_give_equal_verdicts_and_leave_the_seed_alone(subject: AuditSubject) -> None:
    seed = np.random.SeedSequence(5)
    first, again = (
        [v.model_copy(update={"seconds": None}) for v in run_leakage_gates(subject, load_policy(), seed, workers=1)]
        for _ in range(2)
    )
    assert first == again
    assert seed.n_children_spawned == 0


def test_every_gate_reports_progress(subject: AuditSubject) -> None:
    class Counting:
        def __init__(self) -> None:
            self.tasks: dict[str, tuple[int | None, int]] = {}

        @contextmanager
        def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
            self.tasks[label] = (total, 0)

            def advance(units: int) -> None:
                self.tasks[label] = (total, self.tasks[label][1] + units)

            yield advance

        def say(self, text: str) -> None:
            """Nothing is said."""

    progress = Counting()
    config = load_policy().model_copy(update={"min_holdout_patients": 50})
    run_leakage_gates(subject, config, np.random.SeedSequence(1), progress, workers=1)
    assert set(progress.tasks) == {"PHI scan", "source overlap", "membership inference", "disclosure attacks"}
    assert all(total == done for total, done in progress.tasks.values())
