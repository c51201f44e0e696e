"""Source values carry marks that occur nowhere else; after an audit that fails, no output, log or error may hold one."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ghostchart.console import print_verdicts
from ghostchart.pipeline.certify import Audit, write_reports
from ghostchart.pipeline.layout import RunLayout
from ghostchart.privacy.audit import AuditSubject, run_leakage_gates
from ghostchart.privacy.gate_check import require_passed
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.ehr import EhrTables, SourceReport, table_from_columns
from ghostchart.schemas.errors import GateRefused, GhostchartError
from ghostchart.schemas.note import Note
from ghostchart.schemas.verdict import Verdict

# Letters of names and streets, leading digits of numbers, the year of every birth, and the patient ids themselves.
MARKS = re.compile(r"zqx|vbn|7777\d{5}|1903|srcid", re.IGNORECASE)


def letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}")


def values_of(place: int) -> dict[str, str]:
    """Identifiers of one source patient, every one marked."""
    return {
        "PERSON": f"Zqx{letters(place)} Vbn{letters(place)}",
        "DATE_TIME": f"1903-{place % 12 + 1:02d}-{place % 28 + 1:02d}",
        "MEDICAL_RECORD_NUMBER": f"7777{place:05d}",
        "STREET_ADDRESS": f"{place + 1} Zqx{letters(place)} Lane",
    }


def marked(tables: EhrTables, first: int) -> EhrTables:
    """The population with marked ids, identifiers, birth dates and source notes."""
    ids = tables.patients["patient_id"].to_pylist()
    names = {old: f"srcid{first + place:05d}" for place, old in enumerate(ids)}

    def renamed(table: pa.Table) -> pa.Table:
        column = table.schema.get_field_index("patient_id")
        return table.set_column(
            column, "patient_id", pa.array([names[value] for value in table["patient_id"].to_pylist()])
        )

    rows = [
        (names[old], kind, value) for place, old in enumerate(ids) for kind, value in values_of(first + place).items()
    ]
    born = pa.array([date(1903, 1, 1)] * len(ids), pa.date32())
    notes = {
        "note_id": [f"srcid-note{place}" for place in range(len(ids))],
        "patient_id": list(names.values()),
        "encounter_id": [None] * len(ids),
        "text": [source_note(first + place) for place in range(len(ids))],
    }
    patients = renamed(tables.patients)
    return replace(
        tables,
        patients=patients.set_column(2, "birth_date", born),
        encounters=renamed(tables.encounters),
        conditions=renamed(tables.conditions),
        observations=renamed(tables.observations),
        identifiers=table_from_columns(
            "identifiers",
            dict(zip(("patient_id", "entity_type", "value"), map(list, zip(*rows, strict=True)), strict=True)),
        ),
        notes=table_from_columns("notes", notes),
    )


def source_note(place: int) -> str:
    """A passage without identifiers: the protected report shows words around a finding as they stand in the note."""
    rng = np.random.default_rng(place)
    return " ".join(f"ordinary{letters(int(number))}" for number in rng.integers(0, 9999, 40))


@pytest.fixture
def outputs(
    make_population: Callable[[int, int, str], EhrTables],
    make_note: Callable[..., Note],
    write_corpus: Callable[[Sequence[Note]], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> dict[str, str]:
    """Everything an audit leaves behind, by where it was found."""
    caplog.set_level(logging.DEBUG)
    train, holdout = marked(make_population(300, 1, "m"), 0), marked(make_population(100, 2, "h"), 5000)
    leaks = {
        3: "Seen with {PERSON}, born {DATE_TIME}.",
        5: "MRN: {MEDICAL_RECORD_NUMBER}",
        7: "Lives at {STREET_ADDRESS}; {PERSON}, record {MEDICAL_RECORD_NUMBER}.",
        9: "mother is {PERSON} (dob {DATE_TIME})",
    }
    notes = []
    for split in ("train", "validation", "test"):
        for place in range(12):
            text = f"Reason: essential hypertension, stable, visit {place}. Plan: continue."
            if split == "train" and place in leaks:
                text += "\n" + leaks[place].format(**values_of(place))
            if split == "train" and place < 8:
                text += "\n" + source_note(place)
            notes.append(make_note(place, text=text, split=split))
    corpus = write_corpus(notes)
    out = tmp_path / "out"
    out.mkdir()
    corpus.rename(out / "corpus")
    layout = RunLayout(out)
    layout.protected.mkdir()
    synthetic = make_population(120, 3, "y")
    leaked = train.restrict(train.patients["patient_id"].combine_chunks()[:30])
    copied = {
        name: pa.concat_tables([getattr(synthetic, name), getattr(leaked, name)])
        for name in ("patients", "encounters", "conditions", "observations")
    }
    subject = AuditSubject(
        layout.corpus, layout.protected, train, holdout, [replace(synthetic, **copied)], load_code_systems()
    )
    policy = load_policy().model_copy(update={"min_holdout_patients": 100})
    verdicts = run_leakage_gates(subject, policy, np.random.SeedSequence(1), workers=1)
    assert [verdict.outcome for verdict in verdicts[:3]] == ["failed"] * 3
    assert verdicts[4].outcome == "inconclusive"  # copied passages, but too few for proof
    fidelity = Verdict(gate="fidelity", title="Fidelity", outcome="passed")
    write_reports(layout, Audit(verdicts, (), fidelity), "default")
    print_verdicts(verdicts)
    found = {
        str(path.relative_to(out)): path.read_text()
        for folder in (layout.corpus / "reports", layout.protected / "reports")
        for path in sorted(folder.rglob("*"))
    }
    found["errors"] = "\n".join(errors(layout, verdicts, train))
    captured = capsys.readouterr()
    return {**found, "stdout": captured.out, "stderr": captured.err, "log": caplog.text}


def errors(layout: RunLayout, verdicts: Sequence[Verdict], train: EhrTables) -> list[str]:
    """What people read when a gate refuses or a table of the source is damaged."""
    with pytest.raises(GateRefused) as refused:
        require_passed(verdicts)
    shard = layout.protected / "damaged"
    train.save(shard)
    path = shard / "identifiers.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(GhostchartError) as damaged:
        EhrTables.load(shard, SourceReport("x", ()))
    columns = {**{name: getattr(train, name) for name in ("encounters", "conditions", "procedures")}}
    with pytest.raises(GhostchartError) as wrong:
        replace(train, patients=train.identifiers, **columns)
    return [str(refused.value), str(damaged.value), str(wrong.value)]


def test_no_output_log_or_error_holds_a_source_value(outputs: dict[str, str]) -> None:
    assert {"corpus/reports/leakage.html", "corpus/reports/leakage.json", "protected/reports/leakage.html"} <= set(
        outputs
    )
    for where, text in outputs.items():
        hit = MARKS.search(text)
        assert hit is None, f"{where}: ...{text[max(0, hit.start() - 60) : hit.end() + 20]}..."
    findings = json.loads(outputs["protected/reports/findings.json"])["findings"]
    assert {item["gate"] for item in findings} >= {"source_overlap"}
    patients = json.loads(outputs["protected/reports/at_risk.json"])["patients"]
    assert sum(patient["copied"] for patient in patients) == 30
    assert "failed" in outputs["stdout"]
