"""A tiny hand-made corpus, complete up to its certificate, and the keys to sign it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ghostchart.privacy.certificate import CertificateFacts, commit_to_seeds, issue_certificate, summarise_source
from ghostchart.privacy.croissant import write_croissant
from ghostchart.privacy.dataset_card import corpus_facts, write_card
from ghostchart.privacy.keys import SigningKey, TrustedKeys, issuer_key, new_key, trusted_keys
from ghostchart.privacy.manifest import write_manifest
from ghostchart.schemas.corpus import DATA, REPORTS, shard_name
from ghostchart.schemas.measures import proportion
from ghostchart.schemas.note import Distractor, Note, NoteCode, Span, Split, Surrogate, notes_to_table
from ghostchart.schemas.verdict import Curve, Verdict

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
RELEASES = {"icd10cm": "ICD-10-CM 2026-04", "cpt": "CPT starter 1", "hcpcs": "HCPCS starter 1"}
SHARDS: dict[Split, int] = {"train": 2, "validation": 1, "test": 1}
POLICY_DIGEST = "b" * 64


def make_note(split: Split, number: int) -> Note:
    text = f"Mr. Fake Person {number} is seen for essential hypertension. No chest pain. ECG done, 12-lead.\n"

    def at(part: str) -> tuple[int, int]:
        start = text.index(part)
        return start, start + len(part)

    name = f"Fake Person {number}"
    return Note(
        note_id=f"{split}-n{number}",
        patient_id=f"{split}-p{number // 2}",
        encounter_id=f"{split}-e{number}",
        note_type="office_soap",
        setting="office",
        encounter_date=date(2025, 3, 1 + number),
        age=61,
        sex="M",
        text=text,
        codes=(
            NoteCode(
                system="icd10cm",
                value="I10",
                description="Essential (primary) hypertension",
                release=RELEASES["icd10cm"],
                role="first_listed",
                modifiers=(),
                poa="",
                spans=(Span(*at("essential hypertension")),),
                rules=("MAP",),
            ),
            NoteCode(
                system="cpt",
                value="93000",
                description="electrocardiogram, whole service",
                release=RELEASES["cpt"],
                role="procedure",
                modifiers=("25",),
                poa="",
                spans=(Span(*at("ECG done")), Span(*at("12-lead"))),
                rules=("PX.1",),
            ),
        ),
        surrogates=(Surrogate(*at(name), entity_type="PERSON", value=name),),
        distractors=(Distractor("negated", *at("chest pain")),),
        template_family=f"office-{split}",
        template_id=f"office-{split}-1",
        strata=("frailty",) if number % 2 else (),
        seed=f"{number:032x}",
        split=split,
    )


def make_verdicts() -> tuple[Verdict, ...]:
    return (
        Verdict(gate="phi_scan", title="PHI scan", outcome="passed", measures=(proportion("recall", 990, 1000),)),
        Verdict(gate="source_overlap", title="Source overlap", outcome="passed", measures=(proportion("hits", 0, 9),)),
        Verdict(
            gate="membership_inference",
            title="Membership inference",
            outcome="passed",
            measures=(proportion("tpr", 11, 1000, baseline=0.01, limit=0.05, note="planted copies were caught"),),
            curves=(Curve(name="roc", x=(0.0, 0.5, 1.0), y=(0.0, 0.51, 1.0)),),
        ),
        Verdict(gate="disclosure", title="Disclosure", outcome="passed", measures=(proportion("excess", 1, 99),)),
        Verdict(gate="text_copies", title="Text", outcome="passed", reasons=("the source has no notes",)),
        Verdict(gate="corpus_validation", title="Validation", outcome="passed", measures=(proportion("ok", 8, 8),)),
    )


def write_reports(corpus: Path, verdicts: Iterable[Verdict]) -> None:
    folder = corpus / REPORTS
    folder.mkdir(exist_ok=True)
    listed = [verdict.model_dump(mode="json") for verdict in verdicts]
    split = {
        "leakage": [item for item in listed if item["gate"] != "corpus_validation"],
        "validation": [item for item in listed if item["gate"] == "corpus_validation"],
    }
    for stem, content in split.items():
        (folder / f"{stem}.json").write_text(json.dumps({"verdicts": content}, sort_keys=True, indent=2) + "\n")
        (folder / f"{stem}.html").write_text(f"<!doctype html><title>{stem}</title>\n")


def make_corpus(corpus: Path, *, first_number: int = 0) -> Path:
    """Everything but the certificate."""
    (corpus / DATA).mkdir(parents=True)
    number = first_number
    for split, count in SHARDS.items():
        for index in range(count):
            notes = [make_note(split, number + offset) for offset in range(2)]
            number += 2
            pq.write_table(notes_to_table(notes), corpus / DATA / shard_name(split, index, count))
    verdicts = make_verdicts()
    write_reports(corpus, verdicts)
    facts = corpus_facts(corpus, verdicts, make_facts())
    write_card(corpus, facts)
    write_croissant(corpus, facts)
    write_manifest(corpus)
    return corpus


def make_facts() -> CertificateFacts:
    return CertificateFacts(
        config_digest="a" * 64,
        policy_digest=POLICY_DIGEST,
        policy_profile="default",
        signoff_required=False,
        versions={"ghostchart": "0.1.0", "python": "3.11.0"},
        code_releases=RELEASES,
        cpt_setting="starter",
        seed_commitment=commit_to_seeds(b"k" * 32, {"root": 1, "ehr": 2}),
        source_summary=summarise_source("demo", {"patients": 5000, "rare": 3}, 11),
    )


@dataclass(frozen=True)
class Certified:
    corpus: Path
    key: SigningKey
    key_dir: Path
    trust: TrustedKeys


@pytest.fixture(scope="session")
def _pristine(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    base = tmp_path_factory.mktemp("certified")
    key_dir = base / "keys"
    key = issuer_key(key_dir)
    new_key("officer", key_dir)
    corpus = make_corpus(base / "corpus")
    issue_certificate(corpus, make_verdicts(), make_facts(), key, 365, NOW)
    return Certified(corpus, key, key_dir, trusted_keys(key_dir))


@pytest.fixture
def certified(_pristine: Certified, tmp_path: Path) -> Certified:
    """A certified corpus of the test's own."""
    corpus = tmp_path / "corpus"
    shutil.copytree(_pristine.corpus, corpus)
    return Certified(corpus, _pristine.key, _pristine.key_dir, _pristine.trust)


@dataclass(frozen=True)
class Kit:
    """What the fixture corpus was certified with."""

    verdicts: tuple[Verdict, ...]
    facts: CertificateFacts
    make_corpus: Callable[..., Path]
    write_reports: Callable[[Path, Iterable[Verdict]], None]


@pytest.fixture
def kit() -> Kit:
    return Kit(make_verdicts(), make_facts(), make_corpus, write_reports)
