"""Dataset card and Croissant file: loadable, complete, always the same bytes, and free of secrets."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from ghostchart.privacy.corpus_contents import count_contents
from ghostchart.privacy.croissant import write_croissant
from ghostchart.privacy.dataset_card import column_meanings, corpus_facts, write_card
from ghostchart.schemas.corpus import iter_notes
from ghostchart.schemas.errors import CorpusError
from ghostchart.schemas.note import NOTE_SCHEMA

# A separate process: datasets reads its offline switches on import, and the sandbox of sockets must be its own.
LOAD = """
import socket, sys
real = socket.socket.connect
def refuse(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        raise AssertionError("a connection was opened")
    return real(self, address)
socket.socket.connect = refuse
import datasets
loaded = datasets.load_dataset(sys.argv[1])
for split, table in loaded.items():
    print(split, table.num_rows, ",".join(table.column_names), table[0]["codes"][1]["spans"])
"""


def paths(schema: pa.Schema | pa.StructType, above: str = "") -> list[str]:
    found = []
    for column in schema:
        found.append(above + column.name)
        kind = column.type.value_type if pa.types.is_list(column.type) else column.type
        if pa.types.is_struct(kind):
            found += paths(kind, f"{above}{column.name}.")
    return found


def test_every_column_and_nested_field_is_explained() -> None:
    assert list(column_meanings()) == paths(NOTE_SCHEMA)


def test_datasets_loads_three_splits_with_the_documented_columns(certified, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hf"),
        "HF_DATASETS_CACHE": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(certified.corpus)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    columns = ",".join(NOTE_SCHEMA.names)
    span = "[{'start': 69, 'end': 77}, {'start': 79, 'end': 86}]"
    assert done.stdout.splitlines() == [
        f"train 4 {columns} {span}",
        f"validation 2 {columns} {span}",
        f"test 2 {columns} {span}",
    ]


def test_front_matter_is_what_the_hub_reads(certified) -> None:
    card = (certified.corpus / "README.md").read_text()
    matter = yaml.safe_load(card.split("---\n")[1])
    assert matter["size_categories"] == ["n<1K"]
    assert matter["configs"][0]["data_files"] == [
        {"split": split, "path": f"data/{split}-*.parquet"} for split in ("train", "validation", "test")
    ]
    assert matter["license"] == "other"
    assert "synthetic" in matter["tags"]


def test_card_tells_gates_codes_limits_and_licences(certified) -> None:
    card = (certified.corpus / "README.md").read_text()
    for said in (
        "8 made-up clinical notes of 4 made-up patients",
        "| train | 4 |",
        "| ICD-10-CM | ICD-10-CM 2026-04 | 1 |",
        "| CPT | CPT starter 1 | 1 |",
        "| Membership inference | passed |",
        "| Membership inference | tpr | 0.011 | 0.005504 to 0.0196 (95%) | 0.01 | 0.05 | 1,000 |",
        "American Medical Association",
        "NCQA",
        "Business Source License",
        "ghostchart verify",
        "Notes in strata: frailty 4.",
    ):
        assert said in card, said
    assert "HIPAA certified" not in card
    assert "$" not in card


def test_no_date_no_path_no_seed(certified) -> None:
    for name in ("README.md", "croissant.json"):
        text = (certified.corpus / name).read_text()
        assert str(certified.corpus.parent) not in text
        assert not re.search(r"\b20\d\d-\d\d-\d\d\b", text), name
        assert "datePublished" not in text


def test_card_says_when_a_corpus_is_not_certified(certified, kit) -> None:
    reasons = ("needs 300 | has 9\n<script>",)
    verdicts = tuple(
        item.model_copy(update={"outcome": "inconclusive", "reasons": reasons}) if item.gate == "phi_scan" else item
        for item in kit.verdicts
    )
    write_card(certified.corpus, corpus_facts(certified.corpus, verdicts, kit.facts))
    card = (certified.corpus / "README.md").read_text()
    assert "**This corpus is not certified** (gates not passed: phi_scan)." in card
    assert "| PHI scan | inconclusive | needs 300 \\| has 9 &lt;script> |" in card


def test_same_corpus_same_bytes_in_another_process_and_place(certified, kit, tmp_path: Path) -> None:
    before = {name: (certified.corpus / name).read_bytes() for name in ("README.md", "croissant.json")}
    moved = tmp_path / "moved"
    shutil.copytree(certified.corpus, moved)
    facts = corpus_facts(moved, kit.verdicts, kit.facts)
    write_card(moved, facts)
    write_croissant(moved, facts)
    assert {name: (moved / name).read_bytes() for name in before} == before
    code = (
        "import sys, pathlib, pickle\n"
        "from ghostchart.privacy.croissant import describe\n"
        "from ghostchart.schemas.canonical import readable_json\n"
        "facts = pickle.loads(sys.stdin.buffer.read())\n"
        "sys.stdout.buffer.write(readable_json(describe(pathlib.Path(sys.argv[1]), facts)))\n"
    )
    import pickle

    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(moved)],
            input=pickle.dumps(facts),
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
        )
        assert done.stdout == before["croissant.json"]


def test_croissant_is_valid_and_reads_every_note_offline(certified, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlcroissant

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    dataset = mlcroissant.Dataset(jsonld=certified.corpus / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    # The one thing recommended that we leave out on purpose is a date.
    assert [warning for warning in dataset.metadata.ctx.issues.warnings if "datePublished" not in warning] == []
    assert dataset.metadata.ctx.is_v1_1()
    expected = {note.note_id: note for note in iter_notes(certified.corpus)}
    rows = {row["notes/note_id"].decode(): row for row in dataset.records("notes")}
    assert rows.keys() == expected.keys()
    for note_id, row in rows.items():
        note = expected[note_id]
        assert row["notes/split"].decode() == note.split
        assert row["notes/text"].decode() == note.text
        assert row["notes/age"] == note.age
        assert [code["notes/codes/value"].decode() for code in row["notes/codes"]] == [c.value for c in note.codes]
        assert [item["notes/surrogates/start"] for item in row["notes/surrogates"]] == [
            s.start for s in note.surrogates
        ]


def test_croissant_names_version_digests_and_responsible_ai_fields(certified) -> None:
    described = json.loads((certified.corpus / "croissant.json").read_text())
    manifest = json.loads((certified.corpus / "manifest.json").read_text())
    assert described["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    digests = {item["@id"]: item["sha256"] for item in described["distribution"] if item["@type"] == "cr:FileObject"}
    assert digests == {
        entry["path"]: entry["sha256"] for entry in manifest["files"] if entry["path"].startswith("data/")
    }
    for field in ("dataCollection", "dataBiases", "dataLimitations", "personalSensitiveInformation", "dataUseCases"):
        assert described[f"rai:{field}"]
    columns = {field["name"] for field in described["recordSet"][1]["field"]}
    assert columns == {"split", *NOTE_SCHEMA.names}
    assert described["@context"]["isArray"] == "cr:isArray"


def test_contents_are_counted(certified) -> None:
    contents = count_contents(certified.corpus)
    assert contents.notes == {"train": 4, "validation": 2, "test": 2}
    assert contents.patients == 4
    assert contents.distinct_codes == {"cpt": 1, "icd10cm": 1}
    assert contents.note_types == {"office_soap": 8}
    assert contents.strata == {"frailty": 4}


def test_shard_without_a_column_is_named(certified) -> None:
    import pyarrow.parquet as pq

    path = certified.corpus / "data" / "test-00000-of-00001.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["strata"]), path)
    with pytest.raises(CorpusError, match=r"lacks the column strata.*test-00000"):
        count_contents(certified.corpus)
