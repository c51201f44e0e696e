"""Vital signs and lab values that are used: LOINC code, units with their way to ours, and the observation's name.

Codes are those of LOINC's vital signs panel and of the usual serum and blood tests; factors follow from molar masses
(creatinine 113.12, glucose 180.16, cholesterol 386.65 g/mol) and from the international pound and inch.
"""

from __future__ import annotations

import pyarrow as pa

from ghostchart.synth.sources.source_tables import SourceTables

# name -> (LOINC codes, {unit in lower case: (factor, shift)}): value x factor + shift has the unit of the name.
_SAME = (1.0, 0.0)
_PER_MINUTE = dict.fromkeys(("/min", "{beats}/min", "{breaths}/min", "{score}/min", "bpm", "per minute"), _SAME)
_MG_DL = {"mg/dl": _SAME}
_MMOL = dict.fromkeys(("mmol/l", "meq/l"), _SAME)
_PERCENT = dict.fromkeys(("%", "percent"), _SAME)
_MMHG = dict.fromkeys(("mm[hg]", "mmhg", "millimeter mercury column"), _SAME)
_CHOLESTEROL = _MG_DL | {"mmol/l": (38.665, 0.0)}
_WEIGHT = {"kg": _SAME, "g": (0.001, 0.0)} | dict.fromkeys(("[lb_av]", "lb", "lbs"), (0.45359237, 0.0))
_HEIGHT = {"cm": _SAME, "m": (100.0, 0.0)} | dict.fromkeys(("[in_i]", "in", "inches"), (2.54, 0.0))
_TEMPERATURE = dict.fromkeys(("cel", "c", "°c"), _SAME) | dict.fromkeys(("[degf]", "f", "°f"), (5 / 9, -160 / 9))
_KINDS: dict[str, tuple[tuple[str, ...], dict[str, tuple[float, float]]]] = {
    "systolic_bp_mmhg": (("8480-6",), _MMHG),
    "diastolic_bp_mmhg": (("8462-4",), _MMHG),
    "heart_rate_bpm": (("8867-4",), _PER_MINUTE),
    "respiratory_rate_bpm": (("9279-1",), _PER_MINUTE),
    "temperature_c": (("8310-5", "8331-1"), _TEMPERATURE),
    "spo2_percent": (("2708-6", "59408-5"), _PERCENT),
    "weight_kg": (("29463-7", "3141-9"), _WEIGHT),
    "height_cm": (("8302-2",), _HEIGHT),
    "bmi_kg_m2": (("39156-5",), {"kg/m2": _SAME, "kg/m^2": _SAME}),
    "creatinine_mg_dl": (("2160-0", "38483-4"), _MG_DL | {"umol/l": (0.011312, 0.0)}),
    "hemoglobin_g_dl": (("718-7",), {"g/dl": _SAME, "g/l": (0.1, 0.0)}),
    "sodium_mmol_l": (("2951-2", "2947-0"), _MMOL),
    "potassium_mmol_l": (("2823-3", "6298-4"), _MMOL),
    "hba1c_percent": (("4548-4",), _PERCENT),
    "glucose_mg_dl": (("2345-7", "2339-0"), _MG_DL | {"mmol/l": (18.016, 0.0)}),
    "calcium_mg_dl": (("17861-6", "49765-1"), _MG_DL),
    "total_cholesterol_mg_dl": (("2093-3",), _CHOLESTEROL),
    "ldl_mg_dl": (("18262-6", "13457-7", "2089-1"), _CHOLESTEROL),
    "hdl_mg_dl": (("2085-9",), _CHOLESTEROL),
}
NAMES = tuple(_KINDS)
UNKNOWN_UNIT = "unit missing or not known"


def put_measurements(source: SourceTables) -> None:
    """Make the tables ``kinds`` (loinc, name) and ``units`` (name, unit, factor, shift)."""
    kinds = [(loinc, name) for name, (codes, _units) in _KINDS.items() for loinc in codes]
    units = [(name, unit, *way) for name, (_codes, ways) in _KINDS.items() for unit, way in ways.items()]
    source.put("kinds", pa.table(dict(zip(("loinc", "name"), zip(*kinds, strict=True), strict=True))))
    source.put("units", pa.table(dict(zip(("name", "unit", "factor", "shift"), zip(*units, strict=True), strict=True))))


def measured(rows: str) -> str:
    """Query of observation rows from ``rows`` (line, patient_id, encounter_id, day, loinc, value, unit)."""
    return (
        "SELECT o.line, o.patient_id, o.encounter_id, o.day, k.name, "
        "coalesce(CAST(TRY_CAST(o.value AS DOUBLE) * u.factor + u.shift AS VARCHAR), o.value) AS value, "
        f"CASE WHEN k.name IS NOT NULL AND u.name IS NULL THEN '{UNKNOWN_UNIT}' ELSE '' END AS refusal "
        f"FROM ({rows}) o LEFT JOIN kinds k ON k.loinc = o.loinc "
        "LEFT JOIN units u ON u.name = k.name AND u.unit = lower(trim(o.unit))"
    )
