"""``make bench``: run every benchmark of this folder, or those named, and print its figures.

Each benchmark is a module ``bench_*.py`` with ``main() -> None`` that measures itself and its peer in one go and prints
absolute figures and their ratio.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def main(wanted: list[str]) -> None:
    """Run benchmarks whose name holds one of the wanted words; all without words."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        if wanted and not any(word in path.stem for word in wanted):
            continue
        print(f"== {path.stem.removeprefix('bench_')}", flush=True)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # where dataclasses look for their module
        spec.loader.exec_module(module)
        module.main()


if __name__ == "__main__":
    main(sys.argv[1:])
