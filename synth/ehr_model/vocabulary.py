"""What the model places into visits (atoms) and how the exact code of an atom is chosen.

An atom is a 3-character group, unless codes of the group often stand side by side in one encounter (long-term drugs,
frailty findings): then each code is its own atom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.synth.ehr_model.flat import Entries, FlatTables
from ghostchart.synth.ehr_model.logistic import distinct_pairs, mutual_information

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SPLIT_SHARE = 0.03
_MOST_FEATURES = 5
_MIN_INFORMATION_NATS = 0.004


@dataclass(frozen=True)
class Atoms:
    """Atoms over the kept codes: ``of_code[code] = atom``, ``codes[atom]`` the codes of each."""

    names: tuple[str, ...]
    of_code: Ints
    codes: tuple[Ints, ...]


def find_atoms(flat: FlatTables, k_min: int) -> Atoms:
    """Group codes by their first three characters, split groups whose codes stand side by side."""
    entries = flat.conditions
    groups = np.array([name[:3] for name in entries.names])
    names: list[str] = []
    of_code = np.zeros(len(entries.names), dtype=np.int64)
    members: list[Ints] = []
    for group in sorted(set(groups.tolist())):
        codes = np.flatnonzero(groups == group)
        in_group = np.isin(entries.item, codes)
        _, rows = np.unique(entries.encounter[in_group], return_counts=True)
        side_by_side = len(codes) > 1 and len(rows) > 0 and (rows > 1).mean() > _SPLIT_SHARE
        for part in [codes[i : i + 1] for i in range(len(codes))] if side_by_side else [codes]:
            of_code[part] = len(names)
            names.append(entries.names[part[0]] if len(part) == 1 else group)
            members.append(part)
    return Atoms(tuple(names), of_code, tuple(members))


@dataclass(frozen=True)
class CodeChoice:
    """Chance of each code of one atom, given up to five yes/no features, with back-off.

    Attributes:
        codes: the atom's codes.
        features: columns of the feature matrix, most telling first.
        tables: one dict per number of features used: cell -> chances over ``codes``. Cell 0 of ``tables[0]`` holds the
            chances without any feature. Only cells and codes that at least ``k_min`` patients share are there.
        repeat: chance that a later visit repeats the patient's earlier code instead of drawing anew.
    """

    codes: Ints
    features: Ints
    tables: tuple[dict[int, Floats], ...]
    repeat: float


def _cell_chances(code: Ints, patients: Ints, n_codes: int, parent: Floats, k_min: int) -> Floats | None:
    """Chances in one cell; codes with too few patients share what is left as in the parent cell."""
    if len(np.unique(patients)) < 2 * k_min:
        return None
    pairs = np.unique(np.column_stack([code, patients]), axis=0)
    shared = np.bincount(pairs[:, 0], minlength=n_codes) >= k_min
    counts = np.bincount(code, minlength=n_codes).astype(float)
    chances = np.where(shared, counts, 0.0)
    rest = counts.sum() - chances.sum()
    if rest > 0.6 * counts.sum():
        return None
    if rest > 0:
        others = np.where(shared, 0.0, parent)
        chances = chances + rest * others / others.sum() if others.sum() > 0 else chances
    result: Floats = chances / chances.sum()
    return result


def learn_code_choice(codes: Ints, rows: Ints, code: Ints, features: Flags, patients: Ints, k_min: int) -> CodeChoice:
    """Learn one atom's choice.

    Args:
        codes: the atom's code indices.
        rows: encounters in which the atom stands, ascending.
        code: position in ``codes`` at each of these rows.
        features: all encounters x features.
        patients: by encounter.
        k_min: fewest distinct patients behind anything that is stored.
    """
    n_codes = len(codes)
    whole = np.bincount(code, minlength=n_codes).astype(float)
    tables: list[dict[int, Floats]] = [{0: whole / whole.sum()}]
    whose = patients[rows]
    chosen: list[int] = []
    if n_codes > 1:
        here = features[rows]
        outcome = code[:, None] == np.arange(n_codes)[None, :]
        information = mutual_information(here, outcome).sum(axis=1)
        enough = distinct_pairs(here, np.ones((len(rows), 1), dtype=bool), whose)[:, 0] >= k_min
        information[~enough] = 0
        cell = np.zeros(len(rows), dtype=np.int64)
        for feature in np.argsort(-information, kind="stable")[:_MOST_FEATURES]:
            if information[feature] < _MIN_INFORMATION_NATS:
                break
            depth = len(chosen)
            chosen.append(int(feature))
            parent_cell = cell.copy()
            cell = cell | (here[:, feature].astype(np.int64) << depth)
            table: dict[int, Floats] = {}
            for value in np.unique(cell).tolist():
                inside = cell == value
                above = int(parent_cell[np.flatnonzero(inside)[0]])
                parent = next(
                    tables[level][above & ((1 << level) - 1)]
                    for level in range(depth, -1, -1)
                    if above & ((1 << level) - 1) in tables[level]
                )
                chances = _cell_chances(code[inside], whose[inside], n_codes, parent, k_min)
                if chances is not None:
                    table[value] = chances
            tables.append(table)
    return CodeChoice(codes, np.array(chosen, dtype=np.int64), tuple(tables), _repeat_chance(code, whose, whole))


def _repeat_chance(code: Ints, whose: Ints, whole: Floats) -> float:
    """Excess of consecutive equal codes of a patient over chance, 0 to 1."""
    again = whose[1:] == whose[:-1]
    if again.sum() < 20 or len(whole) < 2:
        return 0.0
    same = (code[1:] == code[:-1])[again].mean()
    by_luck = float(((whole / whole.sum()) ** 2).sum())
    return float(np.clip((same - by_luck) / max(1e-9, 1 - by_luck), 0, 1))


def chances_for(choice: CodeChoice, features: Flags) -> Floats:
    """Chances over the choice's codes for rows of features (rows x codes)."""
    n = len(features)
    result = np.tile(choice.tables[0][0], (n, 1))
    cell = np.zeros(n, dtype=np.int64)
    for depth, feature in enumerate(choice.features.tolist()):
        cell = cell | (features[:, feature].astype(np.int64) << depth)
        for value, chances in choice.tables[depth + 1].items():
            result[cell == value] = chances
    return result


def in_atoms(flat: FlatTables, entries: Entries, atoms: Atoms) -> Flags:
    """Encounters x atoms."""
    found = np.zeros((flat.n_encounters, len(atoms.names)), dtype=bool)
    found[entries.encounter, atoms.of_code[entries.item]] = True
    return found
