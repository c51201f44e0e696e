"""What a run has done: a digest per stage in ``run.json``, values in the protected zone.

Stages form a chain; the digest of each covers its own settings and the stage before it. Equal digests mean "done
already". When source, seed or generation differ the run is another one and is refused; when only later stages
differ, those are redone and what they left is removed first.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ghostchart import __version__
from ghostchart.pipeline.layout import RunLayout
from ghostchart.schemas.canonical import canonical_json, keyed_digest, readable_json
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import CARD, CERTIFICATE, CROISSANT, MANIFEST, REPORTS, SIGNOFF_PATTERN
from ghostchart.schemas.errors import OutputError, RunConflictError

_FORMAT = 1
_KEY_BYTES = 32
_KEY = "run.key"
_LOCK = "lock"


def generation_values(config: RunConfig) -> dict[str, Any]:
    """Everything that decides the bytes of ``corpus/data``."""
    values: dict[str, Any] = {
        "seed": config.seed,
        "source": config.source.model_dump(mode="json"),
        "ehr_model": config.ehr_model.model_dump(mode="json"),
        "corpus": config.corpus.model_dump(mode="json"),
        "ghostchart": __version__,
    }
    for name in ("path", "mapping", "code_map"):
        if (path := getattr(config.source, name)) is not None:
            values["source"][name] = str(path.resolve())
    if config.corpus.templates is not None:
        from ghostchart.synth.notes.own_templates import digest_templates

        values["corpus"]["templates"] = digest_templates(config.corpus.templates)
    return values


def _flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{name}."))
        else:
            flat[name] = value
    return flat


class RunState:
    """The record of one output directory.

    With ``replace`` the directory counts as empty, and a run in it is erased only when the new one starts: bad input
    costs nobody an old run.
    """

    def __init__(self, layout: RunLayout, *, replace: bool = False) -> None:
        self.layout = layout
        self._stages: dict[str, str] = {}
        # An erasure that was killed has left the key, which goes last; the same command then finishes it.
        self._replace = replace and (layout.run_file.exists() or (layout.protected / _KEY).exists())
        if layout.run_file.exists() and not self._replace:
            try:
                record = json.loads(layout.run_file.read_text())
                self._stages = dict(record["stages"])
                if record["format"] != _FORMAT:
                    raise KeyError("format")
            except (OSError, ValueError, KeyError, TypeError):
                raise RunConflictError(
                    "run.json is damaged or from another version",
                    where=str(layout.out),
                    fix="Use another --out or --overwrite",
                ) from None

    @property
    def _own_names(self) -> set[str]:
        """Names that may lie in a directory where a run starts."""
        if not self._replace:
            return {self.layout.protected.name}
        return {path.name for path in self.layout.parts}

    @property
    def _values_file(self) -> Path:
        return self.layout.protected / "run-config.json"

    @property
    def key(self) -> bytes:
        """Secret of this run for keyed digests; made when the run starts, kept in the protected zone."""
        return (self.layout.protected / _KEY).read_bytes()

    def is_started(self) -> bool:
        """Whether this directory holds a run."""
        return not self._replace and self.layout.run_file.exists()

    def check_same_run(self, config: RunConfig) -> None:
        """Refuse another run's directory.

        Raises:
            RunConflictError: source, seed or generation differ, naming the first field; or a directory with foreign files.
        """
        out = self.layout.out
        if not self.is_started():
            if out.exists() and (not out.is_dir() or any(path.name not in self._own_names for path in out.iterdir())):
                raise RunConflictError(
                    "the output directory holds something that is not a run",
                    where=str(out),
                    fix="Choose an empty or new --out; --overwrite replaces runs only",
                )
            return
        try:
            before = _flatten(json.loads(self._values_file.read_text()))
        except (OSError, ValueError):
            raise RunConflictError(
                "the run's settings in the protected zone cannot be read",
                where=str(out),
                fix="Use another --out or --overwrite",
            ) from None
        now = _flatten(json.loads(canonical_json(generation_values(config))))
        for field in sorted(before.keys() | now.keys(), key=_field_order):
            if before.get(field) != now.get(field):
                shown = "differs" if field == "seed" else f"was {before.get(field)!r}, now {now.get(field)!r}"
                raise RunConflictError(
                    f"the output directory already holds another run: {field} {shown}",
                    where=str(out),
                    fix="Use another --out, the same settings to resume, or --overwrite",
                )

    def start(self, config: RunConfig) -> None:
        """Make the directories and record what this run is; harmless when it was started before."""
        if self._replace:
            erase(self.layout)
            self._replace = False
        with writing(self.layout.out):
            self.layout.out.mkdir(parents=True, exist_ok=True)
            self.layout.protected.mkdir(mode=0o700, exist_ok=True)
            self.layout.protected.chmod(0o700)
            key = self.layout.protected / _KEY
            if not key.exists():
                write_private(key, secrets.token_bytes(_KEY_BYTES))
            write_private(self._values_file, readable_json(generation_values(config)))
            self._save()

    def digest(self, stage: str, settings: Any, *upstream: str) -> str:
        """Keyed digest of a stage's settings and what it builds on."""
        return keyed_digest(self.key, stage, canonical_json(settings).decode(), *upstream)

    def is_done(self, stage: str, digest: str) -> bool:
        """Whether the stage ended with exactly this digest."""
        return self._stages.get(stage) == digest

    def mark_done(self, stage: str, digest: str) -> None:
        """Record a finished stage."""
        self._stages[stage] = digest
        self._save()

    def forget(self, *stages: str) -> None:
        """Unmark stages (their outputs are about to be removed)."""
        for stage in stages:
            self._stages.pop(stage, None)
        if self.is_started():
            self._save()

    def stages(self) -> tuple[str, ...]:
        """Names of finished stages."""
        return tuple(sorted(self._stages))

    def _save(self) -> None:
        record = {"format": _FORMAT, "ghostchart": __version__, "stages": self._stages}
        write_atomically(self.layout.run_file, readable_json(record))


