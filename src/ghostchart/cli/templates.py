"""``ghostchart templates``: see and check note templates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="List, preview and lint note templates.", no_args_is_help=True)


@app.command("list", epilog="Example: [bold]ghostchart templates list[/]")
def list_() -> None:
    """Every template with its note type, family and split."""
    from rich.table import Table

    from ghostchart.console import STDOUT
    from ghostchart.synth.notes.preview import list_templates

    table = Table("Template", "Note type", "Family", "Split")
    for info in list_templates():
        table.add_row(info.id, info.note_type, info.family, info.split)
    STDOUT.print(table)


@app.command(
    epilog="Examples: [bold]ghostchart templates preview office_soap/terse --seed 3[/]   |   "
    "[bold]ghostchart templates preview my-templates/clinic.md.j2[/]"
)
def preview(
    template: Annotated[
        str, typer.Argument(help="Template id from 'templates list', or a file of your own (*.md.j2).")
    ],
    seed: Annotated[int, typer.Option(help="Another seed, other words.")] = 1,
) -> None:
    """Render one template on a built-in example encounter and show its gold codes with their evidence."""
    from ghostchart.console import STDOUT
    from ghostchart.synth.notes.preview import preview as render
    from ghostchart.synth.notes.preview import preview_file
    from ghostchart.synth.notes.template_files import TEMPLATE_SUFFIX

    note = preview_file(Path(template), seed) if template.endswith(TEMPLATE_SUFFIX) else render(template, seed)
    STDOUT.print(note.text, markup=False)
    STDOUT.print("")
    for code in note.codes:
        evidence = "; ".join(f'"{note.text[span.start : span.end]}"' for span in code.spans)
        shown = "-".join((code.value, *code.modifiers))
        STDOUT.print(
            f"{shown:<10} {code.role:<12} {', '.join(code.rules):<18} {evidence}", markup=False, soft_wrap=True
        )


@app.command(epilog="Example: [bold]ghostchart templates lint my-templates[/]")
def lint(directory: Annotated[Path, typer.Argument(help="Directory of Jinja2 templates with front matter.")]) -> None:
    """Check a directory of templates; exit 1 when a problem was found, each named with file and line."""
    from ghostchart.console import STDOUT
    from ghostchart.synth.notes.preview import lint_templates

    problems = lint_templates(directory)
    for problem in problems:
        STDOUT.print(str(problem), markup=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    STDOUT.print("No problem found")
