"""Flags that several commands share, and how flags and a file become one configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ghostchart.schemas.config import RunConfig, config_from, load_config
from ghostchart.schemas.errors import ConfigError, UsageError

Source = Annotated[
    str | None,
    typer.Option(help="Hospital to learn from: demo, mimic-iv, omop, csv, synthea or fhir.", show_default="demo"),
]
SourcePath = Annotated[
    str | None,
    typer.Option(
        "--path",
        help="The source's tables: a directory; for omop also a DuckDB file or postgresql://USER@HOST/DATABASE "
        "(password from PGPASSWORD or ~/.pgpass); for fhir also one file.",
    ),
]
Mapping = Annotated[
    Path | None,
    typer.Option(
        help="For --source csv: the mapping file ('ghostchart init --source csv --path DIR' drafts it).",
        show_default="DIR/ghostchart-mapping.yaml",
    ),
]
CodeMap = Annotated[
    Path | None,
    typer.Option(
        help="Map from SNOMED, ICD-9-CM ... to ICD-10-CM: a CSV file with columns source_code and icd10cm, or OMOP "
        "vocabulary tables (CONCEPT, CONCEPT_RELATIONSHIP)."
    ),
]
CdmSchema = Annotated[
    str | None, typer.Option(help="For OMOP on PostgreSQL: schema of the CDM tables.", show_default="search path")
]
Out = Annotated[Path, typer.Option("--out", help="Directory of the run.")]
Notes = Annotated[int | None, typer.Option(help="Number of notes, all splits together.", show_default="8000")]
Seed = Annotated[
    int | None, typer.Option(help="Root seed: the same seed gives the same corpus bytes.", show_default="1")
]
Workers = Annotated[int | None, typer.Option(help="Processes; the result does not depend on it.", show_default="2")]
Engine = Annotated[
    str | None,
    typer.Option(help="Who writes the shards: local processes, or a Ray cluster (ray).", show_default="local"),
]
Address = Annotated[
    str | None,
    typer.Option(help="For --engine ray: the cluster, as HOST:PORT of its head, or auto on one of its nodes."),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="EHR model: gaussian-copula, ctgan, tvae or independent (a control).",
        show_default="gaussian-copula",
    ),
]
Enrich = Annotated[
    list[str] | None,
    typer.Option(
        help="Share of synthetic patients wanted in a stratum, e.g. advanced_illness=0.15 (repeatable; also frailty)."
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="YAML file with every setting (see 'ghostchart init').")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace another run in the same directory.")]
Cpt = Annotated[str | None, typer.Option(help="CPT codes: off, starter or licensed.", show_default="starter")]
CptFile = Annotated[Path | None, typer.Option(help="Your licensed CPT file (CSV or tab-separated: code, description).")]
Release = Annotated[
    Path | None,
    typer.Option("--release", help="Directory of another CMS release of ICD-10-CM (tabular XML and code list)."),
]
Templates = Annotated[
    Path | None,
    typer.Option(
        "--templates",
        help="Directory of your own note templates, used beside the built-in ones ('ghostchart templates lint' checks it).",
    ),
]
TailQuota = Annotated[
    float | None,
    typer.Option(
        "--tail-quota",
        help="Share of notes with a code that the source has rarely or never, spread over condition families and chapters.",
        show_default="0.3",
    ),
]
NoiseAmount = Annotated[
    float | None,
    typer.Option(
        "--noise",
        help="0 (tidy) to 1: typos, shorthand, missing sections, pasted lists. Gold codes never change with it.",
        show_default="0.3",
    ),
]
AllowUncertified = Annotated[
    bool, typer.Option("--allow-uncertified", help="Go on without a certificate; every output is stamped so.")
]


def configuration(
    file: Path | None = None,
    *,
    source: str | None = None,
    path: str | Path | None = None,
    mapping: Path | None = None,
    code_map: Path | None = None,
    cdm_schema: str | None = None,
    notes: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    engine: str | None = None,
    address: str | None = None,
    cpt: str | None = None,
    cpt_file: Path | None = None,
    release: Path | None = None,
    model: str | None = None,
    enrich: list[str] | None = None,
    templates: Path | None = None,
    tail_quota: float | None = None,
    noise: float | None = None,
    allow_uncertified: bool = False,
) -> RunConfig:
    """The file's settings with the flags laid over them.

    Raises:
        ConfigError: a key or value that does not exist, or is out of range.
    """
    values: dict[str, Any] = load_config(file).model_dump() if file else RunConfig().model_dump()
    if source is not None:
        values["source"]["kind"] = source
    if path is not None:
        if source is None and values["source"]["kind"] == "demo":
            raise UsageError("--path was given without --source", fix="Name the kind of source, e.g. --source mimic-iv")
        place = str(path)
        on_server = place.startswith(("postgresql://", "postgres://"))
        values["source"] |= {"url": place if on_server else None, "path": None if on_server else Path(path)}
    given: tuple[tuple[dict[str, Any], str, object], ...] = (
        (values, "seed", seed),
        (values, "workers", workers),
        (values, "engine", engine),
        (values, "address", address),
        (values["source"], "mapping", mapping),
        (values["source"], "code_map", code_map),
        (values["source"], "cdm_schema", cdm_schema),
        (values["corpus"], "notes", notes),
        (values["corpus"], "cpt", cpt),
        (values["corpus"], "cpt_file", cpt_file),
        (values["corpus"], "icd10cm_release", release),
        (values["corpus"], "templates", templates),
        (values["corpus"], "tail_quota", tail_quota),
        (values["corpus"], "noise", noise),
        (values["ehr_model"], "kind", model),
        (values["ehr_model"], "enrich", _shares(enrich) if enrich else None),
    )
    for section, key, value in given:
        if value is not None:
            section[key] = value
    if engine == "local" and address is None:
        values["address"] = None  # the file's, for the cluster that is not used now
    if allow_uncertified:
        values["allow_uncertified"] = True
    return config_from(values, where="command line" if file is None else f"{file} and command line")


def _shares(given: list[str]) -> dict[str, str]:
    """ "stratum=share" texts as a mapping; names and ranges are the configuration's business.

    Raises:
        UsageError: no "=" in one of them, or a stratum named twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, share = text.partition("=")
        if not equals or name in found:
            raise UsageError(
                f"--enrich {text!r} is not one share of one stratum", fix="Write --enrich advanced_illness=0.15"
            )
        found[name] = share
    return found


