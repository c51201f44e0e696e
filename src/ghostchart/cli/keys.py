"""``ghostchart keys``: make, show, trust and revoke the keys behind certificates and sign-offs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class RoleName(StrEnum):
    """What a key may sign."""

    issuer = "issuer"
    officer = "officer"


app = typer.Typer(
    help="Make, show, trust and revoke keys. Issuer keys sign certificates, officer keys sign-offs.",
    no_args_is_help=True,
)

RoleArgument = Annotated[RoleName, typer.Argument(help="issuer (signs certificates) or officer (signs off on them).")]
# 64 hexadecimal digits of an id, the other three columns and the rules between them.
_WIDTH_OF_WHOLE_IDS = 104
KeyDirectory = Annotated[Path | None, typer.Option("--key-dir", help="Key folder.", show_default="the user's")]


@app.command(epilog="Example: [bold]ghostchart keys new officer[/]")
def new(role: RoleArgument, key_dir: KeyDirectory = None) -> None:
    """Make a key pair; the private half (mode 0600) stays in the key folder, the public half is trusted there."""
    from ghostchart.console import STDOUT
    from ghostchart.privacy.keys import new_key

    key = new_key(role.value, key_dir)
    STDOUT.print(f"New {key.role} key  {key.key_id}", soft_wrap=True)
    STDOUT.print(
        f"Hand out its public half with: ghostchart keys show {key.key_id[:16]} > {key.role}.json", soft_wrap=True
    )


@app.command(epilog="Example: [bold]ghostchart keys show[/]   |   [bold]ghostchart keys show 3f9a0c > issuer.json[/]")
def show(
    key: Annotated[str | None, typer.Argument(help="Id of a key, or its beginning.", show_default="all")] = None,
    key_dir: KeyDirectory = None,
) -> None:
    """List the trusted keys; with an id, print that key's public half as a file for others to trust."""
    from rich.table import Table

    from ghostchart.console import STDOUT
    from ghostchart.privacy.keys import find_key, key_dir_default, list_keys

    if key is not None:
        typer.echo(find_key(key, key_dir).to_bytes(), nl=False)
        return
    table = Table("Key", "Role", "Private half", "Revoked", title="Trusted keys", title_justify="left")
    table.columns[0].no_wrap = True
    for entry in list_keys(key_dir):
        here = "here" if entry.has_private_half else "elsewhere"
        table.add_row(entry.public.key_id, entry.public.role, here, entry.revoked or "")
    if not table.row_count:
        STDOUT.print(f"No key is trusted in {key_dir or key_dir_default()}", soft_wrap=True)
        return
    # A key id cut short can be neither compared nor copied: on a narrow terminal lines run over instead.
    table.width = _WIDTH_OF_WHOLE_IDS if STDOUT.width < _WIDTH_OF_WHOLE_IDS else None
    STDOUT.print(table, soft_wrap=True)


@app.command(epilog="Example: [bold]ghostchart keys trust hospital-issuer.json issuer[/]")
def trust(
    file: Annotated[Path, typer.Argument(help="Public key file, as 'keys show ID' prints it.")],
    role: RoleArgument,
    key_dir: KeyDirectory = None,
) -> None:
    """Trust someone else's public key, in the one role you name; compare its id with its owner first."""
    from ghostchart.console import STDOUT
    from ghostchart.privacy.keys import trust_key

    key = trust_key(file, role.value, key_dir)
    STDOUT.print(f"Trusted as {key.role}  {key.key_id}", soft_wrap=True)


@app.command(
    epilog="Examples: [bold]ghostchart keys revoke 3f9a... --reason 'laptop lost'[/]   |   "
    "[bold]ghostchart keys revoke 77e1... --certificate --reason 'wrong source'[/]"
)
def revoke(
    digest: Annotated[str, typer.Argument(help="Full id of the key, or SHA-256 of certificate.json.")],
    reason: Annotated[str, typer.Option(help="Why; 'verify' repeats it.")],
    certificate: Annotated[bool, typer.Option("--certificate", help="The digest is a certificate's.")] = False,
    key_dir: KeyDirectory = None,
) -> None:
    """Put a key or a certificate on the revocation list of the key folder; nothing it signed verifies any more."""
    from ghostchart.console import STDOUT
    from ghostchart.privacy.keys import revoke as revoke_digest

    kind = "certificate" if certificate else "key"
    revoke_digest(digest, reason, key_dir, kind="certificate" if certificate else "key")
    STDOUT.print(f"Revoked {kind} {digest}", soft_wrap=True)
