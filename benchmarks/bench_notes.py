"""Notes per second on one core, from facts to a written Parquet row, beside bare Jinja2 on the same templates.

All sides run in this process, in turns. Ours codes the facts, words every block, renders in the sandbox, resolves evidence
and writes the file. The peer is Jinja2 as it comes (no sandbox, no checks of undefined names, no escaping), handed finished
strings: it renders the same layouts and the phrases that the notes hold, each a template of its own, because that is where
the wording of a note is. Phrases that ours words and no layout asks for are not charged to it.

Three stricter peers stand beside it: phrases without a slot for nothing, phrases as macros of one module (the cheapest that
Jinja2 has), and the layouts alone from blocks that were written out beforehand, where nearly all wording is given away.
Under 500 notes a second ours is a defect. Variety of the same notes stands beside.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time
from typing import Any

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
from ghostchart.synth.notes.marks import capitalize
from ghostchart.synth.notes.noise import Noise
from ghostchart.synth.notes.own_templates import templates_for
from ghostchart.synth.notes.phrases import Frame, load_phrases
from ghostchart.synth.notes.sandbox import FILTERS
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.notes.views import Entry
from ghostchart.synth.notes.writer import NoteWriter
from ghostchart.synth.policy import code_encounter
from ghostchart.synth.sources.demo import build_demo_hospital

_PATIENTS, _NOTES, _ROUNDS = 500, 1500, 4
Filled = list[tuple[Frame, dict[str, str]]]


def _written_out(blocks: dict[str, object]) -> dict[str, object]:
    """Blocks as plain text: what a bare template would be handed."""

    def plain(value: object) -> object:
        if isinstance(value, list):
            return [plain(item) for item in value]
        return {name: getattr(value, name) for name in value._makers} if isinstance(value, Entry) else value

    return {name: plain(value) for name, value in blocks.items()}


def _filled_frames(write: Callable[[], object]) -> Filled:
    """Every phrase with slots that writing fills, with the strings that went into it."""
    found: Filled = []
    fill = Frame.fill

    def recording(frame: Frame, given: Mapping[str, Any], own: Callable[[str], str]) -> str:
        values: dict[str, str] = {}
        for number, (slot, raised, _) in enumerate(frame.steps):
            value = given.get(slot)
            value = own(slot) if value is None else value if isinstance(value, str) else value()
            values[f"v{number}"] = capitalize(value) if raised else value
        found.append((frame, values))
        return frame.opening + "".join(
            value + literal for value, (_, _, literal) in zip(values.values(), frame.steps, strict=True)
        )

    Frame.fill = recording  # type: ignore[method-assign]
    try:
        write()
    finally:
        Frame.fill = fill  # type: ignore[method-assign]
    return found


def _as_jinja(frame: Frame) -> str:
    """The phrase as the source of a Jinja2 template."""
    slots = (f"{{{{ v{number} }}}}{literal}" for number, (_, _, literal) in enumerate(frame.steps))
    return frame.opening + "".join(slots)


def _templates_of(filled: Filled, bare: Environment) -> list[tuple[Template, dict[str, str]]]:
    compiled = {frame: bare.from_string(_as_jinja(frame)) for frame in {frame for frame, _ in filled}}
    return [(compiled[frame], values) for frame, values in filled]


def _macros_of(filled: Filled, bare: Environment) -> list[tuple[Callable[..., str], tuple[str, ...]]]:
    frames = list({frame for frame, _ in filled})
    source = "".join(
        f"{{% macro p{number}({', '.join(f'v{n}' for n in range(len(frame.steps)))}) %}}{_as_jinja(frame)}{{% endmacro %}}"
        for number, frame in enumerate(frames)
    )
    module = bare.from_string(source).module
    macros = {frame: getattr(module, f"p{number}") for number, frame in enumerate(frames)}
    return [(macros[frame], tuple(values.values())) for frame, values in filled]


def main() -> None:
    """Measure all sides and print notes per second, their ratio and the variety of the notes."""
    config = CorpusConfig()
    library, systems, phrases = load_library(), load_code_systems(), load_phrases()
    tables = build_demo_hospital(SourceConfig(demo_patients=_PATIENTS))
    encounters = build_encounters(tables, library, systems, stream(0, "bench"), config)[:_NOTES]
    n = len(encounters)
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
    bare = Environment(trim_blocks=True, lstrip_blocks=True)
    bare.filters.update(FILTERS)
    compiled = {template.info.id: bare.from_string(template.source) for template in templates}
    laid_out = [(compiled[template.info.id], context) for template, context in zip(templates, contexts, strict=True)]
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

    texts: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        filled = _filled_frames(lambda: ours(folder))
        slotted = sum(bool(values) for _, values in filled)
        print(f"{len(filled) / n:.0f} phrases a note beside its layout, {slotted / n:.0f} of them with slots")
        rendered, called = _templates_of(filled, bare), _macros_of(filled, bare)
        with_slots = [(template, values) for template, values in rendered if values]

        def layouts() -> None:
            for template, context in laid_out:
                template.render(context)

        def slots_filled() -> None:
            layouts()
            for template, values in with_slots:
                template.render(values)

        def phrases_rendered() -> None:
            layouts()
            for template, values in rendered:
                template.render(values)

        def macros_called() -> None:
            layouts()
            for macro, values in called:
                macro(*values)

        sides: dict[str, Callable[[], object]] = {
            "ours": lambda: texts.__setitem__(slice(None), ours(folder)),
            "layouts and phrases": phrases_rendered,
            "layouts and phrases with slots": slots_filled,
            "layouts, phrases as macros": macros_called,
            "layouts alone": layouts,
        }
        keep_out_of_collections()  # as shard workers do; all sides gain
        best = dict.fromkeys(sides, float("inf"))
        for _ in range(_ROUNDS):
            for name, side in sides.items():
                begun = process_time()
                side()
                best[name] = min(best[name], process_time() - begun)
    print(f"ours {n / best['ours']:,.0f} notes/s/core")
    for name in list(sides)[1:]:
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
