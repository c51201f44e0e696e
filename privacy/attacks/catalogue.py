"""The membership attacks that are run, in the order the report shows them."""

from __future__ import annotations

from dataclasses import dataclass

from ghostchart.privacy.attacks.classifier import synthetic_or_real
from ghostchart.privacy.attacks.copula import copula_likelihood_ratio
from ghostchart.privacy.attacks.density import kernel_density_ratio, nearest_neighbour_ratio
from ghostchart.privacy.attacks.populations import Method
from ghostchart.privacy.attacks.shadow import N_SHADOWS, shadow_attack


@dataclass(frozen=True)
class MembershipAttack:
    """One attack: its name in reports, what it does in plain words, and the scoring itself.

    ``sees_copies``: its highest scores go to patients whose records came through, so that members crowding them are
    evidence of copies. The others rank by how well a patient fits the model; members lead there a little in every
    model that learnt anything, which the bounds of AUC and TPR judge by size.
    """

    name: str
    words: str
    method: Method
    sees_copies: bool = False


ATTACKS: tuple[MembershipAttack, ...] = (
    MembershipAttack(
        "nearest neighbour",
        "is the patient closer to a synthetic patient than to any reference patient?",
        nearest_neighbour_ratio,
        sees_copies=True,
    ),
    MembershipAttack(
        "density ratio (DOMIAS)",
        "are synthetic patients denser around the patient than reference patients?",
        kernel_density_ratio,
        sees_copies=True,
    ),
    MembershipAttack(
        "copula likelihood ratio",
        "knows that the generator is a Gaussian copula, estimates it, and asks under which copula the patient is likelier",
        copula_likelihood_ratio,
    ),
    MembershipAttack(
        "shadow models",
        f"learns from {2 * N_SHADOWS} small copulas of its own what membership looks like; a determined attacker would "
        "train hundreds as large as the hospital",
        shadow_attack,
    ),
    MembershipAttack(
        "classifier",
        "a random forest told synthetic from reference patients; does it take the patient for synthetic?",
        synthetic_or_real,
    ),
)
