"""Leakage audit of a trained model: ``synth`` makes the notes, ``train`` measures losses, ``privacy`` judges them."""

from __future__ import annotations

import gc
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ghostchart.pipeline.generate import load_source_report
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import remove_tree, write_atomically, writing
from ghostchart.schemas.canonical import generator, readable_json, sha256_file, stream
from ghostchart.schemas.config import RunConfig, TrainConfig
from ghostchart.schemas.corpus import DATA, Corpus, UncertifiedCorpus, origin_of, read_shard, shard_name, shard_paths
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import CorpusError, ModelError
from ghostchart.schemas.note import Note, Split, notes_to_table
from ghostchart.schemas.note_losses import NoteLosses
from ghostchart.schemas.progress import Advance, Progress
from ghostchart.schemas.trained_model import TrainedModel
from ghostchart.schemas.verdict import Verdict

if TYPE_CHECKING:
    from ghostchart.privacy.model_membership import Confrontation
    from ghostchart.synth.retelling import Retelling
    from ghostchart.train.membership_scores import Reader

REPORT_JSON, REPORT_PAGE = "leakage.json", "leakage.html"
_CORPUS_REPORT = "corpus/reports/leakage.html"
_WORK = "model_audit"
_CONTROL_NOTES = 16  # per question, shown to the overtrained model over and over
_VALIDATION_NOTES = 4  # the trainer wants some; nothing is read off them
# Numbers of unwritten shards and retold tables, so that no two share a patient.
_UNSEEN, _CONTROL, _MEMBERS, _HELD_OUT, _SOURCE_CONTROL, _SHADOW = 0, 10_000, 10_001, 10_002, 10_003, 20_000
_Readings = dict[str, NoteLosses]
_OVERTRAINED = "overtrained"
# Groups of notes that are read: what is asked about, the notes of the positive control, and what that one is asked.
_ASKED = ("corpus members", "corpus non-members", "source members", "source non-members")
_CONTROLS = ("corpus control", "source control")
_CAUGHT = (*_CONTROLS, "corpus non-members", "source non-members")


@dataclass(frozen=True)
class AuditSize:
    """How much the audit reads and trains.

    Attributes:
        notes: members and non-members of each question, where there are so many.
        shadows: shadow models behind the likelihood ratio.
        shadow_notes: notes each of them is trained on; None: by the kind of model.
    """

    notes: int = 500
    shadows: int = 2
    shadow_notes: int | None = None


# How the small models of the audit are trained: notes and passes of a shadow, passes of the overtrained one. Fine-tuning
# moves a big model with few notes; a model from scratch knows nothing without many.
_SHADOW_NOTES = {"from_scratch": 600, "lora": 48, "full": 48}
_SHADOW_EPOCHS = {"from_scratch": 2.0, "lora": 1.0, "full": 1.0}
_OVERTRAINED_EPOCHS = {"from_scratch": 25.0, "lora": 10.0, "full": 10.0}
_OVERTRAINED_TOKENS_PER_STEP = 512  # small steps: more of them from the same notes


@dataclass(frozen=True)
class _Groups:
    """Notes by name: members and non-members of both questions, and the notes of the positive control."""

    notes: Mapping[str, Sequence[Note]]

    @property
    def control(self) -> list[Note]:
        """What the overtrained model is trained on."""
        return [note for name in _CONTROLS for note in self.notes[name]]

    def size(self, names: Sequence[str]) -> int:
        """Notes in these groups."""
        return sum(len(self.notes[name]) for name in names)

    def read(self, reader: Reader, names: Sequence[str], advance: Advance) -> _Readings:
        """Losses of these groups under one model."""
        return {name: reader.losses(self.notes[name], advance) for name in names}


