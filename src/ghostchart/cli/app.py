"""Commands; each one is a few lines over the pipeline, imported only when called so that --help is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ghostchart import __version__
from ghostchart.cli import audit, codes, evaluate, keys, review
from ghostchart.cli import templates as template_commands
from ghostchart.cli.options import (
    Address,
    AllowUncertified,
    CdmSchema,
    CodeMap,
    ConfigFile,
    Cpt,
    CptFile,
    Engine,
    Enrich,
    Mapping,
    Model,
    NoiseAmount,
    Notes,
    Out,
    Overwrite,
    Release,
    Seed,
    Source,
    SourcePath,
    TailQuota,
    Templates,
    Workers,
    configuration,
    configuration_of,
)
from ghostchart.cli.signoff import signoff
from ghostchart.cli.train import train

RunDirectory = Annotated[Path, typer.Argument(help="Directory of the run (the --out of generate or run).")]

app = typer.Typer(
    name="ghostchart",
    help="Certified synthetic clinical notes with gold ICD-10-CM and CPT codes, and models trained on them.\n\n"
    "Start with: ghostchart run --out demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(audit.app, name="audit")
app.add_typer(codes.app, name="codes")
app.add_typer(template_commands.app, name="templates")
app.add_typer(review.app, name="review")
app.add_typer(keys.app, name="keys")
app.add_typer(evaluate.app, name="evaluate")
app.command(
    epilog="Example: [bold]ghostchart signoff out/corpus --conclusion approved --name 'Pat Lee, privacy officer'[/]"
)(signoff)
app.command(
    epilog="Examples: [bold]ghostchart train out --model tiny[/]   |   "
    "[bold]ghostchart train --recipe cpu-tiny --set minutes=10 --corpus out/corpus[/]"
)(train)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ghostchart {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(
    epilog="Examples: [bold]ghostchart run --out demo[/]   |   "
    "[bold]ghostchart run --config run.yaml --out out[/]   |   "
    "[bold]ghostchart run --source mimic-iv --path /data/mimic/hosp --out out --notes 20000[/]"
)
def run(
    out: Out,
    source: Source = None,
    path: SourcePath = None,
    mapping: Mapping = None,
    code_map: CodeMap = None,
    cdm_schema: CdmSchema = None,
    notes: Notes = None,
    seed: Seed = None,
    workers: Workers = None,
    engine: Engine = None,
    address: Address = None,
    config: ConfigFile = None,
    cpt: Cpt = None,
    cpt_file: CptFile = None,
    release: Release = None,
    model: Model = None,
    enrich: Enrich = None,
    templates: Templates = None,
    tail_quota: TailQuota = None,
    noise: NoiseAmount = None,
    allow_uncertified: AllowUncertified = False,
    overwrite: Overwrite = False,
) -> None:
    """Do everything: learn, write notes, run the gates, certify, train, evaluate, report. Resumes a killed run."""
    from ghostchart.cli.notices import print_cpt_notice
    from ghostchart.console import STDOUT, TerminalProgress, print_metrics, print_verdicts
    from ghostchart.pipeline.run import run as run_everything

    settings = configuration(
        config, source=source, path=path, mapping=mapping, code_map=code_map, cdm_schema=cdm_schema, notes=notes, seed=seed,
        workers=workers, engine=engine, address=address, cpt=cpt, cpt_file=cpt_file, release=release, model=model, enrich=enrich,
        templates=templates, tail_quota=tail_quota, noise=noise, allow_uncertified=allow_uncertified,
    )  # fmt: skip
    print_cpt_notice(settings.corpus.cpt)
    result = run_everything(out, settings, TerminalProgress(), overwrite=overwrite)
    print_verdicts(result.audit.gates)
    print_metrics(result.metrics)
    layout = result.layout
    STDOUT.print(f"Corpus     {_shown(layout.corpus)}  ({result.corpus.stamp})", soft_wrap=True)
    STDOUT.print(f"Report     {_shown(layout.report)}", soft_wrap=True)
    STDOUT.print(f"Leakage    {_shown(layout.corpus / 'reports' / 'leakage.html')}", soft_wrap=True)
    STDOUT.print(f"Metrics    {_shown(layout.evaluation / 'metrics.json')}", soft_wrap=True)
    took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in result.seconds.items())
    STDOUT.print(f"Took {took}")


@app.command(
    epilog="Example: [bold]ghostchart generate --source mimic-iv --path /data/mimic/hosp --out out --notes 500[/]"
)
def generate(
    out: Out,
    source: Source = None,
    path: SourcePath = None,
    mapping: Mapping = None,
    code_map: CodeMap = None,
    cdm_schema: CdmSchema = None,
    notes: Notes = None,
    seed: Seed = None,
    workers: Workers = None,
    engine: Engine = None,
    address: Address = None,
    config: ConfigFile = None,
    cpt: Cpt = None,
    cpt_file: CptFile = None,
    release: Release = None,
    model: Model = None,
    enrich: Enrich = None,
    templates: Templates = None,
    tail_quota: TailQuota = None,
    noise: NoiseAmount = None,
    overwrite: Overwrite = False,
) -> None:
    """Learn the source and write notes: an uncertified OUT/corpus. Resumes a killed run."""
    from ghostchart.cli.notices import print_cpt_notice, print_source_report
    from ghostchart.console import STDOUT, TerminalProgress
    from ghostchart.pipeline.generate import generate as generate_corpus
    from ghostchart.pipeline.run import stage_in

    settings = configuration(
        config, source=source, path=path, mapping=mapping, code_map=code_map, cdm_schema=cdm_schema, notes=notes, seed=seed,
        workers=workers, engine=engine, address=address, cpt=cpt, cpt_file=cpt_file, release=release, model=model, enrich=enrich,
        templates=templates, tail_quota=tail_quota, noise=noise,
    )  # fmt: skip
    print_cpt_notice(settings.corpus.cpt)
    with stage_in(out, settings, overwrite=overwrite) as (layout, state):
        made = generate_corpus(layout, state, settings, TerminalProgress())
    print_source_report(made.source)
    listed = ", ".join(f"{split} {count:,}" for split, count in made.notes.items())
    STDOUT.print(f"Notes      {listed}")
    for stratum, (share, wanted) in made.enriched.items():
        STDOUT.print(f"Enriched   {stratum}: {share:.1%} of the synthetic patients, {wanted:.1%} wanted")
    STDOUT.print(f"Corpus     {_shown(layout.corpus)} (not certified; next: ghostchart certify {out})", soft_wrap=True)


@app.command(epilog="Example: [bold]ghostchart certify out[/]")
def certify(out: RunDirectory, config: ConfigFile = None) -> None:
    """Run the gates over OUT/corpus and sign it; refuses, and leaves no certificate, unless every gate passes."""
    from ghostchart.console import STDOUT, TerminalProgress, print_verdicts
    from ghostchart.pipeline.certify import certify as certify_corpus
    from ghostchart.pipeline.run import stage_in
    from ghostchart.privacy.policy import policy_in_force

    settings = configuration_of(out, config)
    with stage_in(out, settings) as (layout, state):
        corpus, found = certify_corpus(layout, state, settings, TerminalProgress())
    print_verdicts(found.gates)
    STDOUT.print(f"Certified  {_shown(corpus.path)}  ({corpus.stamp})", soft_wrap=True)
    if policy_in_force(settings.privacy).signoff_required:
        STDOUT.print(
            f"Now a privacy officer has to decide: ghostchart signoff {_shown(corpus.path)} --help", soft_wrap=True
        )


@app.command(epilog="Example: [bold]ghostchart verify out/corpus --trust hospital-issuer.json[/]")
def verify(
    corpus: Annotated[Path, typer.Argument(help="The corpus directory.")],
    trust: Annotated[
        list[Path] | None, typer.Option(help="Public key file to trust, beside the user's key folder.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Policy that must have held: a profile, FILE or FILE:PROFILE.", show_default="any"),
    ] = None,
    require_signoff: Annotated[
        bool, typer.Option("--require-signoff", help="Demand an approval even where the policy does not.")
    ] = False,
    key_dir: Annotated[Path | None, typer.Option(help="Key folder.", show_default="the user's")] = None,
) -> None:
    """Check a corpus against its certificate; names the first thing that is wrong."""
    from ghostchart.console import STDOUT
    from ghostchart.privacy.keys import trusted_keys
    from ghostchart.privacy.policy import named_policy
    from ghostchart.privacy.verification import Requirements, verify_details

    require = Requirements(
        signoff="required" if require_signoff else "as_policy", policy=named_policy(policy) if policy else None
    )
    found = verify_details(corpus, trusted_keys(key_dir, trust or ()), require=require)
    predicate = found.certificate.predicate
    STDOUT.print(f"Valid      {_shown(corpus)}  ({found.corpus.stamp}, key {found.corpus.key_id[:16]})", soft_wrap=True)
    STDOUT.print(
        f"Policy     {predicate.policy_profile}, sha256:{predicate.policy_digest}, certificate expires {predicate.expires}",
        soft_wrap=True,
        markup=False,
    )
    for entry in found.signoffs:
        decision = entry.decision
        STDOUT.print(
            f"Signed off {decision.conclusion} by {decision.name} on {decision.date} (officer key {entry.key_id[:16]})",
            soft_wrap=True,
            markup=False,
        )
    if not found.signoffs:
        STDOUT.print("Signed off by nobody; the policy does not ask for it")


@app.command(
    epilog="Examples: [bold]ghostchart init run.yaml[/]   |   [bold]ghostchart init --source csv --path /data/export[/]"
)
def init(
    file: Annotated[
        Path | None,
        typer.Argument(help="File to write.", show_default="ghostchart.yaml, or ghostchart-mapping.yaml for a mapping"),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="csv: draft a mapping file from the columns of your tables instead.")
    ] = None,
    path: Annotated[Path | None, typer.Option(help="For --source csv: the directory of your tables.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """Write a commented configuration with every setting at its default, or draft a mapping for your own tables."""
    from ghostchart.cli.commented_config import commented_config
    from ghostchart.console import STDOUT
    from ghostchart.schemas.errors import UsageError

    if source not in {None, "csv"}:
        raise UsageError(f"source {source} needs no mapping file", fix="Use --source csv, or leave it away")
    if (source is None) != (path is None):
        raise UsageError("--source csv and --path go together", fix="Give both, or neither for a configuration")
    if file is None:
        file = Path("ghostchart.yaml" if source is None else "ghostchart-mapping.yaml")
    if file.exists() and not overwrite:
        raise UsageError("the file exists", where=str(file), fix="Choose another name or --overwrite")
    from ghostchart.pipeline.state import write_atomically

    if path is None:
        write_atomically(file, commented_config().encode())
        STDOUT.print(f"Wrote {file}; run it with: ghostchart run --config {file} --out out", soft_wrap=True)
        return
    from ghostchart.synth.sources.mapping_draft import draft_mapping

    write_atomically(file, draft_mapping(path).encode())
    STDOUT.print(
        f"Wrote {file}; check it, then: ghostchart generate --source csv --path {path} --mapping {file} --out out",
        soft_wrap=True,
    )


def _shown(path: Path) -> str:
    """A path as people want to read it: relative where it lies below the current directory."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
