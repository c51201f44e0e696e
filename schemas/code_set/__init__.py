"""Whether a set of codes may stand together: rules that look at the codes only, never at how they were made."""

from ghostchart.schemas.code_set.check import Circumstances, CodedLine, CodeSetCheck
from ghostchart.schemas.code_set.violation import Violation

__all__ = ["Circumstances", "CodeSetCheck", "CodedLine", "Violation"]
