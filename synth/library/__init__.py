"""What conditions, procedures and drugs are called, and which code each wording stands for."""

from ghostchart.synth.library.catalog import Library, load_library
from ghostchart.synth.library.drugs import Drug
from ghostchart.synth.library.families import ACUITIES, Acuity, CodeRow, ConditionFamily

__all__ = ["ACUITIES", "Acuity", "CodeRow", "ConditionFamily", "Drug", "Library", "load_library"]
