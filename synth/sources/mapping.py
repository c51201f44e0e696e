"""The mapping file of source ``csv``: which file and column of a hospital's own export holds what.

::

    tables:
    - kind: patients                  # patients, encounters, conditions, procedures, medications or observations
      file: Demographics.csv          # CSV (.gz too) or Parquet below --path
      columns: {patient_id: MRN, sex: GENDER, birth_date: DOB}
      values: {sex: {Woman: F, Man: M}}
      date_format: "%m/%d/%Y"         # only where dates are not written as 2024-03-31
      constants: {}                   # e.g. {system: icd10cm} where a column would say the same on every row
    identifiers:                      # direct identifiers, for the leakage checks only; never modelled
    - file: Demographics.csv
      patient_id: MRN
      columns: {PERSON: [FIRST, LAST], PHONE_NUMBER: [PHONE]}

One file may serve several kinds, and several files one kind.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from ghostchart.schemas.config import Section
from ghostchart.schemas.errors import ConfigError
from ghostchart.schemas.note import ENTITY_TYPES

MAPPING_FILE = "ghostchart-mapping.yaml"
Kind = Literal["patients", "encounters", "conditions", "procedures", "medications", "observations"]
_TIED = ("patient_id", "encounter_id", "date")
# Kind -> (columns it needs, columns it may have). Rows of the last four need an encounter, or a patient and a date.
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "patients": (("patient_id", "sex", "birth_date"), ("death_date", "zip")),
    "encounters": (("encounter_id", "patient_id", "encounter_class", "start"), ("end",)),
    "conditions": (("code", "system"), (*_TIED, "rank")),
    "procedures": (("code",), (*_TIED, "system")),
    "medications": (("drug",), _TIED),
    "observations": (("value",), (*_TIED, "name", "loinc", "unit")),
}
DATES = ("birth_date", "death_date", "start", "end", "date")


class MappedTable(Section):
    """One file as rows of one kind."""

    kind: Kind
    file: str
    columns: dict[str, str | None]
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    date_format: str | None = None

    @property
    def mapped(self) -> dict[str, str]:
        """Field -> column, unmapped fields left out."""
        return {field: column for field, column in self.columns.items() if column is not None}

    @model_validator(mode="after")
    def _fields_fit_kind(self) -> MappedTable:
        needed, may = FIELDS[self.kind]
        given = self.mapped.keys() | self.constants.keys()
        unknown = sorted((self.columns.keys() | self.constants.keys() | self.values.keys()) - {*needed, *may})
        if unknown:
            raise ValueError(f"{self.kind} have no field {', '.join(unknown)}; they have {', '.join((*needed, *may))}")
        for field in needed:
            if field not in given:
                raise ValueError(f"{self.kind} need a column for {field}")
        if self.kind in {"patients", "encounters"}:
            return self
        if "encounter_id" not in given and not {"patient_id", "date"} <= given:
            raise ValueError(f"{self.kind} need encounter_id, or patient_id and date")
        if self.kind == "observations" and ("name" in given) == ("loinc" in given):
            raise ValueError("observations need either name or loinc (with unit)")
        return self


class MappedIdentifiers(Section):
    """Direct identifiers in one file; the columns of one entity type are joined by a space."""

    file: str
    patient_id: str
    columns: dict[str, list[str]]

    @model_validator(mode="after")
    def _known_types(self) -> MappedIdentifiers:
        for entity_type in self.columns:
            if entity_type not in ENTITY_TYPES:
                raise ValueError(f"no identifier type {entity_type}; there are {', '.join(ENTITY_TYPES)}")
        return self


class Mapping(Section):
    """A whole mapping file."""

    tables: tuple[MappedTable, ...]
    identifiers: tuple[MappedIdentifiers, ...] = ()

    @model_validator(mode="after")
    def _has_what_it_takes(self) -> Mapping:
        kinds = {table.kind for table in self.tables}
        for kind in ("patients", "encounters", "conditions"):
            if kind not in kinds:
                raise ValueError(f"no table of {kind}")
        return self


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        ConfigError: missing, not YAML, or a table or field is wrong; every problem is named.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            "there is no mapping file",
            where=str(path),
            fix="Draft one with 'ghostchart init --source csv --path DIR', then give it with --mapping",
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot read the mapping file: {error.strerror}", where=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError("the mapping file is not valid YAML", where=str(path)) from None
    try:
        return Mapping.model_validate(raw)
    except ValidationError as error:
        problems = []
        for item in error.errors():
            at = ".".join(str(part) for part in item["loc"])
            if item["type"] == "string_type":
                # YAML reads 1, 01 and Yes as numbers and truth; which of the source's spellings was meant is lost then.
                problems.append(f"{at.removesuffix('.[key]')}: this must be a text; write it in quotation marks")
                continue
            problems.append(f"{at}: {item['msg'].removeprefix('Value error, ')}" if at else item["msg"])
        raise ConfigError(
            "; ".join(problems).replace("Value error, ", ""), where=str(path), fix="See docs/sources.md"
        ) from None
