"""CPT and HCPCS Level II: a starter table of bare numbers in our own words, none at all, or a licensed file.

CPT content belongs to the American Medical Association. The starter holds numbers with short meanings in this
project's own words and no AMA descriptors; using CPT in production needs an AMA licence, and the licensed file of such
a user then replaces the starter's CPT part. HCPCS Level II is public and always present.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ghostchart.schemas.codes import Code, System, procedure
from ghostchart.schemas.config import CptSetting
from ghostchart.schemas.errors import CodeError, ConfigError

_STARTER = Path(__file__).parent / "data" / "procedure_starter.csv"
_STARTER_RELEASE = "starter 2026-1"
_FIX = "Give a comma- or tab-separated file whose first line names the columns code and description"


@dataclass(frozen=True, slots=True)
class ProcedureEntry:
    """One number. ``confirmed``: seen in a public list, not from background knowledge only."""

    code: Code
    meaning: str
    group: str
    confirmed: bool


class ProcedureCodes:
    """CPT and HCPCS Level II codes that may appear in notes under one setting."""

    def __init__(self, setting: CptSetting, entries: tuple[ProcedureEntry, ...], cpt_release: str) -> None:
        self.setting: CptSetting = setting
        self._entries = {entry.code.value: entry for entry in entries}
        self._releases: dict[System, str] = {
            "cpt": cpt_release,
            "hcpcs": f"HCPCS Level II {_STARTER_RELEASE}",
        }

    @property
    def release(self) -> str:
        """Both parts in one line, for certificates and reports."""
        return f"{self._releases['cpt']}; {self._releases['hcpcs']}"

    def release_of(self, system: System) -> str:
        """Release of one part, "cpt" or "hcpcs"."""
        return self._releases[system]

    def require(self, value: str) -> Code:
        """The code, if this setting knows it.

        Raises:
            CodeError: wrong shape, or not in the table.
        """
        code = procedure(value)
        if code.value in self._entries:
            return code
        raise CodeError(f"{code} is not among the procedure codes of {self.release}", fix=self._advice(code))

    def is_billable(self, value: str) -> bool:
        """Whether this setting knows the number."""
        return value in self._entries

    def description(self, value: str) -> str:
        """Our own short meaning, or the licensed file's description.

        Raises:
            CodeError: not in the table.
        """
        return self._entry(value).meaning

    def group(self, value: str) -> str:
        """Kind of service ("lab", "em_office", "frailty_device"); "licensed" for codes of a licensed file only.

        Raises:
            CodeError: not in the table.
        """
        return self._entry(value).group

    def is_confirmed(self, value: str) -> bool:
        """Whether the number was seen in a public list (False: from background knowledge, to be reviewed).

        Raises:
            CodeError: not in the table.
        """
        return self._entry(value).confirmed

    def codes(self) -> tuple[Code, ...]:
        """All codes, sorted by system and value."""
        return tuple(sorted(entry.code for entry in self._entries.values()))

    def _entry(self, value: str) -> ProcedureEntry:
        try:
            return self._entries[value]
        except KeyError:
            raise CodeError(f"{value!r} is not among the procedure codes of {self.release}") from None

    def _advice(self, code: Code) -> str | None:
        if code.system == "cpt" and self.setting == "off":
            return "CPT is switched off; set cpt to starter or licensed"
        if code.system == "cpt" and self.setting == "starter":
            return "The starter table is small; a licensed CPT file can replace it"
        return None


def load_procedure_codes(setting: CptSetting, file: Path | None = None) -> ProcedureCodes:
    """Procedure codes for one setting: ``off`` (HCPCS only), ``starter``, or ``licensed`` with the user's CPT file.

    Raises:
        ConfigError: setting and file do not go together, or the file cannot be read or lacks a column.
        CodeError: a row holds no CPT code or a code a second time (file and row named).
    """
    if (setting == "licensed") != (file is not None):
        raise ConfigError("a CPT file goes with cpt: licensed, and with that only", where="cpt_file")
    starter = _starter()
    hcpcs = tuple(entry for entry in starter if entry.code.system == "hcpcs")
    if setting == "off":
        return ProcedureCodes(setting, hcpcs, "CPT off")
    if file is None:
        return ProcedureCodes(setting, starter, f"CPT {_STARTER_RELEASE}")
    groups = {entry.code.value: entry.group for entry in starter}
    return ProcedureCodes(setting, (*_read_licensed(file, groups), *hcpcs), f"CPT licensed ({file.name})")


@cache
def _starter() -> tuple[ProcedureEntry, ...]:
    with _STARTER.open(newline="", encoding="utf-8") as stream:
        return tuple(
            ProcedureEntry(procedure(row["value"]), row["meaning"], row["group"], row["confirmed"] == "yes")
            for row in csv.DictReader(stream)
        )


def _read_licensed(file: Path, groups: dict[str, str]) -> tuple[ProcedureEntry, ...]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot read the CPT file: {error.strerror}", where=str(file)) from None
    except UnicodeDecodeError:
        raise ConfigError("the CPT file is not UTF-8 text", where=str(file), fix=_FIX) from None
    header = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in header else ",")
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    for column in ("code", "description"):
        if column not in names:
            raise ConfigError(f"the CPT file has no column {column}", where=f"{file}, row 1", fix=_FIX)
    seen: dict[str, ProcedureEntry] = {}
    for row in rows:
        where = f"{file}, row {rows.line_num}"
        value = (row[names["code"]] or "").strip().upper()
        meaning = (row[names["description"]] or "").strip()
        try:
            code = Code("cpt", value)
        except CodeError as error:
            raise CodeError(error.what, where=where, fix="Remove or correct the row") from None
        if value in seen:
            raise CodeError(f"code {value} appears a second time", where=where, fix="Keep one row for each code")
        if not meaning:
            raise CodeError(f"code {value} has no description", where=where, fix="Remove or correct the row")
        seen[value] = ProcedureEntry(code, meaning, groups.get(value, "licensed"), True)
    if not seen:
        raise ConfigError("the CPT file has no rows", where=str(file), fix=_FIX)
    return tuple(seen.values())
