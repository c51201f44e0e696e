"""The layout of the repository: links, import directions, heavy libraries, pins."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("schemas", "synth", "privacy", "train", "evaluate")
# Who may import whom: a folder may import itself and what is listed.
ALLOWED = {
    "schemas": set(),
    "synth": {"schemas"},
    "privacy": {"schemas"},
    "train": {"schemas"},
    "evaluate": {"schemas"},
    "engines": {"schemas"},
    "pages": {"schemas"},
    "pipeline": {"schemas", "synth", "privacy", "train", "evaluate", "engines", "pages"},
    "console": {"schemas"},
    "cli": {"schemas", "synth", "privacy", "train", "evaluate", "engines", "pages", "pipeline", "console"},
}
SCHEMAS_LIBRARIES = {"pydantic", "numpy", "scipy", "pyarrow", "simple_icd_10_cm", "securesystemslib", "yaml"}
ONE_MODULE_EACH = ("sdv", "presidio_analyzer", "great_expectations", "deepspeed", "ray", "lm_eval")
HEAVY = {
    "sdv", "presidio_analyzer", "great_expectations", "deepspeed", "ray", "torch", "transformers", "peft", "spacy", "faker",
    "pandas", "sklearn", "matplotlib", "duckdb", "simple_icd_10_cm", "mlcroissant", "datasets", "lm_eval",
}  # fmt: skip


def modules() -> list[tuple[str, Path]]:
    """(area, file) of every module of ours."""
    found = [(folder, path) for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    package = ROOT / "src" / "ghostchart"
    for path in sorted(package.rglob("*.py")):
        area = path.relative_to(package).parts[0].removesuffix(".py")
        if area not in (*FOLDERS, "__init__", "__main__"):
            found.append((area, path))
    return found


def imports(tree: ast.Module, *, top_level_only: bool = False) -> list[str]:
    """Dotted names a module imports; TYPE_CHECKING blocks and, if asked, function bodies left out."""
    names: list[str] = []

    def walk(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if top_level_only and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if isinstance(child, ast.Import):
                names.extend(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module and child.level == 0:
                names.append(child.module)
            elif isinstance(child, ast.ImportFrom) and child.level:
                names.append("relative import")
            walk(child)

    walk(tree)
    return names


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


@pytest.mark.parametrize("folder", FOLDERS)
def test_links_resolve_to_the_folders(folder: str) -> None:
    link = ROOT / "src" / "ghostchart" / folder
    assert link.is_symlink()
    assert link.readlink() == Path(f"../../{folder}")
    assert link.resolve() == ROOT / folder
    assert not (ROOT / folder / "__init__.py").exists()


@pytest.mark.parametrize(("area", "path"), modules(), ids=lambda value: str(value)[-60:])
def test_import_directions(area: str, path: Path) -> None:
    assert area in ALLOWED, f"{area} has no place in the import order"
    for name in imports(parsed(path)):
        assert name != "relative import", f"{path} imports relatively"
        if name.startswith("ghostchart."):
            target = name.split(".")[1]
            assert target == area or target in ALLOWED[area], f"{path.relative_to(ROOT)} must not import {name}"


@pytest.mark.parametrize("path", [path for area, path in modules() if area == "schemas"], ids=lambda path: path.name)
def test_schemas_need_few_libraries(path: Path) -> None:
    for name in imports(parsed(path)):
        top = name.split(".")[0]
        assert top in SCHEMAS_LIBRARIES | {"ghostchart"} or top in sys.stdlib_module_names, (
            f"{path.name} imports {name}"
        )


@pytest.mark.parametrize("library", ONE_MODULE_EACH)
def test_heavy_library_lives_in_one_module(library: str) -> None:
    users = {
        str(path.relative_to(ROOT))
        for _, path in modules()
        if any(name.split(".")[0] == library for name in imports(parsed(path)))
    }
    assert len(users) <= 1, f"{library} is imported in {sorted(users)}"


@pytest.mark.parametrize(("area", "path"), modules(), ids=lambda value: str(value)[-60:])
def test_heavy_libraries_are_imported_lazily(area: str, path: Path) -> None:
    for name in imports(parsed(path), top_level_only=True):
        assert name.split(".")[0] not in HEAVY, f"{path.relative_to(ROOT)} imports {name} at module level"


def test_modules_stay_readable_in_length() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for _, path in modules()}
    assert {name: length for name, length in lengths.items() if length > 340} == {}


def test_no_help_yourself_names() -> None:
    for _, path in modules():
        assert not re.search(r"util|manager|helper", path.stem), path


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from ghostchart.cli.app import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        f"bad = [name for name in {sorted(HEAVY)!r} if name in sys.modules]\n"
        "sys.exit('imported: ' + ', '.join(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert "run" in done.stdout


def pins() -> dict[str, str]:
    lines = [line.strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_every_pin_is_what_is_installed() -> None:
    wrong = {}
    for name, version in pins().items():
        try:
            installed = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            continue  # a pin that no extra pulls in on this machine constrains nothing
        if installed != version:
            wrong[name] = (version, installed)
    assert wrong == {}


def test_every_pinned_library_imports_in_one_process() -> None:
    by_distribution: dict[str, list[str]] = {}
    for module, distributions in importlib.metadata.packages_distributions().items():
        for distribution in distributions:
            by_distribution.setdefault(distribution.lower().replace("_", "-").replace(".", "-"), []).append(module)
    names = []
    home = Path(sysconfig.get_path("purelib")).resolve()
    for pin in pins():
        # Ray puts a folder of copies on the path of the process that imports it; those are no installed libraries.
        if not any(
            Path(str(found.locate_file(""))).resolve() == home for found in importlib.metadata.distributions(name=pin)
        ):
            continue
        candidates = by_distribution.get(pin.lower().replace("_", "-").replace(".", "-"), [])
        named_alike = [
            module for module in candidates if module.lower().replace("_", "-") in pin.lower().replace("_", "-")
        ]
        names += [
            module for module in (named_alike or candidates)[:1] if module.isidentifier() and not module.startswith("_")
        ]
    assert len(names) > 120
    script = (
        "import importlib, os, sys, warnings; warnings.simplefilter('ignore')\n"
        "os.environ['DS_ACCELERATOR'] = 'cpu'\n"
        f"names = {sorted(names)!r}\n"
        "failed = []\n"
        "for name in names:\n"
        "    try: importlib.import_module(name)\n"
        "    except Exception as error: failed.append(f'{name}: {type(error).__name__}: {error}')\n"
        "sys.exit('; '.join(failed) if failed else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
