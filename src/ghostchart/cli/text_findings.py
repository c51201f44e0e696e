"""How ``ghostchart audit text`` reads files and shows findings."""

from __future__ import annotations

import bisect
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ghostchart.schemas.errors import InputError

if TYPE_CHECKING:
    from ghostchart.privacy.phi import PhiFinding


def read_text(path: Path) -> str:
    """A file's text, or standard input for ``-``.

    Raises:
        InputError: the file cannot be read or is not UTF-8.
    """
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the text: {error.strerror}", where=str(path)) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("the file is not text in UTF-8", where=str(path), fix="Convert it first") from None


def print_findings(
    names: Sequence[str], texts: Sequence[str], found: Sequence[Sequence[PhiFinding]], *, as_json: bool, show: bool
) -> None:
    """A table with line and column, or JSON with character offsets; values masked unless ``show``."""
    from ghostchart.privacy.masking import masked, masked_context

    rows = []
    for name, text, findings in zip(names, texts, found, strict=True):
        breaks = [place for place, char in enumerate(text) if char == "\n"]
        spans = [(item.start, item.end) for item in findings]
        for item in findings:
            line = bisect.bisect_left(breaks, item.start)
            value = text[item.start : item.end]
            rows.append(
                {
                    "file": name,
                    "start": item.start,
                    "end": item.end,
                    "line": line + 1,
                    "column": item.start - (breaks[line - 1] + 1 if line else 0) + 1,
                    "entity_type": item.entity_type,
                    "score": item.score,
                    "value": value if show else masked(value),
                    "context": _context(text, item) if show else masked_context(text, item.start, item.end, spans),
                }
            )
    if as_json:
        typer.echo(json.dumps({"findings": rows}, indent=2, ensure_ascii=False))
        return
    _print_table(rows, len(names))


def _context(text: str, item: PhiFinding) -> str:
    return text[max(0, item.start - 40) : item.end + 40].replace("\n", " ")


def _print_table(rows: Sequence[dict[str, object]], n_files: int) -> None:
    from rich.table import Table
    from rich.text import Text

    from ghostchart.console import STDOUT

    if rows:
        table = Table("Where", "Type", "Score", "Value", "Context")
        for row in rows:
            where = f"{row['file']}:{row['line']}:{row['column']}"
            table.add_row(
                Text(where),
                str(row["entity_type"]),
                f"{row['score']:.2f}",
                Text(str(row["value"])),
                Text(str(row["context"])),
            )
        STDOUT.print(table)
    count = f"{len(rows)} finding{'' if len(rows) == 1 else 's'}" if rows else "No identifier found"
    STDOUT.print(f"{count} in {n_files} text{'' if n_files == 1 else 's'}")
