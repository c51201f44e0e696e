"""Reading a CMS release of ICD-10-CM, on ``simple_icd_10_cm``: the one it ships, or a directory of the user's own.

The library's import takes about two seconds and its release is a module global, so it is imported on first use and
everything needed is copied out of it: a second release may be loaded without changing the first.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path

from ghostchart.schemas.errors import InputError
from ghostchart.schemas.icd10cm import CODE_SHAPE, Icd10Cm, Node

DEFAULT_RELEASE = "ICD-10-CM 2026-04"
# Other releases that the library was asked to load since it last held its own (its release is a module global).
_LIBRARY_HOLDS_ANOTHER: set[str] = set()
_FIX = "Give a directory with the tabular XML and the code list (or order file) of one CMS release"
_VERSION = re.compile(r"<version>\s*([^<]{2,20}?)\s*</version>")
# CMS publishes in October and updates in April; file names of an update say the month.
_MONTHS = {"jan": "01", "apr": "04", "oct": "10"}
# "00001 A00     0 Cholera ...": running number, code, whether billable.
_ORDER_LINE = re.compile(r"\d{5} ([A-Z][0-9A-Z]{2,6}) +[01] ")


@cache
def load_release(directory: Path) -> Icd10Cm:
    """A user's own release: a directory with one tabular XML and one code list or order file of CMS.

    The release is named after the version that the tabular list states, with the month where the file name has one.

    Raises:
        InputError: files are missing, double, or no CMS release.
    """
    tabular = _only(directory, "*tabular*.xml", "tabular XML")
    lists = [path for path in sorted(directory.glob("*.txt")) if "code" in path.name.lower()]
    orders = sorted(directory.glob("*order*.txt"))
    if len(lists) != 1 and not orders:
        raise InputError("there is no single code list or order file", where=str(directory), fix=_FIX)
    try:
        with tabular.open(encoding="utf-8") as stream:
            stated = _VERSION.search(stream.read(4096))
    except (OSError, UnicodeDecodeError):
        stated = None
    if stated is None:
        raise InputError("the tabular list states no version", where=str(tabular), fix=_FIX)
    month = next((number for name, number in _MONTHS.items() if name in tabular.name.lower()), "")
    release = f"ICD-10-CM {stated[1]}" + (f"-{month}" if month else "")
    if len(lists) == 1:
        return load_icd10cm((lists[0], tabular), release)
    codes = _codes_of_order_file(orders[0])
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / orders[0].name
        listed.write_text("\n".join(codes), encoding="utf-8")
        return load_icd10cm((listed, tabular), release)


def _only(directory: Path, pattern: str, words: str) -> Path:
    if not directory.is_dir():
        raise InputError("there is no such release directory", where=str(directory), fix=_FIX)
    found = sorted(directory.glob(pattern))
    if len(found) != 1:
        said = f"there is no {words}" if not found else f"there is more than one {words}"
        raise InputError(said, where=str(directory), fix=_FIX)
    return found[0]


def _codes_of_order_file(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    codes = [match[1] for line in lines if (match := _ORDER_LINE.match(line))]
    if not codes:
        raise InputError("the order file holds no codes", where=str(path), fix=_FIX)
    return codes


@cache
def load_icd10cm(release_files: tuple[Path, Path] | None = None, release: str = DEFAULT_RELEASE) -> Icd10Cm:
    """The release, cached per process (about two seconds the first time).

    Args:
        release_files: code list (text) and tabular list (XML) of another CMS release; None for the one that
            ``simple_icd_10_cm`` ships.
        release: its name; give it with ``release_files``.

    Raises:
        InputError: the files cannot be read as a CMS release.
    """
    import simple_icd_10_cm as cm

    if release_files is None:
        if _LIBRARY_HOLDS_ANOTHER:
            cm.change_version()
            _LIBRARY_HOLDS_ANOTHER.clear()
        return Icd10Cm(_copy_nodes(cm), release)
    code_list, tabular = release_files
    _LIBRARY_HOLDS_ANOTHER.add(release)
    try:
        cm.change_version(str(code_list), str(tabular))
        return Icd10Cm(_copy_nodes(cm), release)
    except (OSError, UnicodeDecodeError, SyntaxError, IndexError, KeyError, ValueError) as error:
        raise InputError(
            f"the ICD-10-CM release cannot be read: {type(error).__name__}",
            where=f"{code_list.name}, {tabular.name}",
            fix="Give the code list and the tabular XML of one CMS release",
        ) from None


def _copy_nodes(cm: object) -> dict[str, Node]:
    """Everything we need out of the library's global tree, in tabular order."""
    api: dict[str, object] = vars(cm)
    get = {name: api[name] for name in api if name.startswith(("get_", "is_"))}
    values = list(dict.fromkeys(get["get_all_codes"](True)))  # type: ignore[operator]
    position = {value: index for index, value in enumerate(values)}
    ancestors: dict[str, tuple[str, ...]] = {}
    last = list(range(len(values)))
    for value in values:
        above = get["get_ancestors"](value)  # type: ignore[operator]
        ancestors[value] = tuple(dict.fromkeys(item for item in above if item != value))
        for item in ancestors[value]:
            last[position[item]] = max(last[position[item]], position[value])
    nodes = {}
    for value in values:
        # Five codes (B20, F99, P84, R99, Z66) are block and leaf alike; empty blocks such as C00-C96 are leaves too.
        billable = bool(CODE_SHAPE.fullmatch(value)) and get["is_leaf"](value)  # type: ignore[operator]
        extended = get["is_extended_subcategory"](value)  # type: ignore[operator]
        notes = (
            {}
            if extended
            else {
                "inclusion_terms": tuple(get["get_inclusion_term"](value)),  # type: ignore[operator]
                "includes": tuple(get["get_includes"](value)),  # type: ignore[operator]
                "excludes1": tuple(get["get_excludes1"](value)),  # type: ignore[operator]
                "excludes2": tuple(get["get_excludes2"](value)),  # type: ignore[operator]
                "code_first": get["get_code_first"](value),  # type: ignore[operator]
                "use_additional": get["get_use_additional_code"](value),  # type: ignore[operator]
                "code_also": get["get_code_also"](value),  # type: ignore[operator]
                "seventh": tuple(get["get_seven_chr_def"](value).items()),  # type: ignore[operator]
            }
        )
        nodes[value] = Node(
            position=position[value],
            last=last[position[value]],
            description=get["get_description"](value),  # type: ignore[operator]
            is_billable=billable,
            ancestors=ancestors[value],
            **notes,
        )
    return nodes
