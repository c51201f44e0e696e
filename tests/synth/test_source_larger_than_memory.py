"""A source table larger than the memory it may be read with: rows go to disk and counts reconcile."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.synth.omop_hospital import PERSON, VISIT, omop_hospital, write_csv
from tests.synth.test_sources_mimic import STAY, SUBJECT, small_hospital, write

ROWS, LIMIT_BYTES = 3_500_000, 128_000_000
# Reads a source with little memory for DuckDB; prints one table's counts and the process's peak.
SCRIPT = """
import json, resource, sys
from pathlib import Path
from ghostchart.schemas.config import SourceConfig
from ghostchart.synth.sources import load_source, source_tables
kind, path, limit, table = sys.argv[1:]
source_tables._MEMORY_LIMIT = limit
tables = load_source(SourceConfig(kind=kind, path=Path(path)))
(count,) = [count for count in tables.report.tables if count.table == table]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"read": count.rows_read, "used": count.rows_used, "refused": count.refused, "peak_bytes": peak * 1024}))
"""


def read(kind: str, folder: Path, table: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, kind, str(folder), f"{LIMIT_BYTES}B", table],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # DuckDB may draw a bar of its own before it.
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def append(path: Path, line: str) -> None:
    """``ROWS`` lines from a pattern of their number."""
    with path.open("a") as stream:
        for first in range(0, ROWS, 100_000):
            stream.writelines(line.format(number=number) for number in range(first, first + 100_000))
    assert path.stat().st_size > 1.5 * LIMIT_BYTES


def assert_only_rows_grew(small: dict[str, object], large: dict[str, object], used: int) -> None:
    assert large["read"] == small["read"] + ROWS  # type: ignore[operator]
    assert large["used"] == small["used"] + used  # type: ignore[operator]
    assert sum(large["refused"].values()) == sum(small["refused"].values()) + ROWS - used  # type: ignore[attr-defined]
    more = large["peak_bytes"] - small["peak_bytes"]  # type: ignore[operator]
    assert more < 2 * LIMIT_BYTES, f"{more / 1e6:.0f} MB more"


@pytest.mark.slow
def test_an_omop_table_larger_than_the_memory_given(tmp_path: Path) -> None:
    hospital = omop_hospital()
    small = read("omop", write_csv(tmp_path / "small", hospital), "measurement")
    folder = write_csv(tmp_path / "large", hospital)
    (path,) = [path for path in folder.iterdir() if path.name.lower() == "measurement.csv"]
    # Eye colour: a kind of measurement that nothing uses.
    append(path, f"1{{number}},{PERSON},5003,2019-03-12,{{number}}.25,0,no such unit at all,{VISIT}\r\n")
    assert_only_rows_grew(small, read("omop", folder, "measurement"), used=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("diagnoses_icd", f"{SUBJECT},{STAY},{{number}},V99999999999999999999999999999,9\r\n"),
        ("prescriptions", f"{SUBJECT},{STAY}, Zebrazine by mouth twice a day with meals {{number}}0\r\n"),
        ("omr", f"{SUBJECT},2151-03-10,{{number}},eGFR of a kind that is not used,{{number}}\r\n"),
    ],
    ids=lambda value: value if "," not in value else "rows",
)
def test_a_mimic_table_larger_than_the_memory_given(tmp_path: Path, table: str, line: str) -> None:
    hospital = small_hospital()
    # Every row of its own, so that nothing can be counted instead of kept; what is kept of drugs is refused beside.
    if table == "prescriptions":
        line = line.replace(STAY, "31415002")
    small = read("mimic-iv", write(tmp_path / "small", hospital), table)
    folder = write(tmp_path / "large", hospital)
    packed = folder / f"{table}.csv.gz"
    path = folder / f"{table}.csv"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    append(path, line)
    assert_only_rows_grew(small, read("mimic-iv", folder, table), used=0)
