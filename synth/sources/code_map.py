"""The user's map from other vocabularies to ICD-10-CM; without one, foreign codes are counted and nothing is guessed.

Two forms are read:

- a CSV file with the columns ``source_code`` and ``icd10cm``, and if wanted ``source_system`` (snomed, icd9cm, rxnorm
  ...). A code on several rows gives all of its ICD-10-CM codes: the user said so.
- a directory (or DuckDB file) with OMOP's CONCEPT and CONCEPT_RELATIONSHIP, where ICD-10-CM concepts 'Maps to' SNOMED.
  Read backwards such a relationship is often ambiguous; a code that leads to more than one billable ICD-10-CM code is
  not used, because choosing one would be a guess. Settle it with a CSV file.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ghostchart.schemas.codes import icd10cm
from ghostchart.schemas.errors import CodeError, SourceError
from ghostchart.schemas.icd10cm import Icd10Cm
from ghostchart.synth.sources.source_tables import SourceTables

# Names of vocabularies as sources write them, and as staged rows carry them.
SYSTEMS = {
    "icd10cm": "icd10cm",
    "icd-10-cm": "icd10cm",
    "icd9cm": "icd9cm",
    "icd-9-cm": "icd9cm",
    "icd9": "icd9cm",
    "snomed": "snomed",
    "snomed-ct": "snomed",
    "snomedct": "snomed",
    "rxnorm": "rxnorm",
    "cpt4": "cpt",
    "cpt": "cpt",
    "hcpcs": "hcpcs",
    "loinc": "loinc",
}
_EMPTY = pa.schema([("system", pa.string()), ("code", pa.string()), ("target", pa.string()), ("ambiguous", pa.bool_())])


def read_code_map(tables: SourceTables, path: Path | None, release: Icd10Cm) -> None:
    """Make table ``code_map`` (system or null for any, code, ICD-10-CM target, ambiguous) in ``tables``.

    Raises:
        SourceError: the map is missing, malformed, or leads to a code that is not billable in the release.
    """
    if path is None:
        tables.put("code_map", _EMPTY.empty_table())
        return
    if path.is_dir() or path.suffix.lower() in {".duckdb", ".db", ".ddb"}:
        rows = _from_omop(path, release)
    elif path.is_file():
        rows = _from_file(path, release)
    else:
        raise SourceError("there is no such code map", where=str(path), fix="Check --code-map")
    columns = list(zip(*rows, strict=True)) if rows else [()] * 4
    tables.put("code_map", pa.table(dict(zip(_EMPTY.names, columns, strict=True)), schema=_EMPTY))


def _from_file(path: Path, release: Icd10Cm) -> list[tuple[str | None, str, str, bool]]:
    own = SourceTables(path.parent)
    label = own.open_as("map", own.look_at(path), ("source_code", "icd10cm"), ("source_system",))
    found: dict[tuple[str | None, str, str, bool], None] = {}
    for line, code, target, system in own.rows(
        label, "SELECT line, trim(source_code), icd10cm, lower(trim(source_system)) FROM map ORDER BY line"
    ):
        if not code:
            raise SourceError(f"row {line}: source_code is empty", where=label)
        if system is not None and system not in SYSTEMS:
            raise SourceError(
                f"row {line}: this source_system is not known", where=label, fix=f"Use one of {', '.join(SYSTEMS)}"
            )
        try:
            value = release.require(icd10cm(target or "").value).value
        except CodeError:
            raise SourceError(
                f"row {line}: column icd10cm holds no billable code of {release.release}", where=label
            ) from None
        found[(SYSTEMS[system] if system else None, code, value, False)] = None
    return list(found)


def _from_omop(path: Path, release: Icd10Cm) -> list[tuple[str | None, str, str, bool]]:
    own = SourceTables(path)
    own.open("concept", ("concept_id", "vocabulary_id", "concept_code"))
    label = own.open("concept_relationship", ("concept_id_1", "concept_id_2", "relationship_id"), ("invalid_reason",))
    pairs = own.rows(
        label,
        "SELECT DISTINCT o.vocabulary_id, o.concept_code, i.concept_code FROM concept_relationship r "
        "JOIN concept i ON i.concept_id = CASE relationship_id WHEN 'Maps to' THEN concept_id_1 ELSE concept_id_2 END "
        "JOIN concept o ON o.concept_id = CASE relationship_id WHEN 'Maps to' THEN concept_id_2 ELSE concept_id_1 END "
        "WHERE relationship_id IN ('Maps to', 'Mapped from') AND i.vocabulary_id = 'ICD10CM' "
        "AND o.vocabulary_id <> 'ICD10CM' AND r.invalid_reason IS NULL ORDER BY 1, 2, 3",
    )
    targets: dict[tuple[str, str], list[str]] = {}
    for vocabulary, code, target in pairs:
        if release.is_billable(target):
            targets.setdefault((SYSTEMS.get(vocabulary.lower(), vocabulary.lower()), code), []).append(target)
    return [(system, code, found[0], len(found) > 1) for (system, code), found in targets.items()]
