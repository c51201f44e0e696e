"""Source -> fitted EHR model -> note shards (an uncertified corpus)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ghostchart.engines.local import run_tasks
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.source_quality import check_source, load_source_report, write_quality_report
from ghostchart.pipeline.state import (
    RunState,
    append_line,
    generation_values,
    remove_certification,
    remove_tree,
    write_atomically,
    write_private,
    writing,
)
from ghostchart.schemas.canonical import canonical_json, readable_json, sha256_file, stream
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import DATA, shard_paths
from ghostchart.schemas.ehr import EhrTables, SourceReport
from ghostchart.schemas.errors import CorpusError, VerificationError
from ghostchart.schemas.note import SPLITS
from ghostchart.schemas.progress import Progress

if TYPE_CHECKING:
    from ghostchart.schemas.screening import SurrogateScreen
    from ghostchart.synth.corpus_writer import ShardResult, ShardTask

STAGE = "generate"
_FITTED = "fitted.json"


@dataclass(frozen=True)
class Generated:
    """What generation left: notes per split, the source's row counts, shares of enriched strata (achieved, wanted)."""

    notes: dict[str, int]
    source: SourceReport
    enriched: dict[str, tuple[float, float]]


def load_for_run(config: RunConfig, progress: Progress) -> EhrTables:
    """Read the source before anything is written, so that bad input leaves no trace."""
    from ghostchart.synth.sources import load_source

    return load_source(config.source, progress)


def generate(layout: RunLayout, state: RunState, config: RunConfig, progress: Progress) -> Generated:
    """Make ``corpus/data`` and everything protected behind it; resumes a killed run.

    Raises:
        SourceError, OutputError, EnvironmentProblem: see :mod:`ghostchart.schemas.errors`.
    """
    digest_of = generation_values(config)
    if state.is_started():
        digest = state.digest(STAGE, digest_of)
        if state.is_done(STAGE, digest):
            check_data(layout)
            return left_by_generation(layout, config)
    _prepare_protected(layout, state, config, progress)
    digest = state.digest(STAGE, digest_of)
    state.forget(*state.stages())
    remove_certification(layout)
    _write_shards(layout, config, progress)
    state.mark_done(STAGE, digest)
    return left_by_generation(layout, config)


def left_by_generation(layout: RunLayout, config: RunConfig) -> Generated:
    """What a finished generation left in the directory."""
    from ghostchart.synth.synthetic_tables import stratum_shares

    achieved = stratum_shares(layout.protected, config.ehr_model.enrich)
    shares = {str(name): (achieved[name], wanted) for name, wanted in config.ehr_model.enrich.items()}
    return Generated(_notes_per_split(layout), load_source_report(layout), shares)


def check_codes(config: RunConfig) -> None:
    """Refuse code files of the user that cannot carry a run, before anything is written.

    Raises:
        InputError, ConfigError, CodeError: no CMS release, no CPT file, or a release that lacks codes of the library.
    """
    from ghostchart.schemas.code_systems import load_code_systems
    from ghostchart.synth.library import load_library

    corpus = config.corpus
    if corpus.icd10cm_release is None and corpus.cpt_file is None:
        return
    systems = load_code_systems(corpus.cpt, corpus.cpt_file, corpus.icd10cm_release)
    load_library(systems.icd10cm).require_release()


def check_templates(config: RunConfig) -> None:
    """Refuse templates of the user that would lose a code or break in the middle of a run, before anything is written.

    Raises:
        TemplateError: the first problem with its file and line, and how many more there are.
    """
    if config.corpus.templates is not None:
        from ghostchart.synth.notes.preview import require_sound

        require_sound(config.corpus.templates)


def _prepare_protected(layout: RunLayout, state: RunState, config: RunConfig, progress: Progress) -> None:
    """Source tables, holdout split, fitted model and identifier index; each kept once it is there."""
    report_file = layout.protected / "source" / "report.json"
    marker = layout.protected / _FITTED
    if state.is_started() and marker.exists():
        return
    check_codes(config)
    check_templates(config)
    tables = check_source(load_for_run(config, progress), progress)
    if not state.is_started() and layout.protected.is_dir():
        # Left by a run whose removal was interrupted: it must not pass for this one's.
        with writing(layout.protected):
            for path in (marker, layout.shard_record, layout.shard_journal):
                path.unlink(missing_ok=True)
    state.start(config)

    from ghostchart.privacy.identifier_index import IdentifierIndex
    from ghostchart.synth.ehr_model import fit_ehr_model, split_holdout

    train, holdout = split_holdout(tables, config.ehr_model.holdout_fraction, stream(config.seed, "holdout"))
    with writing(layout.protected):
        train.save(layout.train_tables)
        holdout.save(layout.holdout_tables)
        write_private(report_file, readable_json(asdict(tables.report)))
    write_quality_report(layout, tables.report)
    with writing(layout.index):
        IdentifierIndex.build(train, holdout, secrets.token_bytes(32)).save(layout.index)
    with progress.task("Fitting the EHR model", None):
        model = fit_ehr_model(train, config.ehr_model, stream(config.seed, "fit"), progress)
    with writing(layout.ehr_model):
        model.save(layout.ehr_model)
    write_private(marker, readable_json({"patients": train.n_patients, "holdout": holdout.n_patients}))


