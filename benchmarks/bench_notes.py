"""Notes per second on one core, from facts to a written Parquet row, beside bare Jinja2 on the same templates.

Both sides run in this process, in turns: ours codes the facts, words every block, renders, resolves evidence and writes
the file; the peer only renders the compiled templates from blocks that were written out beforehand, marks included. Under
500 notes a second ours is a defect. Variety of the same notes stands beside it.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.config import CorpusConfig, SourceConfig
from ghostchart.schemas.note import notes_to_table
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth.diversity import compression_ratio, distinct_3, shared_4_grams
from ghostchart.synth.encounters import build_encounters
from ghostchart.synth.library import load_library
from ghostchart.synth.library.strata import strata_of
from ghostchart.synth.notes.blocks import write_blocks
from ghostchart.synth.notes.compose import NoteComposer, NoteIdentity
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.forms import FormBook
from ghostchart.synth.notes.noise import Noise
from ghostchart.synth.notes.own_templates import templates_for
from ghostchart.synth.notes.phrases import load_phrases
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.notes.views import Entry
from ghostchart.synth.notes.writer import NoteWriter
from ghostchart.synth.policy import code_encounter
from ghostchart.synth.sources.demo import build_demo_hospital

_PATIENTS, _NOTES, _ROUNDS = 500, 1500, 2


def _written_out(blocks: dict[str, object]) -> dict[str, object]:
    """Blocks as plain text: what a bare template would be handed."""

    def plain(value: object) -> object:
        if isinstance(value, list):
            return [plain(item) for item in value]
        return {name: getattr(value, name) for name in value._makers} if isinstance(value, Entry) else value

    return {name: plain(value) for name, value in blocks.items()}


def main() -> None:
    """Measure both sides and print notes per second, their ratio and the variety of the notes."""
    config = CorpusConfig()
    library, systems, phrases = load_library(), load_code_systems(), load_phrases()
    tables = build_demo_hospital(SourceConfig(demo_patients=_PATIENTS))
    encounters = build_encounters(tables, library, systems, stream(0, "bench"), config)[:_NOTES]
    pool = SurrogatePool(stream(0, "bench", "names"), OpenScreen())
    templates = [Draws(n).pick(templates_for(item.note_type, "train")) for n, item in enumerate(encounters)]
    forms = FormBook(library, "train", systems.describe)
    contexts = [
        _written_out(
            write_blocks(
                NoteWriter(item, forms, phrases, template.info.voice, "train", Draws(n), Noise(0.0, Draws(0)), pool)
            )
        )
        for n, (item, template) in enumerate(zip(encounters, templates, strict=True))
    ]
    composer = NoteComposer(library, systems, strata_of, pool, "train", noise=config.noise)

    def ours(folder: str) -> list[str]:
        notes = [
            composer.compose(
                item, code_encounter(item, library, systems), template, NoteIdentity(f"n{n}", "train", n, "s")
            )
            for n, (item, template) in enumerate(zip(encounters, templates, strict=True))
        ]
        pq.write_table(notes_to_table(notes), Path(folder) / "notes.parquet", compression="zstd")
        return [note.text for note in notes]

    def bare() -> None:
        for template, context in zip(templates, contexts, strict=True):
            "".join(template.jinja.generate(context))

    best_ours = best_bare = float("inf")
    texts: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(_ROUNDS):
            begun = time.process_time()
            bare()
            middle = time.process_time()
            texts = ours(folder)
            best_bare, best_ours = min(best_bare, middle - begun), min(best_ours, time.process_time() - middle)
    n = len(encounters)
    print(
        f"ours {n / best_ours:,.0f} notes/s/core, bare Jinja2 {n / best_bare:,.0f}, ratio {best_bare / best_ours:.2f}"
    )
    print(
        f"distinct-3 {distinct_3(texts):.3f}, shared 4-grams of two notes {shared_4_grams(texts, generator(0)):.3f} "
        f"(for self-BLEU), compression ratio {compression_ratio(texts):.2f}"
    )
    lengths: dict[str, list[int]] = defaultdict(list)
    for item, text in zip(encounters, texts, strict=True):
        lengths[item.note_type].append(len(text))
    for name, found in sorted(lengths.items()):
        quantiles = np.quantile(found, [0.05, 0.5, 0.95])
        print(
            f"{name:<22} n {len(found):>4}  characters 5 % {quantiles[0]:.0f}, 50 % {quantiles[1]:.0f}, 95 % {quantiles[2]:.0f}"
        )
