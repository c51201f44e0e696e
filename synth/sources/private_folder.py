"""A private temporary folder for source rows on their way, and the removal of what a killed run left behind.

Rows that do not fit into memory, and the copy of a server's tables, lie here as plain files, mode 0700, for as long as the
source is read. They are not encrypted, on purpose. DuckDB writes encrypted files only with OpenSSL, which comes with an
extension that must be downloaded and brings a network file system along; without it the setting
``force_mbedtls_unsafe`` makes it write all the same, with keys and nonces from a predictable generator, which its makers
keep for tests (github.com/duckdb/duckdb, pull requests 20148 and 20420). A lock that anybody can pick is worse than none
that claims to be one, and the same rows are kept in the protected zone of the run as plain files too. Whoever wants
them encrypted on disk points TMPDIR to an encrypted volume.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path

_PREFIX = "ghostchart-"
_LOCK = "in-use.lock"


class PrivateFolder:
    """A folder that goes with the object; a later one also removes it when the process was killed before.

    A lock that the kernel releases with the process tells folders in use from abandoned ones.
    """

    def __init__(self) -> None:
        _remove_abandoned()
        self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)  # mode 0700
        self.path = Path(self._folder.name)
        # Locked before it has the name that others look for, so that nobody takes the folder for an abandoned one.
        unnamed = self.path / f".{_LOCK}"
        lock = os.open(unnamed, os.O_WRONLY | os.O_CREAT, 0o600)
        self._let_go = weakref.finalize(self, os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        unnamed.rename(self.path / _LOCK)

    def close(self) -> None:
        """Remove the folder; harmless when done before."""
        self._folder.cleanup()
        self._let_go()


def _remove_abandoned() -> None:
    """Remove this user's folders that no living process holds."""
    for lock_file in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        try:
            if lock_file.parent.is_symlink() or lock_file.parent.stat().st_uid != os.getuid():
                continue
            with lock_file.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock_file.parent, ignore_errors=True)
        except OSError:
            continue  # in use, or gone meanwhile
