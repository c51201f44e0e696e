"""How often the attack gates raise a false alarm, and whether their controls bite: 100 seeded clean splits.

Clean means that the synthetic patients were learnt from nobody in the split: they are patients of another simulated
hospital, drawn with another seed. Each split draws anew who is held out. At most 5 of 100 may fail; a split whose planted
copies (1 % and 5 % of the training patients) are not caught, or would not make the gate fail, counts as inconclusive.

Arguments by environment: GHOSTCHART_SPLITS (100), GHOSTCHART_PATIENTS (2000). A long run can be done in pieces:
GHOSTCHART_RESULTS names a file that keeps one line per finished split (splits that stand there are not done again), and
GHOSTCHART_SECONDS ends a piece after that time. The figures printed are those of all splits in the file.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ghostchart.privacy.disclosure import run_disclosure
from ghostchart.privacy.membership import run_membership
from ghostchart.privacy.policy import PrivacyPolicy, load_policy
from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.measures import clopper_pearson
from ghostchart.schemas.progress import SILENT
from ghostchart.synth.sources import load_source

_HELD_OUT = 0.2
_ALLOWED_OF_100 = 5

Row = dict[str, Any]


def main() -> None:
    """Run the splits that are not done yet and print outcomes per gate and seconds per split."""
    splits = int(os.environ.get("GHOSTCHART_SPLITS", "100"))
    n = int(os.environ.get("GHOSTCHART_PATIENTS", "2000"))
    seconds = float(os.environ.get("GHOSTCHART_SECONDS", "inf"))
    kept = os.environ.get("GHOSTCHART_RESULTS")
    done = _read(Path(kept), n) if kept else {}
    left = [split for split in range(splits) if split not in done]
    if left:
        everyone = load_source(SourceConfig(demo_patients=n, demo_seed=1), SILENT)
        synthetic = load_source(SourceConfig(demo_patients=max(50, n // 4), demo_seed=2), SILENT)
        policy = load_policy()
    started = time.monotonic()
    for split in left:
        begun = time.monotonic()
        if begun - started > seconds:
            break
        done[split] = _run(everyone, synthetic, policy, split, n) | {"seconds": time.monotonic() - begun}
        if kept:
            with Path(kept).open("a") as file:
                file.write(json.dumps(done[split]) + "\n")
    _report([done[split] for split in sorted(done)], splits, n)


def _run(everyone: EhrTables, synthetic: EhrTables, policy: PrivacyPolicy, split: int, n: int) -> Row:
    """Outcomes and reasons of both gates, and the shares of planted copies caught."""
    ids = everyone.patients["patient_id"].combine_chunks()
    order = np.random.default_rng(split).permutation(n)
    held = round(_HELD_OUT * n)
    train, holdout = (everyone.restrict(ids.take(pa.array(part))) for part in (order[held:], order[:held]))
    seed = stream(split, "clean split")
    verdicts = (
        run_membership(train, holdout, synthetic, policy, seed).verdict,
        run_disclosure(train, holdout, synthetic, policy, seed),
    )
    return {
        "split": split,
        "patients": n,
        "outcomes": {verdict.gate: verdict.outcome for verdict in verdicts},
        "reasons": [f"{verdict.gate}: {reason[:70]}" for verdict in verdicts for reason in verdict.reasons],
        "caught": [
            measure.value or 0.0
            for measure in verdicts[0].measures
            if measure.name.startswith("Planted") and "TPR" in measure.name
        ],
    }


def _read(path: Path, n: int) -> dict[int, Row]:
    """Finished splits of this number of patients; a torn last line does not count."""
    found: dict[int, Row] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            row: Row = json.loads(line)
        except ValueError:
            continue
        if row["patients"] == n:
            found[row["split"]] = row
    return found


def _report(rows: Sequence[Row], splits: int, n: int) -> None:
    count = len(rows)
    if not count:
        print("no split is finished yet")
        return
    each = sum(row["seconds"] for row in rows) / count
    print(f"{count} of {splits} clean splits of {n:,} patients ({round(_HELD_OUT * n):,} held out), {each:.1f} s each")
    for gate in rows[0]["outcomes"]:
        counts = Counter(row["outcomes"][gate] for row in rows)
        print(f"{gate:<22} " + ", ".join(f"{name} {number}" for name, number in sorted(counts.items())))
    for reason, number in Counter(reason for row in rows for reason in row["reasons"]).most_common(8):
        print(f"  {number} x {reason}")
    caught = [share for row in rows for share in row["caught"]]
    print(f"planted copies caught at 1 % FPR: least {min(caught):.3f}, mean {np.mean(caught):.3f}")
    failed = sum("failed" in row["outcomes"].values() for row in rows)
    low, high = clopper_pearson(failed, count)
    verdict = "within" if failed * 100 <= _ALLOWED_OF_100 * count else "BEYOND"
    print(
        f"failed {failed} of {count} (95 % interval {low:.3f} to {high:.3f}): "
        f"{verdict} the {_ALLOWED_OF_100} in 100 allowed"
    )
