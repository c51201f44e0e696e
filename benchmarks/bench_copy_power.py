"""How few copies of patients make the membership gate fail, and what it costs that crowding decides for some attacks only.

Copies of members join synthetic patients who were learnt from nobody: exact ones, and near ones whose measurements and counts
are blurred and one diagnosis group of which is changed. The same scores are judged twice: as the gate does it (members
crowding the top scores fail it where an attack sees copies) and with every attack's crowding deciding, which is what the
gate did before and what failed clean generators. A rule that loses no power fails as often on the left as on the right.

``GHOSTCHART_POWER_SEEDS`` (10) sets the seeds a cell, ``GHOSTCHART_PATIENTS`` (2,000) the hospital's size, a fifth of it held out.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pyarrow as pa

from ghostchart.privacy.attacks.catalogue import ATTACKS
from ghostchart.privacy.attacks.judgement import AttackResult, judge
from ghostchart.privacy.attacks.populations import Populations
from ghostchart.privacy.attacks.verbatim import find_copies
from ghostchart.privacy.policy import PrivacyPolicy, load_policy
from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.progress import SILENT
from ghostchart.synth.sources import load_source

_COPIES = (0, 4, 8, 16, 32)
_BLUR = 0.1  # standard deviations
_HELD_OUT = 0.2


def main() -> None:
    """Print, by kind and number of copies, the share of populations on which the gate fails under both rules."""
    seeds, n = int(os.environ.get("GHOSTCHART_POWER_SEEDS", "10")), int(os.environ.get("GHOSTCHART_PATIENTS", "2000"))
    everyone = load_source(SourceConfig(demo_patients=n, demo_seed=1), SILENT)
    synthetic = load_source(SourceConfig(demo_patients=max(50, n // 4), demo_seed=2), SILENT)
    policy = load_policy()
    failed: dict[tuple[str, int], list[tuple[bool, bool]]] = {}
    for seed in range(seeds):
        clean = _populations(everyone, synthetic, seed, n)
        rng = np.random.default_rng(seed)
        for copies in _COPIES:
            places = rng.choice(len(clean.members), copies, replace=False)
            for kind in ("exact", "near") if copies else ("none",):
                found = _failures(_planted(clean, places, near=kind == "near", rng=rng), policy, seed)
                failed.setdefault((kind, copies), []).append(found)
    print(
        f"{n:,} patients, {round(_HELD_OUT * n):,} held out, {synthetic.n_patients:,} synthetic; {seeds} seeds a cell"
    )
    for (kind, copies), cells in sorted(failed.items()):
        ours, every = (sum(cell[side] for cell in cells) for side in (0, 1))
        print(
            f"{copies:>3} copies, {kind:<6} gate fails {ours} of {seeds}; with every attack's crowding {every} of {seeds}"
        )


def _populations(everyone: EhrTables, synthetic: EhrTables, seed: int, n: int) -> Populations:
    ids = everyone.patients["patient_id"].combine_chunks()
    order = np.random.default_rng(seed).permutation(n)
    held = round(_HELD_OUT * n)
    train, holdout = (everyone.restrict(ids.take(pa.array(part))) for part in (order[held:], order[:held]))
    return Populations.of(train, holdout, synthetic, np.random.default_rng(seed))


def _planted(clean: Populations, places: np.ndarray, *, near: bool, rng: np.random.Generator) -> Populations:
    """With copies of these members, blurred if ``near``."""
    if not near:
        return clean.planted(places)
    copies, first = clean.members[places].copy(), clean.space.n_numeric
    copies[:, 2:first] += _BLUR * rng.standard_normal((len(copies), first - 2))
    for row in copies:
        column = first + int(rng.integers(len(row) - first))
        row[column] = clean.space.flag_weight - row[column]
    return replace(clean, synthetic=np.vstack([clean.synthetic, copies]), n_released=clean.n_released + len(copies))


def _failures(populations: Populations, policy: PrivacyPolicy, seed: int) -> tuple[bool, bool]:
    """Whether the gate fails as it is, and with crowding of every attack deciding."""
    copies = find_copies(populations.members, populations.held_out, populations.synthetic, populations.n_released)
    seeds = stream(seed, "copy power").spawn(len(ATTACKS))
    results = [
        AttackResult(attack.name, attack.words, populations.scores(attack.method, own), attack.sees_copies)
        for attack, own in zip(ATTACKS, seeds, strict=True)
    ]
    every = [replace(result, sees_copies=True) for result in results]
    ours, theirs = (judge(judged, copies, policy, np.random.default_rng(seed)) for judged in (results, every))
    return bool(ours.failures), bool(theirs.failures)


if __name__ == "__main__":
    main()
