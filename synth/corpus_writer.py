"""Shards of coded notes: planned from the configuration, written one by one by any worker, the same bytes every time."""

from __future__ import annotations

import gc
import hashlib
import math
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ghostchart.schemas.canonical import canonical_json, keyed_digest, sha256_file, stream
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.config import CorpusConfig, CptSetting
from ghostchart.schemas.corpus import DATA, shard_name
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables, concatenate
from ghostchart.schemas.errors import CorpusError, OutputError
from ghostchart.schemas.note import SPLITS, Note, Split, notes_to_table
from ghostchart.schemas.screening import SurrogateScreen
from ghostchart.synth.notes.compose import NoteComposer, NoteIdentity
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.own_templates import templates_for
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.synthetic_tables import SYNTHETIC

if TYPE_CHECKING:
    from ghostchart.schemas.clinical import Encounter
    from ghostchart.synth.ehr_model import EhrModel

EHR_MODEL = "ehr_model"
_ROW_GROUP_NOTES = 1000
_SAMPLE_MARGIN = 1.1
_MAX_ROUNDS = 50
_COLLECTED_AFTER_OBJECTS = 50_000


@dataclass(frozen=True)
class ShardTask:
    """One shard to write; picklable.

    Attributes:
        index, count: this shard among the shards of its split, as in its file name.
        n_notes: rows it will have.
        root_seed: never leaves the protected zone; the notes' ``seed`` column is a keyed hash.
    """

    split: Split
    index: int
    count: int
    n_notes: int
    corpus_dir: Path
    protected_dir: Path
    root_seed: int
    config: CorpusConfig

    @property
    def name(self) -> str:
        """File name of the shard."""
        return shard_name(self.split, self.index, self.count)

    @property
    def stem(self) -> str:
        """File name without suffix; names the folder of its synthetic tables."""
        return self.name.removesuffix(".parquet")


@dataclass(frozen=True)
class ShardResult:
    """What was written: file name, rows, lower-case hex SHA-256 of the file."""

    name: str
    rows: int
    sha256: str


def plan_shards(config: CorpusConfig, root_seed: int, corpus_dir: Path, protected_dir: Path) -> tuple[ShardTask, ...]:
    """Every shard of a corpus, train first; note counts sum to ``config.notes`` exactly.

    Every split gets at least one shard and one note. Shards of a split differ by at most one note.
    """
    validation = max(1, round(config.notes * config.validation_fraction))
    test = max(1, round(config.notes * config.test_fraction))
    sizes: dict[Split, int] = {"train": config.notes - validation - test, "validation": validation, "test": test}
    tasks = []
    for split in SPLITS:
        count = math.ceil(sizes[split] / config.notes_per_shard)
        base, larger = divmod(sizes[split], count)
        for index in range(count):
            n_notes = base + (index < larger)
            tasks.append(ShardTask(split, index, count, n_notes, corpus_dir, protected_dir, root_seed, config))
    return tuple(tasks)


def write_shard(task: ShardTask, screen: SurrogateScreen) -> ShardResult:
    """Sample, code, compose and write one shard; the same bytes whoever writes it and whenever.

    The synthetic tables behind the notes are saved below ``protected_dir`` before the shard appears under its name:
    a shard that exists is whole, and its tables are there.

    Raises:
        OutputError: the disk is full or the directory cannot be written.
        TemplateError: a gold code without evidence in the text.
    """
    notes, used = compose_shard(task, screen)
    try:
        _save_tables(used, task.protected_dir / SYNTHETIC / task.stem)
        path = task.corpus_dir / DATA / task.name
        _write_atomically(notes_to_table(notes), path)
        return ShardResult(task.name, len(notes), sha256_file(path))
    except OSError as error:
        raise OutputError(
            f"cannot write shard {task.name}: {error.strerror or type(error).__name__}",
            where=str(task.corpus_dir),
            fix="Free space or choose another directory with --out, then run the same command again",
        ) from None


def compose_shard(
    task: ShardTask, screen: SurrogateScreen, pool: SurrogatePool | None = None
) -> tuple[list[Note], EhrTables]:
    """The notes of a shard, and the sampled tables restricted to the encounters they tell of.

    ``pool`` stands in for the shard's own surrogates (the leakage audit of models tells of other patients with them).
    """
    from ghostchart.synth.encounters import build_encounters
    from ghostchart.synth.library import load_library

    systems = _code_systems(task.config.cpt, task.config.cpt_file, task.config.icd10cm_release)
    library = load_library(systems.icd10cm)
    keep_out_of_collections()
    labels = (task.split, task.index)
    encounters: list[Encounter] = []
    sampled: list[EhrTables] = []
    for tables in _samples(task):
        seed = stream(task.root_seed, "encounters", *labels, len(sampled))
        sampled.append(tables)
        encounters.extend(build_encounters(tables, library, systems, seed, task.config))
        if len(encounters) >= task.n_notes:
            break
    else:
        raise CorpusError(f"the EHR model yields too few encounters for shard {task.name}", where="EHR model")
    del encounters[task.n_notes :]
    used = _restrict(sampled, {encounter.encounter_id for encounter in encounters})
    pool = pool or SurrogatePool(stream(task.root_seed, "surrogates", *labels), screen)
    return _compose_encounters(encounters, task, pool, _shard_key(task, used)), used


