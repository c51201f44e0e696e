"""Files of ``protected/reports``: what only the hospital may read, closed to other users from the first byte."""

from __future__ import annotations

import os
from pathlib import Path

from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.errors import OutputError


def write_protected_json(protected: Path, name: str, content: object) -> Path:
    """Write ``protected/reports/<name>`` anew; folder mode 0700, file mode 0600.

    Raises:
        OutputError: the folder cannot be written.
    """
    folder = protected / "reports"
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        # A new file, not the old one opened again: its mode and its other links would stay.
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(readable_json(content))
    except OSError as error:
        raise OutputError(f"cannot write {name}: {error.strerror}", where=str(folder)) from None
    return path
