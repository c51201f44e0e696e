"""All code systems of one run behind one door."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ghostchart.schemas.codes import Code, System
from ghostchart.schemas.config import CptSetting
from ghostchart.schemas.icd10cm import Icd10Cm
from ghostchart.schemas.icd10cm_release import load_icd10cm, load_release
from ghostchart.schemas.procedure_codes import ProcedureCodes, load_procedure_codes


@dataclass(frozen=True)
class CodeSystems:
    """ICD-10-CM in one release, and procedure codes under one setting."""

    icd10cm: Icd10Cm
    procedures: ProcedureCodes

    def require(self, code: Code) -> Code:
        """The code itself, if its system's release holds it.

        Raises:
            CodeError: it does not.
        """
        return self._system_of(code).require(code.value)

    def is_billable(self, code: Code) -> bool:
        """Whether the code may stand on a claim in this release."""
        return self._system_of(code).is_billable(code.value)

    def describe(self, code: Code) -> str:
        """Official description (ICD-10-CM) or short meaning (procedures).

        Raises:
            CodeError: not in the release.
        """
        return self._system_of(code).description(code.value)

    def release_of(self, system: System) -> str:
        """Release of one system, as stamped on notes."""
        return self.icd10cm.release if system == "icd10cm" else self.procedures.release_of(system)

    def _system_of(self, code: Code) -> Icd10Cm | ProcedureCodes:
        return self.icd10cm if code.system == "icd10cm" else self.procedures


def load_code_systems(
    cpt: CptSetting = "starter", cpt_file: Path | None = None, release: Path | None = None
) -> CodeSystems:
    """Code systems of one run; ICD-10-CM takes a few seconds the first time in a process.

    Args:
        cpt: which CPT codes are known.
        cpt_file: the user's licensed file, for ``licensed`` only.
        release: directory of another CMS release of ICD-10-CM; None for the one that ships with ghostchart.

    Raises:
        InputError: the directory holds no CMS release.
        ConfigError, CodeError: see :func:`load_procedure_codes`.
    """
    icd = load_icd10cm() if release is None else load_release(release.resolve())
    return CodeSystems(icd, load_procedure_codes(cpt, cpt_file))
