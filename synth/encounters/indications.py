"""Services at one place of the body or for one kind of disease: nobody films a shoulder for a knee's complaint.

A statistical model of a hospital draws services and conditions each likely by itself; what does not go together is left
out. Which condition each service is for is background knowledge, in our own choice; services not listed fit anyone.
"""

from __future__ import annotations

_WOUNDS = ("S01", "S11", "S21", "S31", "S41", "S51", "S61", "S71", "S81", "S91")
_COLON = (
    "Z12.11",
    "K5",
    "K6",
    "K92",
    "R19",
    "R10",
    "Z80.0",
    "Z86.0",
    "Z85.03",
    "D12",
    "D50",
    "D64.9",
    "C18",
    "C19",
    "C20",
    "R63.4",
)
_STOMACH = (
    "K2",
    "K3",
    "K9",
    "R10",
    "R11",
    "R13",
    "R12",
    "D50",
    "D64.9",
    "C15",
    "C16",
    "K50",
    "K70",
    "K74",
    "I85",
    "R63.4",
)
_PREGNANCY = ("O", "Z34", "Z3A", "Z33", "Z36", "Z37")
_NEEDS: dict[str, tuple[str, ...]] = {
    "73030": ("M25.51", "M25.41", "M75", "M19.01", "M19.11", "M19.21", "S40", "S42", "S43", "S46", "S49"),
    "73110": ("M25.53", "M25.43", "M19.03", "M19.13", "M19.23", "S52.5", "S52.6", "S60", "S62", "S63", "S69"),
    "73562": ("M25.56", "M25.46", "M17", "M22", "M23", "S80", "S82.0", "S82.1", "S83", "S89"),
    "73630": ("M25.57", "M19.07", "M19.17", "M19.27", "M20", "M79.67", "S90", "S92", "S93", "S97", "S98", "S99", "L97.4",
              "L97.5", "E10.621", "E11.621", "M86"),
    "20605": ("M25.52", "M25.53", "M25.57", "M19.02", "M19.03", "M19.07", "M10", "M05", "M06"),
    "20610": ("M16", "M17", "M75", "M25.51", "M25.55", "M25.56", "M19.01", "M10", "M05", "M06"),
    "20611": ("M16", "M17", "M75", "M25.51", "M25.55", "M25.56", "M19.01", "M10", "M05", "M06"),
    "25600": ("S52.5",),
    "29125": ("S52", "S53", "S60", "S62", "S63", "M25.53"),
    "29515": ("S82", "S86", "S90", "S92", "S93", "M25.57"),
    "27130": ("M16", "S72", "M87"),
    "27447": ("M17",),
    "29881": ("M22", "M23", "S83"),
    "66984": ("H25", "H26", "E08.36", "E10.36", "E11.36", "E13.36"),
    "64483": ("M47", "M48", "M50", "M51", "M54"),
    "31231": ("J3", "R04.0"),
    "43235": _STOMACH,
    "43239": _STOMACH,
    "44970": ("K35", "K36", "K37"),
    "45378": _COLON,
    "45380": _COLON,
    "45385": _COLON,
    "47562": ("K80", "K81", "K82"),
    "49505": ("K40",),
    "52000": ("R31", "R33", "R39", "N3", "N40", "C67", "N13"),
    "57454": ("R87", "N87"),
    "58300": ("Z30", "N92", "N93"),
    "59025": _PREGNANCY,
    "59400": _PREGNANCY,
    "76805": _PREGNANCY,
    "77066": ("N6", "R92", "C50", "D05", "Z85.3"),
    "92928": ("I2",),
    "93458": ("I2", "I3", "I4", "I50", "I11", "R07", "R94.3", "I13"),
    "10060": ("L0",),
    "11042": ("L89", "L97", "L98.4", "E10.62", "E11.62", "T", "S"),
    "97597": ("L89", "L97", "L98.4", "E10.62", "E11.62", "T", "S"),
    "11200": ("L91.8", "D22", "D23"),
    "17000": ("L57",),
    "17003": ("L57",),
    "17110": ("B07", "B08.1", "L82"),
    "12001": _WOUNDS,
    "12002": _WOUNDS,
    "12011": _WOUNDS,
    "12031": _WOUNDS,
    "69210": ("H61.2",),
    "95816": ("G40", "R56", "R55", "R40", "R41"),
    "99406": ("F17",),
    "99407": ("F17",),
}  # fmt: skip


def is_indicated(service: str, codes: tuple[str, ...]) -> bool:
    """Whether some condition of the encounter calls for a service, or it needs none in particular.

    Args:
        service: CPT or HCPCS code.
        codes: ICD-10-CM codes of the true conditions.
    """
    needs = _NEEDS.get(service)
    return needs is None or any(code.startswith(needs) for code in codes)
