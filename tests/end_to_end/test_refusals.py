"""Tampering, planted leaks, too few patients: each refused for the stated reason."""

from __future__ import annotations

import csv
import gzip
import json
import random
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ghostchart.pipeline.generate import record_data
from ghostchart.pipeline.layout import RunLayout
from ghostchart.schemas.note import NOTE_SCHEMA


def files_of(corpus: Path) -> list[Path]:
    return sorted(path for path in corpus.rglob("*") if path.is_file())


def test_a_flipped_byte_in_any_file_is_named(finished, tmp_path: Path) -> None:
    corpus = finished.copy_corpus(tmp_path / "corpus")
    for path in files_of(corpus):
        good = path.read_bytes()
        position = len(good) // 2
        path.write_bytes(good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :])
        done = finished.bench.ghostchart("verify", corpus)
        path.write_bytes(good)
        assert done.returncode == 1, path.name
        assert path.name in done.stderr, (path.name, done.stderr)
    assert finished.bench.ghostchart("verify", corpus).returncode == 0


def test_missing_and_added_files_are_named(finished, tmp_path: Path) -> None:
    corpus = finished.copy_corpus(tmp_path / "corpus")
    (corpus / "data" / "extra.parquet").write_bytes(b"x")
    assert "extra.parquet" in finished.bench.ghostchart("verify", corpus).stderr
    (corpus / "data" / "extra.parquet").unlink()
    (corpus / "reports" / "leakage.html").unlink()
    done = finished.bench.ghostchart("verify", corpus)
    assert done.returncode == 1
    assert "leakage.html" in done.stderr


def test_another_users_keys_do_not_trust_it(finished, tmp_path: Path) -> None:
    done = finished.bench.ghostchart("verify", finished.corpus, "--key-dir", tmp_path / "other-keys")
    assert done.returncode == 1
    assert "key" in done.stderr


def test_train_refuses_a_tampered_corpus_and_says_which_file(finished, tmp_path: Path) -> None:
    out = finished.copy_run(tmp_path / "out")
    card = out / "corpus" / "README.md"
    card.write_text(card.read_text() + "\nApproved for everything.\n")
    done = finished.bench.ghostchart("train", out, "--config", finished.config)
    assert done.returncode == 1
    assert "README.md" in done.stderr


def test_certify_refuses_data_changed_after_generation(finished, tmp_path: Path) -> None:
    out = finished.copy_run(tmp_path / "out")
    shard = next((out / "corpus" / "data").glob("train-*"))
    table = pq.read_table(shard)
    pq.write_table(table.slice(1), shard)
    done = finished.bench.ghostchart("audit", out, "--config", finished.config)
    assert done.returncode == 1
    assert f"data/{shard.name} was changed" in done.stderr


def plant(out: Path, sentence: str) -> None:
    """Put a sentence into one training note and record the data as if generation had written it."""
    shard = next((out / "corpus" / "data").glob("train-*"))
    rows = pq.read_table(shard).to_pylist()
    rows[3]["text"] += f"\n{sentence}\n"
    pq.write_table(pa.Table.from_pylist(rows, schema=NOTE_SCHEMA), shard)
    record_data(RunLayout(out))


def test_a_planted_source_patient_is_refused_named_and_masked(finished, tmp_path: Path) -> None:
    out = finished.copy_run(tmp_path / "out")
    identifiers = pq.read_table(out / "protected" / "source" / "train" / "identifiers.parquet").to_pylist()
    victim = identifiers[0]["patient_id"]
    values = {row["entity_type"]: row["value"] for row in identifiers if row["patient_id"] == victim}
    plant(out, f"Discussed with {values['PERSON']}, born {values['DATE_TIME']}, by phone.")
    done = finished.bench.ghostchart("certify", out, "--config", finished.config)
    assert done.returncode == 1
    assert "source_overlap" in done.stderr or "Source overlap" in done.stderr
    assert not (out / "corpus" / "certificate.json").exists()
    leakage = {
        verdict["gate"]: verdict
        for verdict in json.loads((out / "corpus" / "reports" / "leakage.json").read_text())["verdicts"]
    }
    assert leakage["source_overlap"]["outcome"] == "failed"
    said = " ".join(leakage["source_overlap"]["reasons"])
    assert "PERSON" in said or "name" in said
    outputs = (
        done.stdout
        + done.stderr
        + "".join(path.read_text() for path in (out / "corpus" / "reports").iterdir())
        + "".join(path.read_text() for path in (out / "protected" / "reports").rglob("*.json"))
    )
    assert values["PERSON"] not in outputs
    for part in values["PERSON"].split():
        assert part not in said
    assert values["DATE_TIME"] not in said


