"""Which adapter reads which kind of source."""

from __future__ import annotations

from collections.abc import Callable

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import ConfigError
from ghostchart.schemas.progress import SILENT, Progress

Adapter = Callable[[SourceConfig, Progress], EhrTables]


def _demo(config: SourceConfig, progress: Progress) -> EhrTables:
    from ghostchart.synth.sources.demo import build_demo_hospital

    return build_demo_hospital(config, progress)


def _mimic_iv(config: SourceConfig, progress: Progress) -> EhrTables:
    from ghostchart.synth.sources.mimic_iv import read_mimic_iv

    if config.path is None:
        raise ConfigError("source mimic-iv needs a path", fix="Give --path DIR, the directory 'hosp' of MIMIC-IV")
    return read_mimic_iv(config.path, progress, config.code_map)


def _omop(config: SourceConfig, progress: Progress) -> EhrTables:
    from ghostchart.synth.sources.omop import read_omop

    if config.url is not None:
        from ghostchart.synth.sources.omop_server import read_omop_server

        return read_omop_server(config.url, config.cdm_schema, config.code_map, progress)
    if config.path is None:
        raise ConfigError("source omop needs a path", fix="Give --path: a directory or a DuckDB file")
    return read_omop(config.path, config.code_map, progress)


def _mapped(config: SourceConfig, progress: Progress) -> EhrTables:
    from ghostchart.synth.sources.mapped import read_mapped

    if config.path is None:
        raise ConfigError("source csv needs a path", fix="Give --path: the directory of your tables")
    return read_mapped(config.path, config.mapping, config.code_map, progress)


def _synthea(config: SourceConfig, progress: Progress) -> EhrTables:
    from ghostchart.synth.sources.synthea import read_synthea

    if config.path is None:
        raise ConfigError("source synthea needs a path", fix="Give --path: the directory 'csv' of Synthea's output")
    return read_synthea(config.path, config.code_map, progress)


def _fhir(config: SourceConfig, progress: Progress) -> EhrTables:
    from ghostchart.synth.sources.fhir import read_fhir

    if config.path is None:
        raise ConfigError("source fhir needs a path", fix="Give --path: a directory or file of NDJSON or Bundles")
    return read_fhir(config.path, config.code_map, progress)


# Adapters import what they need when they are called, so that listing them costs nothing.
ADAPTERS: dict[str, Adapter] = {
    "demo": _demo,
    "mimic-iv": _mimic_iv,
    "omop": _omop,
    "csv": _mapped,
    "synthea": _synthea,
    "fhir": _fhir,
}


def load_source(config: SourceConfig, progress: Progress = SILENT) -> EhrTables:
    """Read the configured source.

    Raises:
        SourceError: the source is missing, malformed or contradicts itself.
        ConfigError: there is no adapter of this kind.
    """
    adapter = ADAPTERS.get(config.kind)
    if adapter is None:
        raise ConfigError(
            f"there is no source of kind {config.kind!r}", fix=f"Use one of {', '.join(sorted(ADAPTERS))}"
        )
    return adapter(config, progress)
