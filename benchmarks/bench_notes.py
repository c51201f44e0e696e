"""Notes per second on one core, from facts to a written Parquet row, beside bare Jinja2 on the same templates.

All sides run in this process, in turns. Ours codes the facts, words every block, renders, resolves evidence and writes the
file. Two peers render the same notes with Jinja2 alone, from values that are finished strings: one the layouts and every
phrase frame of the note (a note's wording lives in both, so this is all the templating it takes), the other the layouts only,
from blocks that were written out beforehand. Under 500 notes a second ours is a defect. Variety of the same notes stands beside.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from jinja2 import Environment, Template

from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.config import CorpusConfig, SourceConfig
from ghostchart.schemas.note import notes_to_table
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth.corpus_writer import keep_out_of_collections
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
from ghostchart.synth.notes.phrases import Frame, load_phrases
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.notes.views import Entry
from ghostchart.synth.notes.writer import NoteWriter
from ghostchart.synth.policy import code_encounter
from ghostchart.synth.sources.demo import build_demo_hospital

_PATIENTS, _NOTES, _ROUNDS = 500, 1500, 4


def _written_out(blocks: dict[str, object]) -> dict[str, object]:
    """Blocks as plain text: what a bare template would be handed."""

    def plain(value: object) -> object:
        if isinstance(value, list):
            return [plain(item) for item in value]
        return {name: getattr(value, name) for name in value._makers} if isinstance(value, Entry) else value

    return {name: plain(value) for name, value in blocks.items()}


def _filled_frames(write: Callable[[], object]) -> list[tuple[Template, dict[str, str]]]:
    """Every phrase frame that writing fills, as a bare Jinja2 template with the strings that went into it."""
    environment = Environment()
    compiled: dict[Frame, Template] = {}
    found: list[tuple[Template, dict[str, str]]] = []
    fill = Frame.fill

    def recording(frame: Frame, value_of: Callable[[str], str]) -> str:
        values: list[str] = []

        def noted(slot: str) -> str:
            values.append(value_of(slot))
            return values[-1]

        text = fill(frame, noted)
        if frame not in compiled:
            slots = (f"{{{{ v{number} }}}}" for number in range(len(values)))
            compiled[frame] = environment.from_string(
                "".join(part for pair in zip_longest(frame.literals, slots, fillvalue="") for part in pair)
            )
        found.append((compiled[frame], {f"v{number}": value for number, value in enumerate(values)}))
        return text

    Frame.fill = recording  # type: ignore[method-assign, assignment]
    try:
        write()
    finally:
        Frame.fill = fill  # type: ignore[method-assign]
    return found


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

    filled = _filled_frames(lambda: ours(tempfile.mkdtemp()))
    per_note, rest = divmod(len(filled), len(encounters))
    print(f"{per_note + rest / len(encounters):.0f} phrase frames a note beside its layout")

    keep_out_of_collections()  # as shard workers do; all sides gain

    def layouts() -> None:
        for template, context in zip(templates, contexts, strict=True):
            "".join(template.jinja.generate(context))

    def everything() -> None:
        layouts()
        for frame, values in filled:
            frame.render(values)

    best = dict.fromkeys(("ours", "layouts and phrases", "layouts"), float("inf"))
    texts: list[str] = []
    with tempfile.TemporaryDirectory() as folder:

        def write() -> None:
            texts[:] = ours(folder)

        sides = (("ours", write), ("layouts and phrases", everything), ("layouts", layouts))
        for _ in range(_ROUNDS):
            for name, side in sides:
                begun = time.process_time()
                side()
                best[name] = min(best[name], time.process_time() - begun)
    n = len(encounters)
    print(f"ours {n / best['ours']:,.0f} notes/s/core")
    for name in ("layouts and phrases", "layouts"):
        print(f"bare Jinja2, {name}: {n / best[name]:,.0f} notes/s/core, ratio {best[name] / best['ours']:.2f}")
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