def test_an_identifier_outside_the_ledger_fails_the_phi_scan(finished, tmp_path: Path) -> None:
    out = finished.copy_run(tmp_path / "out")
    plant(out, "Call back at (312) 555-0198; SSN 536-22-8741.")
    done = finished.bench.ghostchart("audit", out, "--config", finished.config)
    assert done.returncode == 1
    verdicts = json.loads((out / "corpus" / "reports" / "leakage.json").read_text())["verdicts"]
    assert verdicts[0]["gate"] == "phi_scan"
    assert verdicts[0]["outcome"] == "failed"
    assert "536-22-8741" not in json.dumps(verdicts) + done.stdout + done.stderr


def test_a_wrong_code_and_a_lost_span_fail_validation(finished, tmp_path: Path) -> None:
    out = finished.copy_run(tmp_path / "out")
    shard = next((out / "corpus" / "data").glob("train-*"))
    rows = pq.read_table(shard).to_pylist()
    diagnosis = next(code for code in rows[0]["codes"] if code["system"] == "icd10cm")
    diagnosis["value"] = "E11.2"
    rows[1]["codes"][0]["spans"] = [{"start": 10**6, "end": 10**6 + 4}]
    pq.write_table(pa.Table.from_pylist(rows, schema=NOTE_SCHEMA), shard)
    record_data(RunLayout(out))
    done = finished.bench.ghostchart("audit", out, "--config", finished.config)
    assert done.returncode == 1
    verdict = json.loads((out / "corpus" / "reports" / "validation.json").read_text())["verdicts"][0]
    assert verdict["outcome"] == "failed"
    said = " ".join(verdict["reasons"])
    assert "billable" in said
    assert "span" in said


def test_changed_gate_settings_redo_the_gates_only(finished, tmp_path: Path) -> None:
    out = finished.copy_run(tmp_path / "out")
    shards = {path.name: path.stat().st_mtime_ns for path in (out / "corpus" / "data").iterdir()}
    strict = finished.bench.write_config("strict.yaml", privacy={"min_holdout_patients": 100_000})
    done = finished.bench.ghostchart("run", "--config", strict, "--out", out)
    assert done.returncode == 1
    assert "100,000" in done.stderr or "100000" in done.stderr
    assert {path.name: path.stat().st_mtime_ns for path in (out / "corpus" / "data").iterdir()} == shards
    assert not (out / "corpus" / "certificate.json").exists()