def _field_order(field: str) -> tuple[int, str]:
    order = ("source", "seed", "ehr_model", "corpus", "ghostchart")
    return (order.index(field.partition(".")[0]), field)


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write beside, fsync, rename: readers see the old or the new file, never half of one."""
    temporary = path.with_name(f".{path.name}.partial")
    with writing(path), os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    with writing(path):
        temporary.replace(path)


def write_private(path: Path, data: bytes) -> None:
    """The same with mode 0600."""
    write_atomically(path, data, 0o600)


def append_line(path: Path, line: bytes) -> None:
    """Add a line to a private file and flush it to disk; what a kill tears off is the end of the last line only.

    Cheap for records that grow line by line, where writing the whole again would not be.
    """
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as stream:
            size = stream.seek(0, os.SEEK_END)
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line
            stream.write(line)
            stream.flush()
            os.fsync(descriptor)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn file-system refusals into one sentence.

    Raises:
        OutputError: read-only, full, no permission, not a directory.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write: {error.strerror}", where=str(path), fix="Check space and permissions; finished work is kept"
        ) from None


@contextmanager
def only_one_run(layout: RunLayout) -> Iterator[None]:
    """Hold the directory so that two commands never write into it at once.

    Raises:
        RunConflictError: another process works there now.
    """
    with writing(layout.out):
        layout.protected.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (layout.protected / _LOCK).open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunConflictError(
                "another ghostchart command is working there", where=str(layout.out), fix="Wait for it to end"
            ) from None
        yield


def remove_certification(layout: RunLayout) -> None:
    """Remove everything certify wrote into the corpus, certificate first; ``data/`` stays."""
    corpus = layout.corpus
    with writing(corpus):
        for name in (CERTIFICATE, MANIFEST, CROISSANT, CARD):
            (corpus / name).unlink(missing_ok=True)
        if corpus.is_dir():
            for path in corpus.iterdir():
                if SIGNOFF_PATTERN.fullmatch(path.name):
                    path.unlink()
        remove_tree(corpus / REPORTS)


def remove_tree(path: Path) -> None:
    """Remove a directory of ours if it is there."""
    with writing(path):
        if path.is_dir():
            shutil.rmtree(path)


def erase(layout: RunLayout) -> None:
    """Remove a run, certificate and record first, so that an interrupted removal never looks finished.

    The key goes last: as long as it is there, the directory is known as a run to be replaced.
    """
    with writing(layout.out):
        (layout.corpus / CERTIFICATE).unlink(missing_ok=True)
        layout.run_file.unlink(missing_ok=True)
        layout.report.unlink(missing_ok=True)
    for path in (layout.corpus, layout.models, layout.evaluation):
        remove_tree(path)
    with writing(layout.protected):
        for path in layout.protected.iterdir() if layout.protected.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name not in (_KEY, _LOCK):
                path.unlink()
        (layout.protected / _KEY).unlink(missing_ok=True)
        # The lock stays as long as it may be held: another command must not get a new one.
        if layout.protected.is_dir() and not any(layout.protected.iterdir()):
            layout.protected.rmdir()
