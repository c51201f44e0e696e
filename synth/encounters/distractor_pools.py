"""What distractors are made of: codes of conditions that notes mention without coding them (own choice)."""

from __future__ import annotations

NEGATED = (
    "R07.9", "R06.02", "R50.9", "R05.9", "R11.2", "R42", "R55", "R51.9", "R10.9", "R00.2", "R31.9", "K92.1", "R63.4", "R19.7",
    "R21", "R30.0", "I82.409", "R56.9", "R13.10", "R61", "R41.0", "H53.8", "R26.81", "R60.0", "E11.9", "R45.851",
)  # fmt: skip
# No family-history code names these diseases, so nothing at all is coded for them.
FAMILY = (
    "E03.9",
    "M10.9",
    "K80.20",
    "K21.9",
    "N20.0",
    "D50.9",
    "G43.909",
    "K57.30",
    "J30.9",
    "L40.9",
    "E78.5",
    "I83.90",
)
FAMILY_DENIED = ("C18.9", "C50.919", "C61", "I25.10", "I63.9", "E11.9", "C34.90", "I21.9", "C56.9", "C25.9")
FAMILY_CODED = ("C50.919", "C18.9", "C61", "I25.10", "E11.9", "I63.9", "C34.90", "M81.0", "J45.909", "C25.9", "I21.9")
PAST_RESOLVED = (
    "J18.9", "K35.80", "N39.0", "B02.9", "K81.0", "J20.9", "L03.115", "J01.90", "K52.9", "D50.9", "S52.501A", "J02.0", "H66.91",
)  # fmt: skip
PAST_CODED = ("C18.9", "C50.911", "C61", "C67.9", "C73", "C43.9", "I82.401", "I26.99", "G45.9", "I63.9", "C85.90")
HYPOTHETICAL = ("R50.9", "R07.9", "R06.02", "R11.2", "R55", "R51.9", "K92.1", "R42", "R21", "R05.9", "R10.9", "R56.9")
OTHER_PERSON = ("J10.1", "J02.0", "K52.9", "J06.9", "J18.9", "B02.9", "J20.9", "L50.9", "F32.A")
COPIED_FORWARD = (
    "J18.9", "N39.0", "K52.9", "L03.115", "J20.9", "J01.90", "E87.6", "D62", "N17.9", "R55", "K59.00", "H61.23", "J06.9", "B37.0",
    "M54.50", "E86.0",
)  # fmt: skip

# Presenting complaint (code prefix) -> diagnoses that come to mind and are not made.
SUSPECTED: dict[str, tuple[str, ...]] = {
    "R07": ("I21.4", "I26.99", "K21.9", "I20.9", "M94.0", "I30.9", "J93.9"),
    "R06": ("I50.9", "I26.99", "J18.9", "J44.1", "J45.901"),
    "R05": ("J18.9", "J20.9", "K21.9", "J45.909"),
    "R50": ("J18.9", "N10", "A41.9", "J10.1"),
    "R10": ("K35.80", "K81.0", "K57.32", "N20.0", "K85.90", "K56.609"),
    "R11": ("K52.9", "K85.90", "K56.609", "K81.0"),
    "R19.7": ("A04.72", "K52.9", "K50.90"),
    "R42": ("H81.10", "I63.9", "I95.1", "G45.9"),
    "R55": ("I47.20", "I95.1", "R56.9", "I35.0"),
    "R51": ("G43.909", "I60.9", "G44.209", "M31.6"),
    "R53": ("E03.9", "D64.9", "E87.1", "G47.33"),
    "R41": ("N39.0", "I63.9", "G40.909", "E87.1"),
    "R00": ("I48.91", "I47.10", "E05.90", "F41.0"),
    "R31": ("N20.0", "C67.9", "N30.01"),
    "R60": ("I50.9", "I82.409", "I87.2"),
    "R63.4": ("C25.9", "E05.90", "F32.A"),
    "R21": ("L23.9", "L50.9", "B02.9"),
    "M25.5": ("M10.9", "M00.9", "S83.206A"),
    "M54": ("M51.26", "M48.061", "N20.0"),
    "M79": ("I82.409", "L03.115", "M72.2"),
}
# Planned or declined services with sex and age bounds taken from the plausibility table.
SERVICES = ("cpt:45378", "cpt:77067", "cpt:90750", "cpt:90677", "cpt:20610", "cpt:93306", "cpt:77080", "hcpcs:G0121", "cpt:45385",
            "cpt:64483", "cpt:27447", "cpt:66984", "cpt:90656")  # fmt: skip
# Laboratory value -> range outside the reference (lowest, highest, decimals), diagnoses that would explain it.
ABNORMAL_LABS: dict[str, tuple[float, float, int, tuple[str, ...]]] = {
    "potassium_mmol_l": (5.5, 6.1, 1, ("E87.", "N17", "N18")),
    "sodium_mmol_l": (127, 132, 0, ("E87.", "E22.2", "E86")),
    "glucose_mg_dl": (148, 195, 0, ("E08", "E09", "E10", "E11", "E13", "R73", "O24")),
    "hemoglobin_g_dl": (9.4, 11.0, 1, ("D5", "D6", "K92", "O99.0", "C")),
    "ldl_mg_dl": (152, 195, 0, ("E78",)),
    "tsh_miu_l": (6.1, 9.4, 1, ("E0", "E89")),
    "alt_u_l": (72, 118, 0, ("K7", "B18", "R74", "F10")),
    "calcium_mg_dl": (10.7, 11.4, 1, ("E83", "E21", "C")),
    "uric_acid_mg_dl": (8.2, 9.9, 1, ("M10", "E79", "N20")),
    "vitamin_d_ng_ml": (12, 18, 0, ("E55",)),
}
# Diseases of one group are never denied, suspected or passed off as somebody's past beside each other.
GROUPS: tuple[tuple[str, ...], ...] = (
    ("E08", "E09", "E10", "E11", "E13", "R73", "O24", "E16"),
    ("N17", "N18", "N19", "I12", "I13"),
    ("I50", "I11", "I13", "I51", "R60", "J81"),
    ("J09", "J1", "J20", "J21", "J22", "J4", "U07", "A41", "J96", "J84"),
    ("I20", "I21", "I24", "I25", "R07"),
    ("I63", "I69", "G45", "G81", "Z86.73"),
    ("I26", "I82", "Z86.71", "I80"),
    ("D5", "D6"),
    ("F0", "G30", "G31", "R41"),
    ("R53", "R54", "M62", "R26", "R29", "R63", "R64"),
    ("N30", "N39", "N10", "N12", "R30", "R31", "A41"),
    ("K35", "K5", "K8", "R10", "R11", "R19"),
    ("F32", "F33", "F31", "F34", "R45"),
    ("M10", "M1", "M25"),
    ("I47", "I48", "I49", "R00"),
    ("H81", "R42"),
    ("I10", "I11", "I12", "I13", "I15", "I16", "R03"),
)
