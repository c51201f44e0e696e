"""Canaries: patients through the whole EHR model, and token sequences through the training of a model.

1. 20 unique patients, and 5 planted as 16 patients each, in the demo hospital. A unique patient's codes and vital signs
   must not come out. Sixteen patients who share two codes are no longer one person: their codes may appear (k_min is
   11), but the exact vital signs of one combination must not.
2. Random word sequences as the last line of training notes, and random codes as the answer of made-up notes, planted
   once, 4 and 16 times; exposure against 1,000 sequences of each kind that nobody planted. Training bears loss on answers
   only, so the first kind should stay at the noise floor however often it was planted; the second kind shows what the
   measure sees where a model does learn by heart.

``GHOSTCHART_CANARIES`` (patients,tokens) chooses; ``GHOSTCHART_CANARY_MINUTES`` (5) bounds the training of part 2.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ghostchart.privacy.attacks.patient_canaries import find_canaries, plant_patients
from ghostchart.privacy.attacks.token_canaries import (
    COPIES,
    MIN_REFERENCES,
    draw_token_canaries,
    exposure_measures,
    plant_in_notes,
)
from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.config import EhrModelConfig, RunConfig, SourceConfig, TrainConfig
from ghostchart.schemas.corpus import DATA, UncertifiedCorpus, iter_notes, shard_name
from ghostchart.schemas.note import Note, NoteCode, Span, Split, notes_to_table
from ghostchart.schemas.progress import SILENT
from ghostchart.synth.ehr_model import fit_ehr_model
from ghostchart.synth.sources import load_source

_PATIENTS = 1500
_PLANTED = (1,) * 20 + (16,) * 5
_NOTES = 2500
_PER_LEVEL = 16
_CODES_PER_ANSWER = 6
_SEED = 7
_ALPHA = 0.01


def main() -> None:
    """Run the chosen parts."""
    wanted = os.environ.get("GHOSTCHART_CANARIES", "patients,tokens").split(",")
    if "patients" in wanted:
        patients()
    if "tokens" in wanted:
        tokens()


def patients() -> None:
    """Plant, fit, sample twice the hospital's size, search."""
    hospital = load_source(SourceConfig(demo_patients=_PATIENTS), SILENT)
    codes = [code for code in load_code_systems().icd10cm.billable_codes() if code[0] in "EIJKMN"]
    planted, canaries = plant_patients(hospital, codes, _PLANTED, generator(_SEED))
    started = time.monotonic()
    model = fit_ehr_model(planted, EhrModelConfig(), stream(_SEED, "fit"), SILENT)
    made = model.sample(2 * _PATIENTS, stream(_SEED, "sample"))
    seconds = time.monotonic() - started
    found = find_canaries(canaries, made)
    print(
        f"{planted.n_patients:,} patients with {len(canaries)} canaries; {made.n_patients:,} sampled, {seconds:.0f} s"
    )
    for copies in sorted(set(_PLANTED)):
        own = [item for item in found if item.canary.copies == copies]
        print(
            f"planted as {copies:>2}: {len(own)} canaries; a code of theirs in synthetic patients: "
            f"{sum(item.either_code > 0 for item in own)}, both codes together: {sum(item.both_codes > 0 for item in own)}, "
            f"all three vital signs: {sum(item.all_vitals > 0 for item in own)}"
        )


def tokens() -> None:
    """Plant both kinds, train the small model from scratch, rank."""
    from ghostchart.train.hardware import detect_hardware
    from ghostchart.train.membership_scores import trained_reader
    from ghostchart.train.run import train_model

    rng = np.random.default_rng(_SEED)
    notes = _corpus_notes()
    lines = draw_token_canaries(rng, per_level=_PER_LEVEL)
    texts = plant_in_notes([note.text for note in notes], lines, rng)
    answers = _answer_canaries(notes[0], rng, len(COPIES) * _PER_LEVEL + MIN_REFERENCES)
    copies = [count for count in COPIES for _ in range(_PER_LEVEL)]
    planted = [replace(note, text=text) for note, text in zip(notes, texts, strict=True)]
    planted += [note for note, count in zip(answers, copies, strict=False) for _ in range(count)]
    minutes = float(os.environ.get("GHOSTCHART_CANARY_MINUTES", "5"))
    settings = TrainConfig(minutes=minutes, epochs=4.0, tokens_per_step=2048, learning_rate=1.5e-3, seed=_SEED)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        parts: tuple[tuple[Split, list[Note]], ...] = (("train", planted), ("validation", notes[:4]))
        for split, part in parts:
            (corpus / DATA).mkdir(parents=True, exist_ok=True)
            pq.write_table(notes_to_table(part), corpus / DATA / shard_name(split, 0, 1))
        record = train_model(UncertifiedCorpus(corpus, "canaries"), settings, Path(folder) / "model", SILENT)
        reader = trained_reader(Path(folder) / "model", record)
    print(
        f"{len(planted):,} training notes, seed {_SEED}; {record.notes_seen:,} notes and excerpts seen in "
        f"{record.seconds:.0f} s on {detect_hardware().describe()}"
    )
    everything = [*(canary.text for canary in lines.planted), *lines.references]
    in_texts = reader.losses([replace(notes[0], text=text) for text in everything]).note
    _report("last line of a note", copies, in_texts.nats / in_texts.tokens)
    in_answers = reader.losses(answers).answer
    _report("answer of a note", copies, in_answers.nats / in_answers.tokens)


def _corpus_notes() -> list[Note]:
    """Training notes of a generated corpus."""
    from ghostchart.pipeline.generate import generate
    from ghostchart.pipeline.run import stage_in

    settings = RunConfig()
    settings = settings.model_copy(update={"corpus": settings.corpus.model_copy(update={"notes": _NOTES})})
    with tempfile.TemporaryDirectory() as folder, stage_in(Path(folder) / "run", settings) as (layout, state):
        generate(layout, state, settings, SILENT)
        return list(iter_notes(layout.corpus, "train"))


def _answer_canaries(model: Note, rng: np.random.Generator, count: int) -> list[Note]:
    """Short notes that say nothing, each with random codes as its answer."""
    codes = [code for code in load_code_systems().icd10cm.billable_codes() if code[0] in "EIJKMN"]
    made = []
    for number in range(count):
        text = f"Study visit {number:05d}. Nothing else is on file."
        drawn = rng.choice(len(codes), _CODES_PER_ANSWER, replace=False)
        gold = tuple(
            NoteCode("icd10cm", codes[place], "", "canary", "secondary", (), "", (Span(0, len(text)),), ("CANARY",))
            for place in drawn
        )
        made.append(replace(model, note_id=f"canary-{number}", text=text, codes=gold, surrogates=(), distractors=()))
    return made


def _report(where: str, copies: Sequence[int], losses: np.ndarray) -> None:
    """Exposure by number of copies; the losses of planted sequences come first, then those of the references."""
    by_copies = {
        count: [float(value) for value, own in zip(losses, copies, strict=False) if own == count] for count in COPIES
    }
    measures, reasons = exposure_measures(by_copies, [float(value) for value in losses[len(copies) :]], _ALPHA)
    for measure in measures:
        print(f"{where}: {measure.name} {measure.value:.2f}, noise floor {measure.baseline:.2f}; {measure.note}")
    print(f"{where}: {'; '.join(reasons) or 'nothing that stood there once is remembered beyond chance'}")