def _write_shards(layout: RunLayout, config: RunConfig, progress: Progress) -> None:
    from ghostchart.privacy.identifier_index import IdentifierIndex
    from ghostchart.synth.corpus_writer import plan_shards

    tasks = plan_shards(config.corpus, config.seed, layout.corpus, layout.protected)
    kept = _finished_shards(layout, tasks)
    left = [task for task in tasks if task.name not in kept]
    with progress.task("Writing notes", config.corpus.notes) as advance:
        advance(sum(task.n_notes for task in tasks if task.name in kept))

        def note(task: ShardTask, result: ShardResult) -> None:
            kept[result.name] = {"rows": result.rows, "sha256": result.sha256}
            append_line(layout.shard_journal, canonical_json({result.name: kept[result.name]}))
            advance(task.n_notes)

        if left:
            _run(left, IdentifierIndex.load(layout.index), layout, config, note)
    # A worker that died may have left half a file under a name of its own.
    _remove_strays(layout, tasks)
    write_private(layout.shard_record, readable_json(kept))
    with writing(layout.shard_journal):
        layout.shard_journal.unlink(missing_ok=True)


def _run(
    tasks: Sequence[ShardTask],
    screen: SurrogateScreen,
    layout: RunLayout,
    config: RunConfig,
    note: Callable[[ShardTask, ShardResult], None],
) -> None:
    """Write these shards with the engine of the configuration."""
    from ghostchart.synth.corpus_writer import write_shard

    if config.engine == "ray" and config.address is not None:
        from ghostchart.engines.ray_cluster import run_on_cluster

        seen = layout.protected / _FITTED
        run_on_cluster(write_shard, tasks, screen, address=config.address, must_see=seen, on_result=note)
    else:
        run_tasks(write_shard, tasks, screen, workers=min(config.workers, len(tasks)), on_result=note)


def _remove_strays(layout: RunLayout, tasks: Sequence[ShardTask]) -> None:
    """Remove what lies in the places of shards and their tables under other names."""
    folder, names, stems = layout.corpus / DATA, {task.name for task in tasks}, {task.stem for task in tasks}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in names:
            with writing(path):
                path.unlink()
    for path in layout.synthetic.iterdir() if layout.synthetic.is_dir() else ():
        if path.name not in stems:
            remove_tree(path)


def _finished_shards(layout: RunLayout, tasks: Sequence[ShardTask]) -> dict[str, Any]:
    """Shards that are recorded and lie there unchanged with their tables; whatever else is found is removed."""
    record = _read_record(layout) | _read_journal(layout)
    kept: dict[str, Any] = {}
    folder = layout.corpus / DATA
    with writing(layout.corpus):
        folder.mkdir(parents=True, exist_ok=True)
    _remove_strays(layout, tasks)
    for task in tasks:
        path, done = folder / task.name, record.get(task.name)
        there = path.exists() and (layout.synthetic / task.stem).is_dir()
        if done is not None and there and sha256_file(path) == done["sha256"]:
            kept[task.name] = done
    return kept


def _read_journal(layout: RunLayout) -> dict[str, Any]:
    """Shards that an unfinished generation has recorded; the last line may be torn."""
    found: dict[str, Any] = {}
    try:
        lines = layout.shard_journal.read_bytes().split(b"\n")
    except OSError:
        return {}
    for line in lines:
        try:
            found |= json.loads(line)
        except (ValueError, TypeError):
            continue
    return found


def _read_record(layout: RunLayout) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(layout.shard_record.read_text())
    except (OSError, ValueError):
        return {}
    return record


def check_data(layout: RunLayout) -> None:
    """Compare ``data/`` with what generate recorded.

    Raises:
        VerificationError: a shard changed, is missing, or was added since.
        CorpusError: there is no record of generation.
    """
    record = _read_record(layout)
    if not record:
        raise CorpusError(
            "there is no record of a finished generation", where=str(layout.out), fix="Run 'ghostchart generate' first"
        )
    present = {path.name for path in (layout.corpus / DATA).iterdir()} if (layout.corpus / DATA).is_dir() else set()
    for name in sorted(record.keys() | present):
        path = layout.corpus / DATA / name
        if name not in record:
            problem = "was added"
        elif name not in present:
            problem = "is missing"
        elif sha256_file(path) != record[name]["sha256"]:
            problem = "was changed"
        else:
            continue
        raise VerificationError(
            f"data/{name} {problem} since it was generated",
            where=str(layout.corpus),
            fix="Run 'ghostchart generate' with --overwrite to make the corpus again",
        )


def record_data(layout: RunLayout) -> None:
    """Record ``data/`` as it is now: for a reviewed removal of notes before certification, and for planted-leak tests."""
    from ghostchart.schemas.corpus import read_shard

    record = {
        path.name: {"rows": read_shard(path).num_rows, "sha256": sha256_file(path)}
        for split in SPLITS
        for path in shard_paths(layout.corpus, split)
    }
    write_private(layout.shard_record, readable_json(record))


def _notes_per_split(layout: RunLayout) -> dict[str, int]:
    record = _read_record(layout)
    return {
        split: sum(value["rows"] for name, value in record.items() if name.startswith(f"{split}-")) for split in SPLITS
    }


__all__ = ["STAGE", "Generated", "check_data", "generate", "load_source_report", "record_data", "write_atomically"]