def configuration_of(out: Path, file: Path | None, *, allow_uncertified: bool = False) -> RunConfig:
    """Settings for a stage that works on an earlier stage's directory.

    Source and generation settings come from the run itself; later stages' settings from ``file`` or defaults.

    Raises:
        UsageError: the directory holds no run.
        ConfigError: the file is wrong.
    """
    import json

    recorded = out / "protected" / "run-config.json"
    try:
        past: dict[str, Any] = json.loads(recorded.read_text())
    except OSError:
        raise UsageError(
            "there is no run in this directory",
            where=str(out),
            fix="Give the directory that 'ghostchart generate --out' made",
        ) from None
    except ValueError:
        raise ConfigError("the run's recorded settings are damaged", where=str(recorded)) from None
    past.pop("ghostchart", None)
    values: dict[str, Any] = load_config(file).model_dump() if file else RunConfig().model_dump()
    values.update(past)
    if allow_uncertified:
        values["allow_uncertified"] = True
    return config_from(values, where=str(file or recorded))


def pick_models(settings: RunConfig, names: list[str] | None) -> RunConfig:
    """Only the named models of a configuration; all when none are named.

    Raises:
        UsageError: a name that is not configured.
    """
    if not names:
        return settings
    known = {entry.name: entry for entry in settings.models}
    for name in names:
        if name not in known:
            raise UsageError(f"no model {name!r} in the configuration", fix=f"Configured: {', '.join(known)}")
    return settings.model_copy(update={"models": tuple(known[name] for name in names)})
