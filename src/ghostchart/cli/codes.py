"""``ghostchart codes``: look codes up, check whether a set may stand together, see what a corpus covers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ghostchart.cli.options import Release

if TYPE_CHECKING:
    from ghostchart.schemas.code_set import CodedLine
    from ghostchart.schemas.code_systems import CodeSystems
    from ghostchart.schemas.codes import Code

app = typer.Typer(help="Look up, search and check codes; coverage of a corpus.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
LicensedFile = Annotated[
    Path | None, typer.Option("--cpt-file", help="Your licensed CPT file, in place of the starter.")
]
_HEADINGS = {
    "includes": "includes",
    "excludes1": "Excludes1",
    "excludes2": "Excludes2",
    "code_first": "code first",
    "use_additional": "use additional",
    "code_also": "code also",
}


@app.command(epilog="Example: [bold]ghostchart codes show E11.22 99214[/]")
def show(
    values: Annotated[list[str], typer.Argument(metavar="CODE...", help="ICD-10-CM, CPT or HCPCS codes.")],
    release: Release = None,
    cpt_file: LicensedFile = None,
    as_json: AsJson = False,
) -> None:
    """Description, release, place in the hierarchy and every note that applies, those of ancestors too."""
    from ghostchart.console import STDOUT

    systems = _systems(release, cpt_file)
    facts = [_facts(systems, _code(value)) for value in values]
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for entry in facts:
        STDOUT.print(f"[bold]{entry['code']}[/]  {_plain(entry['description'])}  ({entry['release']})", soft_wrap=True)
        if "confirmed" in entry and not entry["confirmed"]:
            STDOUT.print("  unconfirmed: the number comes from background knowledge; check it in a licensed list")
        for place in entry.get("parents", ()):
            STDOUT.print(f"  below {place['place']}: {_plain(place['description'])}", soft_wrap=True)
        for term in entry.get("inclusion_terms", ()):
            STDOUT.print(f"  also called: {_plain(term)}", soft_wrap=True)
        for note in entry.get("notes", ()):
            text = "; ".join(line.strip() for line in note["text"].splitlines())
            STDOUT.print(f"  {_HEADINGS[note['kind']]} (at {note['at']}): {_plain(text)}", soft_wrap=True)
        for character, meaning in entry.get("seventh_characters", {}).items():
            STDOUT.print(f"  7th character {character}: {_plain(' '.join(meaning.split()))}", soft_wrap=True)


@app.command(epilog='Example: [bold]ghostchart codes search "stage 3b kidney"[/]')
def search(
    words: Annotated[list[str], typer.Argument(help="Words that must all occur in description or an inclusion term.")],
    limit: Annotated[int, typer.Option(min=1, help="Most results to show.")] = 20,
    release: Release = None,
    as_json: AsJson = False,
) -> None:
    """Billable codes whose description or inclusion terms hold all the words; exit 1 when there are none."""
    from ghostchart.console import STDOUT
    from ghostchart.schemas.code_search import search_codes

    found = search_codes(_systems(release), " ".join(words))
    if as_json:
        typer.echo(json.dumps([{"code": value, "description": text} for value, text in found[:limit]], indent=2))
    else:
        for value, description in found[:limit]:
            STDOUT.print(f"{value:<9} {_plain(description)}", soft_wrap=True)
        STDOUT.print(f"{len(found):,} found" + (f", first {limit} shown" if len(found) > limit else ""))
    if not found:
        raise typer.Exit(1)


@app.command(
    epilog="Examples: [bold]ghostchart codes check E11.22 I12.9 N18.32 --setting outpatient[/]   |   "
    "[bold]ghostchart codes check Z12.11 K63.5 99213-25 45380[/]"
)
def check(
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="CODE...", help="Codes in order, first-listed first; modifiers behind a dash (99213-25)."
        ),
    ],
    setting: Annotated[str, typer.Option(help="outpatient or inpatient: some rules hold in one only.")] = "outpatient",
    age: Annotated[int | None, typer.Option(min=0, max=124, help="Age in years, for codes of certain ages.")] = None,
    sex: Annotated[str | None, typer.Option(help="F or M, for codes of one sex.")] = None,
    release: Release = None,
    cpt_file: LicensedFile = None,
    as_json: AsJson = False,
) -> None:
    """Whether a set of codes may stand, in this order; exit 1 naming each rule that forbids it.

    What only the note can tell (probable, denied, unrelated) is not asked here.
    """
    from ghostchart.console import STDOUT
    from ghostchart.schemas.code_set import Circumstances, CodeSetCheck
    from ghostchart.schemas.coding_rules import RULES
    from ghostchart.schemas.errors import UsageError

    if setting not in {"outpatient", "inpatient"}:
        raise UsageError(f"there is no setting {setting!r}", where="--setting", fix="Use outpatient or inpatient")
    if sex not in {None, "F", "M"}:
        raise UsageError(f"there is no sex {sex!r} here", where="--sex", fix="Use F or M")
    lines = [_line(value) for value in values]
    found = CodeSetCheck(_systems(release, cpt_file)).check(lines, Circumstances(setting, age, sex))
    if as_json:
        rows: list[dict[str, Any]] = [
            {
                "rule": item.rule,
                "codes": list(item.codes),
                "message": item.message,
                "text": RULES[item.rule].text,
                "source": RULES[item.rule].source,
                "needs_review": RULES[item.rule].needs_review,
            }
            for item in found
        ]
        typer.echo(json.dumps({"may_stand": not found, "violations": rows}, indent=2))
    else:
        for item in found:
            rule = RULES[item.rule]
            STDOUT.print(f"[bold]{item.rule}[/]  {_plain(item.message)}", soft_wrap=True)
            STDOUT.print(f"    rule: {_plain(rule.text)}", soft_wrap=True)
            STDOUT.print(f"    source: {_plain(rule.source)}", soft_wrap=True)
        if not found:
            STDOUT.print(f"These codes may stand together in this order ({setting})")
    if found:
        raise typer.Exit(1)


@app.command(epilog="Example: [bold]ghostchart codes coverage out/corpus[/]")
def coverage(
    corpus: Annotated[Path, typer.Argument(help="The corpus directory.")],
    release: Release = None,
    cpt_file: LicensedFile = None,
    as_json: AsJson = False,
) -> None:
    """Codes, chapters, strata, condition families and long tail that a corpus reaches."""
    from rich.table import Table

    from ghostchart.console import STDOUT
    from ghostchart.pipeline.coverage import measure_coverage

    found = measure_coverage(corpus, _systems(release, cpt_file))
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
        return
    reached = sum(chapter.codes > 0 for chapter in found.chapters)
    STDOUT.print(f"{found.notes:,} notes: {found.icd10cm:,} ICD-10-CM, {found.cpt:,} CPT, {found.hcpcs:,} HCPCS codes")
    STDOUT.print(f"{found.once:,} ICD-10-CM codes in one note only; {reached} of {len(found.chapters)} chapters")
    table = Table("Chapter", "", "Codes", "of", "Notes")
    for part in (*found.chapters, *found.strata, found.families, found.long_tail):
        name = part.name if part.name.isdigit() else ""
        table.add_row(name, _plain(part.description), f"{part.codes:,}", f"{part.of:,}", f"{part.notes:,}")
    STDOUT.print(table)
    for name, values in found.unmet.items():
        if values:
            listed = ", ".join(values[:12]) + (" ..." if len(values) > 12 else "")
            STDOUT.print(f"{name.replace('_', ' ')}: {len(values)} codes not met ({listed})", soft_wrap=True)


def _facts(systems: CodeSystems, code: Code) -> dict[str, Any]:
    """Everything known of one code, ready for JSON."""
    entry: dict[str, Any] = {"code": code.value, "system": code.system, "release": systems.release_of(code.system)}
    icd = systems.icd10cm
    systems.require(code)
    if code.system != "icd10cm":
        procedures = systems.procedures
        confirmed = procedures.is_confirmed(code.value)
        return entry | {"description": systems.describe(code), "billable": True, "confirmed": confirmed}
    return entry | {
        "description": icd.description(code.value),
        "billable": True,
        "chapter": icd.chapter(code.value),
        "parents": [{"place": place, "description": icd.description(place)} for place in icd.ancestors(code.value)],
        "inclusion_terms": list(icd.inclusion_terms(code.value)),
        "notes": [{"kind": kind, "at": place, "text": text} for kind, place, text in icd.instructions(code.value)],
        "seventh_characters": icd.seventh_characters(code.value),
    }


def _systems(release: Path | None, cpt_file: Path | None = None) -> CodeSystems:
    from ghostchart.schemas.code_systems import load_code_systems

    return load_code_systems("licensed" if cpt_file else "starter", cpt_file, release)


def _line(value: str) -> CodedLine:
    from ghostchart.schemas.code_set import CodedLine

    code, *modifiers = value.strip().upper().split("-")
    return CodedLine(_code(code), tuple(modifiers))


def _code(value: str) -> Code:
    from ghostchart.schemas.codes import icd10cm, procedure
    from ghostchart.schemas.errors import CodeError

    text = value.strip().upper()
    try:
        return icd10cm(text) if text[:1].isalpha() and not _is_hcpcs(text) else procedure(text)
    except CodeError:
        raise CodeError(
            f"{value!r} has the shape of no known code",
            fix="Write ICD-10-CM like E11.22, CPT like 99214, HCPCS like G0439",
        ) from None


def _is_hcpcs(value: str) -> bool:
    # A letter and four digits without a dot is HCPCS Level II; packed ICD-10-CM codes must be written with the dot.
    return len(value) == 5 and value[0].isalpha() and value[1:].isdigit()


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
