"""``ghostchart codes``: look codes up and check whether a set may stand together."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Look up, search and check codes.", no_args_is_help=True)


@app.command(epilog="Example: [bold]ghostchart codes show E11.22 99214[/]")
def show(
    values: Annotated[list[str], typer.Argument(metavar="CODE...", help="ICD-10-CM, CPT or HCPCS codes.")],
) -> None:
    """Description, release, place in the hierarchy and notes of codes."""
    from ghostchart.console import STDOUT
    from ghostchart.schemas.code_systems import load_code_systems

    systems = load_code_systems()
    for value in values:
        code = systems.require(_code(value))
        STDOUT.print(
            f"[bold]{code.value}[/]  {systems.describe(code)}  ({systems.release_of(code.system)})", soft_wrap=True
        )
        if code.system != "icd10cm":
            continue
        icd = systems.icd10cm
        STDOUT.print(
            f"  chapter {icd.chapter(code.value)}; below {', '.join(icd.ancestors(code.value))}", soft_wrap=True
        )
        for heading, lines in (
            ("includes", icd.inclusion_terms(code.value)),
            ("code first", icd.code_first_targets(code.value)),
            ("use additional", icd.use_additional_targets(code.value)),
        ):
            for line in lines:
                STDOUT.print(f"  {heading}: {line}", soft_wrap=True)


@app.command(epilog='Example: [bold]ghostchart codes search "stage 3b kidney"[/]')
def search(
    words: Annotated[list[str], typer.Argument(help="Words that must all occur in description or inclusion terms.")],
    limit: Annotated[int, typer.Option(help="Most results to show.")] = 20,
) -> None:
    """Billable codes whose description or inclusion terms hold all the words."""
    from ghostchart.console import STDOUT
    from ghostchart.schemas.code_systems import load_code_systems

    wanted = [word.lower() for phrase in words for word in phrase.split()]
    systems = load_code_systems()
    icd = systems.icd10cm
    found = [
        (value, icd.description(value))
        for value in icd.billable_codes()
        if _holds_all(icd.description(value), wanted)
        or any(_holds_all(term, wanted) for term in icd.inclusion_terms(value))
    ]
    found += [
        (code.value, systems.describe(code))
        for code in systems.procedures.codes()
        if _holds_all(systems.describe(code), wanted)
    ]
    for value, description in found[:limit]:
        STDOUT.print(f"{value:<9} {description}", soft_wrap=True)
    STDOUT.print(f"{len(found):,} found" + (f", first {limit} shown" if len(found) > limit else ""))
    if not found:
        raise typer.Exit(1)


@app.command(epilog="Example: [bold]ghostchart codes check I12.9 N17.9[/]")
def check(
    values: Annotated[list[str], typer.Argument(metavar="CODE...", help="Codes in order, first-listed first.")],
) -> None:
    """Whether codes are billable, distinct and free of Excludes1 conflicts (ancestors included); exit 1 if not."""
    from itertools import combinations

    from ghostchart.console import STDOUT
    from ghostchart.schemas.code_systems import load_code_systems

    systems = load_code_systems()
    codes = [systems.require(_code(value)) for value in values]
    problems = [f"{code.value} is given twice" for code in sorted({code for code in codes if codes.count(code) > 1})]
    diagnoses = [code.value for code in codes if code.system == "icd10cm"]
    problems += [
        f"{first} and {second}: {conflict}"
        for first, second in combinations(dict.fromkeys(diagnoses), 2)
        if (conflict := systems.icd10cm.excludes1_conflict(first, second))
    ]
    for problem in problems:
        STDOUT.print(problem, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    STDOUT.print("No conflict found among these codes")


def _code(value: str):  # type: ignore[no-untyped-def]
    from ghostchart.schemas.codes import icd10cm, procedure
    from ghostchart.schemas.errors import CodeError

    try:
        return icd10cm(value) if value[:1].isalpha() and not _is_hcpcs(value) else procedure(value)
    except CodeError:
        raise CodeError(
            f"{value!r} has the shape of no known code",
            fix="Write ICD-10-CM like E11.22, CPT like 99214, HCPCS like G0439",
        ) from None


def _is_hcpcs(value: str) -> bool:
    # A letter and four digits without a dot is HCPCS Level II; packed ICD-10-CM codes must be written with the dot.
    return len(value) == 5 and value[0].isalpha() and value[1:].isdigit()


def _holds_all(text: str, words: list[str]) -> bool:
    lowered = text.lower()
    return all(word in lowered for word in words)
