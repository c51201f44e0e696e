"""The command line: ``ghostchart`` and ``python -m ghostchart``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; every problem becomes one sentence and an exit code.

    0 done; 1 a gate refused, was inconclusive, or verification failed; 2 bad usage or input; 130 interrupted.
    """
    from ghostchart.cli.app import app
    from ghostchart.schemas.errors import GhostchartError

    try:
        app()
    except GhostchartError as error:
        sys.stderr.write(f"ghostchart: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("ghostchart: interrupted; run the same command again to go on\n")
        sys.exit(130)