@pytest.mark.parametrize("workers", [1])
def test_same_seed_gives_the_same_bytes_for_any_number_of_workers(finished, tmp_path: Path, workers: int) -> None:
    done = finished.bench.ghostchart(
        "generate", "--config", finished.config, "--out", tmp_path / "again", "--workers", str(workers)
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for path in sorted((finished.corpus / "data").iterdir()):
        assert (tmp_path / "again" / "corpus" / "data" / path.name).read_bytes() == path.read_bytes(), path.name


def write_mimic(folder: Path) -> Path:
    """A made-up MIMIC-IV hosp directory: 60 patients, ICD-10 and ICD-9 rows."""
    chance = random.Random(5)
    folder.mkdir(parents=True)
    codes = ["I10", "E785", "E119", "N179", "I2510", "K219", "F329", "Z7901", "I4891", "J189"]

    def write(name: str, header: str, rows: list[list[object]]) -> None:
        with gzip.open(folder / f"{name}.csv.gz", "wt", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(header.split(","))
            writer.writerows(rows)

    patients, admissions, diagnoses = [], [], []
    for number in range(60):
        subject = 20_000_000 + number
        patients.append([subject, chance.choice("FM"), chance.randint(30, 89), 2150, "2014 - 2016", ""])
        for stay in range(2):
            hadm = 30_000_000 + 10 * number + stay
            start = date(2150, 3, 1) + timedelta(days=chance.randint(0, 600))
            admissions.append(
                [subject, hadm, f"{start} 08:00:00", f"{start + timedelta(days=3)} 12:00:00", "", "EW EMER.", "P1",
                 "EMERGENCY ROOM", "HOME", "Medicare", "ENGLISH", "SINGLE", "WHITE", "", "", 0]
            )  # fmt: skip
            for rank, code in enumerate(chance.sample(codes, 4), start=1):
                diagnoses.append([subject, hadm, rank, code, 10])
            diagnoses.append([subject, hadm, 5, "4019", 9])
    write("patients", "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod", patients)
    write(
        "admissions",
        "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,admission_location,"
        "discharge_location,insurance,language,marital_status,race,edregtime,edouttime,hospital_expire_flag",
        admissions,
    )
    write("diagnoses_icd", "subject_id,hadm_id,seq_num,icd_code,icd_version", diagnoses)
    write("procedures_icd", "subject_id,hadm_id,seq_num,chartdate,icd_code,icd_version",
          [[20_000_000, 30_000_000, 1, "2150-03-02", "3961", 9]])  # fmt: skip
    write("hcpcsevents", "subject_id,hadm_id,chartdate,hcpcs_cd,seq_num,short_description",
          [[20_000_000, 30_000_000, "2150-03-02", "93000", 1, "Cardiovascular"]])  # fmt: skip
    write(
        "prescriptions",
        "subject_id,hadm_id,pharmacy_id,poe_id,poe_seq,order_provider_id,starttime,stoptime,drug_type,drug,"
        "formulary_drug_cd,gsn,ndc,prod_strength,form_rx,dose_val_rx,dose_unit_rx,form_val_disp,form_unit_disp,"
        "doses_per_24_hrs,route",
        [[20_000_000, 30_000_000, 1, "", "", "", "2150-03-02 08:00:00", "", "MAIN", "Metformin", *[""] * 11]],
    )
    write(
        "omr",
        "subject_id,chartdate,seq_num,result_name,result_value",
        [[20_000_000, "2150-03-02", 1, "BMI (kg/m2)", "31.2"]],
    )
    write(
        "labevents",
        "labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,value,valuenum,"
        "valueuom,ref_range_lower,ref_range_upper,flag,priority,comments",
        [
            [
                1,
                20_000_000,
                30_000_000,
                1,
                50912,
                "",
                "2150-03-02 08:00:00",
                "",
                "1.1",
                1.1,
                "mg/dL",
                "",
                "",
                "",
                "ROUTINE",
                "",
            ]
        ],
    )
    write("d_labitems", "itemid,label,fluid,category", [[50912, "Creatinine", "Blood", "Chemistry"]])
    return folder


def test_too_few_patients_end_inconclusive_and_allow_uncertified_stamps_everything(finished, tmp_path: Path) -> None:
    hosp = write_mimic(tmp_path / "hosp")
    config = finished.bench.write_config("mimic.yaml", source={"kind": "mimic-iv", "path": str(hosp)})
    done = finished.bench.ghostchart("run", "--config", config, "--out", tmp_path / "out")
    assert done.returncode == 1, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("ghostchart: ")]
    assert len(lines) == 1
    assert "inconclusive" in lines[0]
    assert not (tmp_path / "out" / "corpus" / "certificate.json").exists()
    assert not (tmp_path / "out" / "model").exists()
    leakage = (tmp_path / "out" / "corpus" / "reports" / "leakage.json").read_text()
    assert '"inconclusive"' in leakage
    report = json.loads((tmp_path / "out" / "protected" / "source" / "report.json").read_text())
    refused = next(table["refused"] for table in report["tables"] if "diagnoses" in table["table"])
    assert sum(count for reason, count in refused.items() if "ICD-9" in reason) == 120

    done = finished.bench.ghostchart("run", "--config", config, "--out", tmp_path / "out", "--allow-uncertified")
    assert done.returncode == 0, done.stderr[-2000:]
    for path in (
        tmp_path / "out" / "report.html",
        tmp_path / "out" / "evaluation" / "metrics.json",
        tmp_path / "out" / "model" / "tiny" / "ghostchart.json",
        tmp_path / "out" / "model" / "tiny" / "README.md",
    ):
        assert "UNCERTIFIED" in path.read_text(), path.name