def audit_model(
    layout: RunLayout, config: RunConfig, model: TrainConfig, corpus: Corpus, size: AuditSize, progress: Progress
) -> tuple[Verdict, ...]:
    """Attack one trained model, judge it, and write ``leakage.json`` and ``leakage.html`` beside its weights.

    Raises:
        ModelError: the model was not trained, not on this corpus, or cannot be loaded.
        CorpusError: it saw no training notes.
    """
    from ghostchart.privacy.model_membership import CORPUS_NOTES, SOURCE_PATIENTS, ModelEvidence, run_model_membership
    from ghostchart.privacy.policy import policy_in_force
    from ghostchart.train.membership_scores import trained_reader, untrained_reader

    directory = layout.models / model.name
    record = TrainedModel.load(directory)
    if (record.base_ref, record.method, origin_of(record.corpus)) != (model.base, model.method, corpus.origin):
        raise ModelError(
            "the model was not trained on this corpus with these settings",
            where=model.name,
            fix="Run 'ghostchart train' again",
        )
    seed = stream(config.seed, "model audit", model.name)
    with progress.task(f"{model.name}: writing notes it never saw", None):
        retelling = _retelling(layout, config)
        groups = _groups(layout, retelling, model, record, corpus.path, size, generator(seed))
    with _workplace(layout) as folder:
        readings: dict[str, _Readings] = {}
        plan = _small_models(retelling, groups, model, size)
        total = groups.size(_ASKED) * 2 + groups.size(_CAUGHT) + groups.size(_ASKED + _CONTROLS) * size.shadows
        with progress.task(f"{model.name}: reading notes", total) as advance:
            readings["trained"] = groups.read(trained_reader(directory, record), _ASKED, advance)
            readings["untrained"] = groups.read(untrained_reader(directory, record), _ASKED, advance)
            for settings, notes, validation in plan:
                reader = _train_small(folder, settings, notes, validation, progress)
                wanted = _CAUGHT if settings.name == _OVERTRAINED else _ASKED + _CONTROLS
                readings[settings.name] = groups.read(reader, wanted, advance)
                del reader
                gc.collect()
    shadows = [readings[settings.name] for settings, _, _ in plan[1:]]
    policy = policy_in_force(config.privacy)
    verdicts = tuple(
        run_model_membership(
            ModelEvidence(
                gate=gate,
                trained=_confront(readings["trained"], shadows, f"{group} members", f"{group} non-members"),
                untrained=_confront(readings["untrained"], shadows, f"{group} members", f"{group} non-members"),
                overtrained=_confront(readings[_OVERTRAINED], shadows, f"{group} control", f"{group} non-members"),
            ),
            policy,
            stream(config.seed, "model audit", model.name, gate),
        )
        for gate, group in ((CORPUS_NOTES, "corpus"), (SOURCE_PATIENTS, "source"))
    )
    _write_report(directory, record, verdicts, size, f"{policy.profile}, sha256:{policy.digest}")
    return verdicts


def _retelling(layout: RunLayout, config: RunConfig) -> Retelling:
    from ghostchart.privacy.identifier_index import IdentifierIndex
    from ghostchart.synth.retelling import Retelling

    return Retelling(layout.protected, config.seed, config.corpus, IdentifierIndex.load(layout.index))


def _groups(
    layout: RunLayout,
    retelling: Retelling,
    model: TrainConfig,
    record: TrainedModel,
    corpus: Path,
    size: AuditSize,
    rng: np.random.Generator,
) -> _Groups:
    """Every group of notes; in each one note of a patient, so that notes are independent."""
    from ghostchart.synth.retelling import draw_patients, one_per_patient
    from ghostchart.train.membership_scores import shown_notes

    shown = shown_notes(corpus, model, record, layout.models / model.name)
    members = one_per_patient(shown, size.notes, rng)
    per_patient = _notes_per_patient(corpus)

    def unseen(name: int, wanted: int, shard: int) -> list[Note]:
        made = retelling.unwritten(name, math.ceil(1.5 * wanted * per_patient) + 10, shard)
        return one_per_patient(made, wanted, rng)

    # As many non-members beside each shard's clinicians and places as there are members.
    shards = Counter(_shard_of(note) for note in members)
    report = load_source_report(layout)
    train, holdout = (EhrTables.load(path, report) for path in (layout.train_tables, layout.holdout_tables))

    def retold(tables: EhrTables, name: int, wanted: int) -> list[Note]:
        return one_per_patient(retelling.about(draw_patients(tables, wanted, rng), name, 0), wanted, rng)

    most = min(size.notes, train.n_patients, holdout.n_patients)
    notes = {
        "corpus members": members,
        "corpus non-members": [
            note for shard, n in sorted(shards.items()) for note in unseen(_UNSEEN + shard, n, shard)
        ],
        "corpus control": unseen(_CONTROL, _CONTROL_NOTES, min(shards)),
        "source members": retold(train, _MEMBERS, most),
        "source non-members": retold(holdout, _HELD_OUT, most),
        "source control": retold(train, _SOURCE_CONTROL, _CONTROL_NOTES),
    }
    if empty := [name for name, group in notes.items() if not group]:
        raise CorpusError(f"there is nobody to ask about among {empty[0]}", where=str(corpus))
    return _Groups(notes)


def _notes_per_patient(corpus: Path) -> float:
    """Of the training split; shards share no patient."""
    shards = [read_shard(path)["patient_id"] for path in shard_paths(corpus, "train")]
    return sum(len(column) for column in shards) / max(1, sum(len(column.unique()) for column in shards))


