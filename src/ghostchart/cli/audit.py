"""``ghostchart audit``: gates over a corpus, identifiers in any text, attacks on a model, decisions about findings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ghostchart.cli.options import AllowUncertified, ConfigFile, configuration_of, pick_models


class _CorpusUnlessNamed(TyperGroup):
    """``ghostchart audit OUT`` means ``ghostchart audit corpus OUT``: what is no subcommand is a directory."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click; puts the subcommand in where none is named."""
        if args and args[0] not in self.commands and args[0] not in ("--help",):
            args = ["corpus", *args]
        return list(super().parse_args(ctx, args))


app = typer.Typer(
    cls=_CorpusUnlessNamed,
    help="Run the gates over OUT/corpus ([bold]ghostchart audit out[/]), or look for identifiers in any text "
    "([bold]ghostchart audit text FILE[/]), or attack a trained model ([bold]ghostchart audit model out[/]).",
    epilog="Examples: [bold]ghostchart audit out[/]   |   [bold]ghostchart audit text letter.txt[/]   |   "
    "[bold]ghostchart audit model out --model tiny[/]",
    no_args_is_help=True,
)


class DecisionName(StrEnum):
    """What a person may decide about a finding."""

    not_an_identifier = "not_an_identifier"
    made_up = "made_up"


@app.command(epilog="Example: [bold]ghostchart audit out[/]")
def corpus(
    out: Annotated[Path, typer.Argument(help="Directory of the run (the --out of generate or run).")],
    config: ConfigFile = None,
) -> None:
    """Run every gate over OUT/corpus and write its reports, without signing. Removes an old certificate."""
    from ghostchart.console import STDOUT, TerminalProgress, print_verdicts
    from ghostchart.pipeline.certify import audit as run_gates
    from ghostchart.pipeline.run import stage_in
    from ghostchart.schemas.verdict import overall

    settings = configuration_of(out, config)
    with stage_in(out, settings) as (layout, state):
        state.forget("certify")
        found = run_gates(layout, settings, TerminalProgress())
    print_verdicts(found.gates)
    STDOUT.print(f"Reports    {layout.corpus / 'reports'}", soft_wrap=True, markup=False)
    if overall(found.gates) != "passed":
        raise typer.Exit(1)


@app.command(
    epilog="Examples: [bold]ghostchart audit text letter.txt[/]   |   [bold]cat letter.txt | ghostchart audit text - --json[/]"
)
def text(
    files: Annotated[list[Path], typer.Argument(help="Text files in UTF-8; - reads standard input.")],
    json: Annotated[bool, typer.Option("--json", help="Findings as JSON, offsets in characters.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Show what was found in clear instead of masked.")] = False,
    nlp: Annotated[
        str | None,
        typer.Option(
            help="Another NER model: an installed spaCy pipeline, or the directory of a spaCy pipeline or of a transformer "
            "(token classification).",
            show_default="the small spaCy pipeline that comes along",
        ),
    ] = None,
) -> None:
    """Look for direct identifiers in text files; exit 1 when some are found."""
    from ghostchart.cli.text_findings import print_findings, read_text
    from ghostchart.privacy.phi import PhiScanner

    texts = [read_text(path) for path in files]
    found = PhiScanner(nlp).scan(texts)
    print_findings([str(path) for path in files], texts, found, as_json=json, show=show)
    if any(found):
        raise typer.Exit(1)


@app.command(epilog="Example: [bold]ghostchart audit model out --model tiny[/]")
def model(
    out: Annotated[Path, typer.Argument(help="Directory of the run.")],
    name: Annotated[
        list[str] | None, typer.Option("--model", help="Only this trained model (repeatable).", show_default="all")
    ] = None,
    notes: Annotated[
        int, typer.Option(min=20, help="Members and non-members of each question; below 300 nothing passes.")
    ] = 500,
    shadows: Annotated[int, typer.Option(min=1, max=16, help="Shadow models behind the likelihood ratio.")] = 2,
    shadow_notes: Annotated[
        int | None,
        typer.Option(min=8, help="Notes to train each of them on.", show_default="600 from scratch, else 48"),
    ] = None,
    config: ConfigFile = None,
    allow_uncertified: AllowUncertified = False,
) -> None:
    """Ask a trained model what it remembers of its notes and of the source patients; exit 1 unless it tells nothing."""
    from ghostchart.console import STDOUT, TerminalProgress, print_verdicts
    from ghostchart.pipeline.model_audit import REPORT_PAGE, AuditSize, audit_model
    from ghostchart.pipeline.report import renew_report
    from ghostchart.pipeline.run import corpus_for_training, stage_in
    from ghostchart.schemas.verdict import Verdict, overall

    whole = configuration_of(out, config, allow_uncertified=allow_uncertified)
    settings = pick_models(whole, name)
    found: list[Verdict] = []
    with stage_in(out, settings) as (layout, _state):
        trained_on = corpus_for_training(layout, settings)
        for entry in settings.models:
            size = AuditSize(notes, shadows, shadow_notes)
            verdicts = audit_model(layout, settings, entry, trained_on, size, TerminalProgress())
            print_verdicts(verdicts)
            STDOUT.print(f"Report     {layout.models / entry.name / REPORT_PAGE}", soft_wrap=True, markup=False)
            found += verdicts
        renew_report(layout, whole, trained_on)
    if overall(tuple(found)) != "passed":
        raise typer.Exit(1)


@app.command(
    epilog="Example: [bold]ghostchart audit adjudicate out 0f3a5b7c9d1e2f40 --decision not_an_identifier --name 'Pat Lee'[/]"
)
def adjudicate(
    out: Annotated[Path, typer.Argument(help="Directory of the run.")],
    digest: Annotated[str, typer.Argument(help="Digest of the finding, from OUT/protected/reports/findings.json.")],
    decision: Annotated[DecisionName, typer.Option(help="The decision.")],
    name: Annotated[str, typer.Option(help="Who decides.")],
) -> None:
    """Decide about a finding of the PHI scan that no ledger explains; the next audit counts it as adjudicated."""
    from datetime import UTC, datetime

    from ghostchart.console import STDOUT
    from ghostchart.pipeline.layout import RunLayout
    from ghostchart.privacy.phi.adjudication import Adjudication, record_adjudication, require_open_finding

    protected = RunLayout(out).protected
    require_open_finding(protected, digest)
    entry = Adjudication(digest, decision.value, name, datetime.now(UTC).date())
    path = record_adjudication(protected, entry)
    STDOUT.print(
        f"Recorded   {decision.value} by {name} in {path}; next: ghostchart audit {out}", soft_wrap=True, markup=False
    )
