"""How often the attack gates raise a false alarm, and whether their controls bite: 100 seeded clean splits.

Clean means that the synthetic patients were learnt from nobody in the split: they are patients of another simulated
hospital, drawn with another seed. Each split draws anew who is held out. At most 5 of 100 may fail; a split whose planted
copies (1 % and 5 % of the training patients) are not caught, or would not make the gate fail, counts as inconclusive.

Arguments by environment: GHOSTCHART_SPLITS (100), GHOSTCHART_PATIENTS (2000), GHOSTCHART_FIRST_SPLIT (0), which lets a
long run be done in pieces.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import numpy as np
import pyarrow as pa

from ghostchart.privacy.disclosure import run_disclosure
from ghostchart.privacy.membership import run_membership
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.progress import SILENT
from ghostchart.synth.sources import load_source

_HELD_OUT = 0.2
_ALLOWED_OF_100 = 5


def main() -> None:
    """Run the splits and print outcomes per gate and seconds per split."""
    splits = int(os.environ.get("GHOSTCHART_SPLITS", "100"))
    n = int(os.environ.get("GHOSTCHART_PATIENTS", "2000"))
    everyone = load_source(SourceConfig(demo_patients=n, demo_seed=1), SILENT)
    synthetic = load_source(SourceConfig(demo_patients=max(50, n // 4), demo_seed=2), SILENT)
    ids = everyone.patients["patient_id"].combine_chunks()
    policy = load_policy()
    outcomes: dict[str, Counter[str]] = {"membership_inference": Counter(), "disclosure": Counter()}
    reasons: Counter[str] = Counter()
    caught: list[float] = []
    started = time.monotonic()
    first = int(os.environ.get("GHOSTCHART_FIRST_SPLIT", "0"))
    for split in range(first, first + splits):
        order = np.random.default_rng(split).permutation(n)
        held = round(_HELD_OUT * n)
        train, holdout = (everyone.restrict(ids.take(pa.array(part))) for part in (order[held:], order[:held]))
        seed = stream(split, "clean split")
        member = run_membership(train, holdout, synthetic, policy, seed).verdict
        disclosure = run_disclosure(train, holdout, synthetic, policy, seed)
        for verdict in (member, disclosure):
            outcomes[verdict.gate][verdict.outcome] += 1
            reasons.update(f"{verdict.gate}: {reason[:70]}" for reason in verdict.reasons)
        caught += [
            measure.value or 0.0
            for measure in member.measures
            if measure.name.startswith("Planted") and "TPR" in measure.name
        ]
        if (split + 1) % 10 == 0:
            counted = {gate: dict(counts) for gate, counts in outcomes.items()}
            print(f"after split {split}: {counted}", flush=True)
    seconds = (time.monotonic() - started) / splits
    print(f"{splits} clean splits of {n:,} patients ({round(_HELD_OUT * n):,} held out), {seconds:.1f} s each")
    for gate, counts in outcomes.items():
        print(f"{gate:<22} " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    for reason, count in reasons.most_common(8):
        print(f"  {count} x {reason}")
    print(f"planted copies caught at 1 % FPR: least {min(caught):.3f}, mean {np.mean(caught):.3f}")
    failed = sum(counts["failed"] for counts in outcomes.values())
    verdict = "within" if failed * 100 <= _ALLOWED_OF_100 * splits else "BEYOND"
    print(f"failed {failed} of {splits}: {verdict} the {_ALLOWED_OF_100} in 100 allowed")
