"""``ghostchart audit``: run the gates over a corpus, scan any text for identifiers, decide about findings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ghostchart.cli.options import ConfigFile, configuration_of


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
    "([bold]ghostchart audit text FILE[/]).",
    epilog="Examples: [bold]ghostchart audit out[/]   |   [bold]ghostchart audit text letter.txt[/]",
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
            help="Another installed spaCy pipeline with a name finder.",
            show_default="the built-in small pipeline",
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