def _shard_of(note: Note) -> int:
    """Number of the training shard that holds the note."""
    return int(note.note_id.split("-")[1])


def _small_models(
    retelling: Retelling, groups: _Groups, model: TrainConfig, size: AuditSize
) -> list[tuple[TrainConfig, list[Note], list[Note]]]:
    """Settings, notes and validation notes of the models the audit trains: the overtrained one, then the shadows."""
    alike: dict[str, Any] = {"minutes": 0.0, "max_notes": 0}
    control = groups.control
    overtrained = model.model_copy(
        update=alike
        | {
            "name": _OVERTRAINED,
            "epochs": _OVERTRAINED_EPOCHS[model.method],
            "tokens_per_step": min(model.tokens_per_step, _OVERTRAINED_TOKENS_PER_STEP),
        }
    )
    plan = [(overtrained, control, control[:_VALIDATION_NOTES])]
    shards = sorted({_shard_of(note) for note in groups.notes["corpus members"]})
    wanted = size.shadow_notes or _SHADOW_NOTES[model.method]
    each = math.ceil((wanted + _VALIDATION_NOTES) / len(shards))
    for number in range(size.shadows):
        notes = [
            note
            for shard in shards
            for note in retelling.unwritten(_SHADOW * (number + 1) + shard, each, shard)
        ]  # fmt: skip
        settings = model.model_copy(
            update=alike
            | {"name": f"shadow-{number + 1}", "epochs": _SHADOW_EPOCHS[model.method], "seed": model.seed + number + 1}
        )
        plan.append((settings, notes[_VALIDATION_NOTES:], notes[:_VALIDATION_NOTES]))
    return plan


def _train_small(
    folder: Path, settings: TrainConfig, notes: Sequence[Note], validation: Sequence[Note], progress: Progress
) -> Reader:
    """Train one model of the audit by the recipe of the audited one, on notes of its own."""
    from ghostchart.train.membership_scores import trained_reader
    from ghostchart.train.run import train_model

    corpus, directory = folder / f"{settings.name}-corpus", folder / settings.name
    parts: tuple[tuple[Split, Sequence[Note]], ...] = (("train", notes), ("validation", validation))
    for split, part in parts:
        _write_shard(corpus, split, part)
    record = train_model(UncertifiedCorpus(corpus, "notes of a leakage audit"), settings, directory, progress)
    return trained_reader(directory, record)


def _write_shard(corpus: Path, split: Split, notes: Sequence[Note]) -> None:
    import pyarrow.parquet as pq

    with writing(corpus):
        (corpus / DATA).mkdir(parents=True, exist_ok=True)
        pq.write_table(notes_to_table(notes), corpus / DATA / shard_name(split, 0, 1))


def _confront(own: _Readings, shadows: Sequence[_Readings], members: str, non_members: str) -> Confrontation:
    from ghostchart.privacy.attacks.model_attacks import Suspects
    from ghostchart.privacy.model_membership import Confrontation

    return Confrontation(
        *(Suspects(own[group], tuple(shadow[group] for shadow in shadows)) for group in (members, non_members))
    )


@contextmanager
def _workplace(layout: RunLayout) -> Iterator[Path]:
    """A folder in the protected zone, because notes about source patients lie in it; empty at start, gone at the end."""
    folder = layout.protected / _WORK
    remove_tree(folder)
    with writing(folder):
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        remove_tree(folder)


def _write_report(
    directory: Path, record: TrainedModel, verdicts: tuple[Verdict, ...], size: AuditSize, policy: str
) -> None:
    from ghostchart.pages import render_model_leakage_page

    report = {
        "model": record.name,
        "method": record.method,
        "base": record.base,
        "corpus": record.corpus,
        "policy": policy,
        "weights": {path.name: sha256_file(path) for path in sorted(directory.glob("*.safetensors"))},
        "notes": size.notes,
        "shadows": size.shadows,
        "verdicts": [verdict.model_dump(mode="json", exclude={"seconds"}) for verdict in verdicts],
    }
    write_atomically(directory / REPORT_JSON, readable_json(report))
    corpus_report = directory.parent.parent / _CORPUS_REPORT
    page = render_model_leakage_page(
        verdicts,
        model=f"{record.name} ({record.method.replace('_', ' ')})",
        policy=policy,
        corpus_report=f"../../{_CORPUS_REPORT}" if corpus_report.exists() else "",
    )
    write_atomically(directory / REPORT_PAGE, page.encode())
