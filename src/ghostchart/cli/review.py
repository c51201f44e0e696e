"""``ghostchart review``: sheets for a certified coder, and what came back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Draw notes for a certified coder and score the filled sheet.", no_args_is_help=True)


@app.command(epilog="Example: [bold]ghostchart review sample out/corpus --n 50 --out review[/]")
def sample(
    corpus: Annotated[Path, typer.Argument(help="The corpus directory.")],
    out: Annotated[Path, typer.Option("--out", help="New directory for review.html and review.csv.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Number of notes.")] = 50,
    seed: Annotated[int, typer.Option(help="Another seed, other notes.")] = 1,
) -> None:
    """Write a sheet: an HTML page to read and a CSV to fill in; rules marked for review are shown first."""
    from ghostchart.console import STDOUT
    from ghostchart.pipeline.review import draw_notes, write_review

    page, sheet = write_review(draw_notes(corpus, n, seed), out)
    STDOUT.print(f"Read       {page}", soft_wrap=True)
    STDOUT.print(f"Fill in    {sheet}  (next: ghostchart review score {sheet})", soft_wrap=True)


@app.command(epilog="Example: [bold]ghostchart review score review/review.csv[/]")
def score(
    file: Annotated[Path, typer.Argument(help="The filled review.csv.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Agreement, Cohen's kappa and disagreements by rule."""
    from rich.table import Table

    from ghostchart.console import STDOUT
    from ghostchart.pipeline.review import CODED, NOT_CODED, score_review
    from ghostchart.schemas.coding_rules import RULES

    found = score_review(file)
    if as_json:
        told = {
            "judged": found.judged,
            "unjudged": found.unjudged,
            "agreement": found.agreement.model_dump(mode="json"),
            "kappa": found.kappa,
            "notes_without_objection": found.notes_without_objection.model_dump(mode="json"),
            "table": {f"policy {one}, coder {other}": count for (one, other), count in found.table.items()},
            "by_rule": {rule: {"judged": n, "disagreed": no} for rule, (n, no) in found.by_rule.items()},
        }
        typer.echo(json.dumps(told, indent=2))
        return
    for measure in (found.agreement, found.notes_without_objection):
        interval = f" (95 % CI {measure.ci[0]:.3f} to {measure.ci[1]:.3f})" if measure.ci else ""
        STDOUT.print(f"{measure.name:<30} {measure.value:.3f}{interval}, n = {measure.n}")
    kappa = "not defined: one answer only" if found.kappa is None else f"{found.kappa:.3f}"
    STDOUT.print(f"{'Cohen kappa':<30} {kappa}")
    STDOUT.print(f"{'rows without judgement':<30} {found.unjudged}")
    table = Table("Policy", "Coder: coded", "Coder: not coded")
    for one in (CODED, NOT_CODED):
        table.add_row(one, str(found.table[one, CODED]), str(found.table[one, NOT_CODED]))
    STDOUT.print(table)
    rules = Table("Rule", "Judged", "Disagreed", "For review", "What it says")
    for rule, (judged, disagreed) in found.by_rule.items():
        known = RULES.get(rule)
        if disagreed or (known is not None and known.needs_review):
            marked = "yes" if known is not None and known.needs_review else ""
            rules.add_row(
                rule, str(judged), str(disagreed), marked, known.text if known is not None else "unknown rule"
            )
    STDOUT.print(rules)