def compose_tables(task: ShardTask, tables: EhrTables, pool: SurrogatePool) -> list[Note]:
    """One note per encounter of the given tables, written as the task's notes would be; nothing is sampled.

    Raises:
        SourceError: the tables do not fit together.
    """
    from ghostchart.synth.encounters import build_encounters
    from ghostchart.synth.library import load_library

    systems = _code_systems(task.config.cpt, task.config.cpt_file, task.config.icd10cm_release)
    seed = stream(task.root_seed, "encounters", task.split, task.index)
    encounters = build_encounters(tables, load_library(systems.icd10cm), systems, seed, task.config)
    return _compose_encounters(encounters, task, pool, _shard_key(task, tables))


def _compose_encounters(
    encounters: Sequence[Encounter], task: ShardTask, pool: SurrogatePool, key: bytes
) -> list[Note]:
    from ghostchart.synth.library import load_library
    from ghostchart.synth.library.strata import strata_of
    from ghostchart.synth.policy import code_directly, code_encounter

    systems = _code_systems(task.config.cpt, task.config.cpt_file, task.config.icd10cm_release)
    library = load_library(systems.icd10cm)
    composer = NoteComposer(library, systems, strata_of, pool, task.split, noise=task.config.noise)
    draw_seeds = stream(task.root_seed, "notes", task.split, task.index).generate_state(len(encounters), "uint64")
    code = code_encounter if task.config.coding == "rules" else code_directly
    notes = []
    for position, encounter in enumerate(encounters):
        draw_seed = int(draw_seeds[position])
        templates = templates_for(
            encounter.note_type,
            task.split,
            task.config.templates,
            new_patient=encounter.is_new_patient,
            train_families=task.config.train_families,
        )
        note_id = f"{task.split}-{task.index:05d}-{position:06d}"
        identity = NoteIdentity(note_id, task.split, draw_seed, keyed_digest(key, note_id))
        gold = code(encounter, library, systems)
        # The template's draw has a generator of its own, so that adding a template does not reword every note.
        template = Draws(draw_seed ^ 0x5DEECE66D).pick(templates)
        notes.append(composer.compose(encounter, gold, template, identity))
    return notes


def _samples(task: ShardTask) -> Iterator[EhrTables]:
    """Batches of synthetic patients until the caller has enough; ids name split, shard and batch."""
    model = _ehr_model(task.protected_dir / EHR_MODEL)
    first = max(1, math.ceil(task.n_notes / max(model.encounters_per_patient, 0.01) * _SAMPLE_MARGIN))
    for batch in range(_MAX_ROUNDS):
        labels: tuple[str | int, ...] = ("ehr", task.split, task.index)
        seed = stream(task.root_seed, *labels, *((batch,) if batch else ()))
        prefix = f"{task.split[:2]}{task.index:05d}" + (f"r{batch}" if batch else "")
        # Later batches are smaller: they only fill what rejected or shorter lives left open.
        yield model.sample(max(1, first // 4) if batch else first, seed, id_prefix=prefix)


@cache
def _ehr_model(directory: Path) -> EhrModel:
    from ghostchart.synth.ehr_model import load_ehr_model

    return load_ehr_model(directory)


@cache
def keep_out_of_collections() -> None:
    """Spare the garbage collector what lives as long as the process: the classification alone is a million objects.

    Every full collection walks them; without, notes are written a sixth faster.

    What a note leaves behind is small and mostly freed by counting, so new objects are looked at more rarely too.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER_OBJECTS, 20, 100)


@cache
def _code_systems(cpt: CptSetting, cpt_file: Path | None, release: Path | None) -> CodeSystems:
    return load_code_systems(cpt, cpt_file, release)


def _restrict(sampled: list[EhrTables], encounter_ids: set[str]) -> EhrTables:
    """Only the rows of the given encounters and of the patients they belong to."""
    whole = concatenate(sampled)
    ids = pa.array(sorted(encounter_ids), pa.string())
    picked = {
        name: getattr(whole, name).filter(pc.is_in(getattr(whole, name)["encounter_id"], value_set=ids))
        for name, schema in TABLE_SCHEMAS.items()
        if "encounter_id" in schema.names
    }
    patient_ids = pa.array(picked["encounters"]["patient_id"].unique().to_pylist(), pa.string())
    return replace(whole.restrict(patient_ids), **picked)


def _shard_key(task: ShardTask, used: EhrTables) -> bytes:
    """Key of the notes' seeds. Small root seeds can be guessed, so protected table values are part of it."""
    digest = hashlib.sha256(canonical_json([task.root_seed, task.split, task.index]))
    for column in (used.patients["birth_date"], used.encounters["start"], used.observations["value"]):
        digest.update(repr(column.to_pylist()).encode())
    return digest.digest()


def _save_tables(tables: EhrTables, folder: Path) -> None:
    """The folder appears under its name when all its tables are in it."""
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        tables.save(temporary)
        if folder.is_dir():
            shutil.rmtree(folder)
        temporary.replace(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _write_atomically(table: pa.Table, path: Path) -> None:
    """Temporary name in the same folder, flushed to disk, renamed, and the folder flushed too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("wb") as sink:
            pq.write_table(
                table, sink, compression="zstd", compression_level=3, row_group_size=_ROW_GROUP_NOTES, version="2.6"
            )
            sink.flush()
            os.fsync(sink.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
