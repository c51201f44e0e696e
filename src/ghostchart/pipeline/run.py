"""Everything, in one directory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ghostchart.pipeline.certify import STAGE as CERTIFY
from ghostchart.pipeline.certify import Audit, audit, certify, certify_digest, read_reports, verify
from ghostchart.pipeline.evaluate import evaluate
from ghostchart.pipeline.generate import Generated, generate
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.report import write_report
from ghostchart.pipeline.state import RunState, only_one_run, remove_tree
from ghostchart.pipeline.train import train
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import CertifiedCorpus, Corpus, UncertifiedCorpus
from ghostchart.schemas.errors import GateRefused, VerificationError
from ghostchart.schemas.progress import Progress
from ghostchart.schemas.trained_model import TrainedModel


@dataclass(frozen=True)
class RunResult:
    """What a run ended with; ``seconds`` per stage as measured in this process."""

    layout: RunLayout
    generated: Generated
    audit: Audit
    corpus: Corpus
    models: tuple[TrainedModel, ...]
    metrics: dict[str, object]
    seconds: dict[str, float]


def open_run(out: Path, config: RunConfig, *, overwrite: bool = False) -> tuple[RunLayout, RunState]:
    """The directory of this very run, new or resumed.

    Raises:
        RunConflictError: it holds another run and ``overwrite`` is off, or something that is no run at all.
    """
    layout = RunLayout(out.absolute())
    state = RunState(layout, replace=overwrite)
    state.check_same_run(config)
    return layout, state


def run(out: Path, config: RunConfig, progress: Progress, *, overwrite: bool = False) -> RunResult:
    """Source to report.

    Raises:
        GateRefused: a gate failed or was inconclusive and ``allow_uncertified`` is off; reports are written.
        GhostchartError: bad input, see :mod:`ghostchart.schemas.errors`.
    """
    seconds: dict[str, float] = {}
    with stage_in(out, config, overwrite=overwrite) as (layout, state):
        with _timed(seconds, "generate"):
            generated = generate(layout, state, config, progress)
        with _timed(seconds, "audit and certify"):
            corpus, found = settle(layout, state, config, progress)
        with _timed(seconds, "train"):
            models = train(layout, state, config, corpus, progress)
        with _timed(seconds, "evaluate"):
            metrics = evaluate(layout, state, config, corpus, models, progress)
        result = RunResult(layout, generated, found, corpus, models, metrics, seconds)
        write_report(result, config)
    return result


@contextmanager
def stage_in(out: Path, config: RunConfig, *, overwrite: bool = False) -> Iterator[tuple[RunLayout, RunState]]:
    """Open this very run's directory for one command, alone; a new directory vanishes again if nothing was started.

    Raises:
        RunConflictError: another run, something that is no run, or another command at work there.
    """
    layout, state = open_run(out, config, overwrite=overwrite)
    fresh = not layout.out.exists()
    try:
        with only_one_run(layout):
            yield layout, state
    except BaseException:
        if fresh and not state.is_started():
            remove_tree(layout.out)
        raise


def settle(layout: RunLayout, state: RunState, config: RunConfig, progress: Progress) -> tuple[Corpus, Audit]:
    """A certified corpus, or an uncertified one where the user allowed it.

    Raises:
        GateRefused: refused and not allowed.
        VerificationError: the policy wants a privacy officer's approval, and there is none.
    """
    if state.is_done(CERTIFY, certify_digest(layout, state, config)):
        try:
            verify(layout.corpus, config, before_signoff=True)
        except VerificationError as error:
            progress.say(f"Certifying again: {error}")
        else:
            # An officer's decision is never a reason to certify again: that would remove it.
            return _signed_off(layout, config, progress), read_reports(layout)
    found = audit(layout, config, progress)
    try:
        certify(layout, state, config, progress, found=found)
    except GateRefused as refusal:
        if not config.allow_uncertified:
            raise
        progress.say(f"Going on without a certificate (allow_uncertified): {refusal}")
        return UncertifiedCorpus(layout.corpus, refusal.what), found
    return _signed_off(layout, config, progress), found


def _signed_off(layout: RunLayout, config: RunConfig, progress: Progress) -> Corpus:
    """The certified corpus, with the sign-off that its policy may want."""
    try:
        return verify(layout.corpus, config)
    except VerificationError as refusal:
        if not config.allow_uncertified:
            raise
        progress.say(f"Going on without a sign-off (allow_uncertified): {refusal}")
        return UncertifiedCorpus(layout.corpus, refusal.what)


def corpus_for_training(layout: RunLayout, config: RunConfig) -> Corpus:
    """The corpus of a directory for train and evaluate alone.

    Raises:
        VerificationError: no valid certificate and ``allow_uncertified`` is off.
    """
    try:
        certified: CertifiedCorpus = verify(layout.corpus, config)
    except VerificationError as error:
        if not config.allow_uncertified:
            raise
        return UncertifiedCorpus(layout.corpus, error.what)
    return certified


@contextmanager
def _timed(table: dict[str, float], name: str) -> Iterator[None]:
    """Add the wall-clock seconds of a block to a table."""
    start = time.monotonic()
    yield
    table[name] = time.monotonic() - start
