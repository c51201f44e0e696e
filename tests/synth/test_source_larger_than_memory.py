"""A source table larger than the memory it may be read with: rows go to disk and counts reconcile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.synth.omop_hospital import PERSON, VISIT, omop_hospital, write_csv

ROWS, LIMIT_BYTES = 3_500_000, 128_000_000
# Reads an OMOP folder with little memory for DuckDB; prints the measurement table's counts and the process's peak.
SCRIPT = """
import json, resource, sys
from pathlib import Path
from ghostchart.schemas.config import SourceConfig
from ghostchart.synth.sources import load_source, source_tables
source_tables._MEMORY_LIMIT = sys.argv[2]
tables = load_source(SourceConfig(kind="omop", path=Path(sys.argv[1])))
(count,) = [count for count in tables.report.tables if count.table == "measurement"]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"read": count.rows_read, "used": count.rows_used, "refused": count.refused, "peak_bytes": peak * 1024}))
"""


def read(folder: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), f"{LIMIT_BYTES}B"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # DuckDB may draw a bar of its own before it.
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
def test_a_table_larger_than_the_memory_given(tmp_path: Path) -> None:
    hospital = omop_hospital()
    small = read(write_csv(tmp_path / "small", hospital))
    folder = write_csv(tmp_path / "large", hospital)
    (path,) = [path for path in folder.iterdir() if path.name.lower() == "measurement.csv"]
    with path.open("a") as stream:
        # Eye colour: a kind of measurement that nothing uses.
        for first in range(0, ROWS, 100_000):
            stream.writelines(
                f"{first + place + 100},{PERSON},5003,2019-03-12,{place % 97}.25,0,no such unit at all,{VISIT}\r\n"
                for place in range(100_000)
            )
    size = path.stat().st_size
    assert size > 1.5 * LIMIT_BYTES
    large = read(folder)
    assert large["read"] == small["read"] + ROWS  # type: ignore[operator]
    assert large["used"] == small["used"]
    assert sum(large["refused"].values()) == sum(small["refused"].values()) + ROWS  # type: ignore[attr-defined]
    more = large["peak_bytes"] - small["peak_bytes"]  # type: ignore[operator]
    assert more < 2 * LIMIT_BYTES, f"{more / 1e6:.0f} MB more for a table of {size / 1e6:.0f} MB"
