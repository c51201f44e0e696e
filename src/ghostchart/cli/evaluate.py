"""``ghostchart evaluate``: score systems on a corpus or on notes of one's own, and what a model keeps of general ability."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ghostchart.cli.options import AllowUncertified, ConfigFile, configuration_of, pick_models
from ghostchart.schemas.config import RunConfig, config_from
from ghostchart.schemas.errors import UsageError

if TYPE_CHECKING:
    from ghostchart.pipeline.evaluate import GivenSystem

_DEFAULT = "models"


class _DefaultCommand(TyperGroup):
    """``evaluate OUT`` is ``evaluate models OUT``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_DefaultCommand,
    help="Score systems on the same notes (EVALUATE OUT is EVALUATE MODELS OUT), or measure what a model has forgotten.",
    no_args_is_help=True,
    epilog="Examples: [bold]ghostchart evaluate out[/]   |   [bold]ghostchart evaluate retention smollm2-135m out/model/lora --tasks arc_easy[/]",
)

RunDirectory = Annotated[Path, typer.Argument(help="Directory of the run (the --out of generate or run).")]


@app.command(
    name=_DEFAULT,
    epilog="Examples: [bold]ghostchart evaluate out[/]   |   "
    "[bold]ghostchart evaluate out --predictions other=other.jsonl[/]   |   "
    "[bold]ghostchart evaluate out --notes mine.csv --system big=/models/big[/]",
)
def models(
    out: RunDirectory,
    model: Annotated[
        list[str] | None, typer.Option(help="Only this trained model (repeatable).", show_default="all")
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(help="Another model, NAME=DIRECTORY or NAME=HUB-NAME: a base model or an adapter (repeatable)."),
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="Base model of --system adapters.", show_default="what the adapter names")
    ] = None,
    predictions: Annotated[
        list[str] | None,
        typer.Option(help="Predictions of another system, NAME=FILE: JSON lines with note_id, predicted (repeatable)."),
    ] = None,
    notes: Annotated[
        Path | None,
        typer.Option(
            help="Notes of your own in place of the test split: JSON lines or CSV with note_id, text, codes. Results go "
            "to OUT/protected/own_notes."
        ),
    ] = None,
    few_shot: Annotated[
        int | None, typer.Option(help="Ask the untouched base also with this many answered notes.", show_default="0")
    ] = None,
    constrained: Annotated[
        bool | None,
        typer.Option(
            "--constrained/--free",
            help="Whether models can answer only codes of the release.",
            show_default="constrained",
        ),
    ] = None,
    encoder: Annotated[
        bool | None,
        typer.Option("--encoder/--no-encoder", help="Score the label-attention baseline.", show_default="no-encoder"),
    ] = None,
    max_notes: Annotated[int | None, typer.Option(help="Test notes to score.", show_default="60")] = None,
    config: ConfigFile = None,
    allow_uncertified: AllowUncertified = False,
) -> None:
    """Score the untouched base, the trained models, given systems and the baselines on the same notes."""
    from ghostchart.console import STDOUT, TerminalProgress, print_metrics
    from ghostchart.pipeline.evaluate import REPORT, evaluate, evaluate_own_notes
    from ghostchart.pipeline.run import corpus_for_training, stage_in
    from ghostchart.pipeline.train import trained_models

    settings = pick_models(configuration_of(out, config, allow_uncertified=allow_uncertified), model)
    settings = _with_flags(settings, few_shot=few_shot, constrained=constrained, encoder=encoder, max_notes=max_notes)
    given = _given(system or [], predictions or [], base)
    with stage_in(out, settings) as (layout, state):
        corpus = corpus_for_training(layout, settings)
        trained = trained_models(layout, settings)
        progress = TerminalProgress()
        if notes is None:
            metrics, folder = evaluate(layout, state, settings, corpus, trained, progress, given), layout.evaluation
        else:
            metrics, folder = evaluate_own_notes(layout, settings, corpus, trained, notes, progress, given)
    print_metrics(metrics)
    STDOUT.print(f"Metrics    {folder / 'metrics.json'}", soft_wrap=True)
    STDOUT.print(f"Report     {folder / REPORT}", soft_wrap=True)


@app.command(
    epilog="Example: [bold]ghostchart evaluate retention smollm2-135m out/model/smollm2-lora --tasks arc_easy --limit 200[/]"
)
def retention(
    before: Annotated[str, typer.Argument(help="The base model: smollm2-135m, a directory or a hub name.")],
    after: Annotated[str, typer.Argument(help="What became of it: a model or adapter directory.")],
    tasks: Annotated[list[str], typer.Option(help="lm-eval task (repeatable).")],
    task_dir: Annotated[
        Path | None,
        typer.Option(help="Directory with task files of your own (YAML beside their data); nothing is fetched."),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="First questions of each task.", show_default="all")] = None,
    batch_size: Annotated[int, typer.Option(help="Questions at once.")] = 8,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("retention.json"),
) -> None:
    """Run lm-eval tasks on a model before and after fine-tuning and report the difference with intervals."""
    from ghostchart.console import STDOUT, print_retention
    from ghostchart.pipeline.retention import measure_retention

    found = measure_retention(before, after, tasks, task_dir=task_dir, limit=limit, batch_size=batch_size, out=out)
    print_retention(found)
    STDOUT.print(f"Retention  {out}", soft_wrap=True)


def _with_flags(settings: RunConfig, **flags: object) -> RunConfig:
    given = {name: value for name, value in flags.items() if value is not None}
    if not given:
        return settings
    values: dict[str, Any] = settings.model_dump()
    values["evaluate"] |= given
    return config_from(values, where="command line")


def _given(systems: list[str], predictions: list[str], base: str | None) -> list[GivenSystem]:
    from ghostchart.pipeline.evaluate import GivenSystem

    if base is not None and not systems:
        raise UsageError("--base goes with --system", fix="Name the adapter: --system mine=DIRECTORY")
    found = []
    for text, is_file in [*((one, False) for one in systems), *((one, True) for one in predictions)]:
        name, equals, ref = text.partition("=")
        if not equals or not name or not ref:
            flag, what = ("--predictions", "FILE") if is_file else ("--system", "DIRECTORY")
            raise UsageError(f"{flag} {text!r} does not name a system", fix=f"Write {flag} NAME={what}")
        found.append(GivenSystem(name, ref, is_file, None if is_file else base))
    return found
