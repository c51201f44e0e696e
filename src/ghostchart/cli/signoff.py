"""``ghostchart signoff``: a privacy officer's decision about one certificate."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class ConclusionName(StrEnum):
    """What an officer may conclude."""

    approved = "approved"
    not_approved = "not_approved"
    changes_required = "changes_required"


def signoff(
    corpus: Annotated[Path, typer.Argument(help="The certified corpus directory.")],
    conclusion: Annotated[ConclusionName, typer.Option(help="The decision.")],
    name: Annotated[str, typer.Option(help="The officer's name, as it shall stand in the sign-off.")],
    key: Annotated[
        str | None, typer.Option(help="Id of the officer key, or its beginning.", show_default="the only one")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Policy judged by: a profile, FILE or FILE:PROFILE.", show_default="the certificate's"),
    ] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(help="Public key file to trust, beside the user's key folder.")
    ] = None,
    key_dir: Annotated[Path | None, typer.Option("--key-dir", help="Key folder.", show_default="the user's")] = None,
) -> None:
    """Sign a decision about exactly this certificate with an officer key, after checking that the corpus is intact."""
    from datetime import UTC, datetime

    from ghostchart.console import STDOUT
    from ghostchart.privacy.keys import signing_key, trusted_keys
    from ghostchart.privacy.policy import named_policy
    from ghostchart.privacy.signoff import sign_off
    from ghostchart.privacy.verification import Requirements, verify_details

    officer = signing_key("officer", key_dir, key)
    # Nobody should sign what does not verify; earlier decisions are not looked at, this one may replace them.
    require = Requirements(signoff="ignored", policy=named_policy(policy) if policy else None)
    found = verify_details(corpus, trusted_keys(key_dir, trust or ()), require=require)
    digest = found.certificate.predicate.policy_digest
    path = sign_off(corpus, officer, conclusion.value, name, digest, datetime.now(UTC))
    STDOUT.print(
        f"Signed     {path.name}: {conclusion.value} by {name}, {found.corpus.stamp}", soft_wrap=True, markup=False
    )
