"""The command line: ``ghostchart`` and ``python -m ghostchart``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; every problem becomes one sentence and an exit code.

    0 done; 1 a gate refused, was inconclusive, or verification failed; 2 bad usage or input; 130 interrupted.
    """
    # Before anything loads PyTorch: its threads spin while they wait for each other, and beside other work on the same
    # cores that costs most of the throughput.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from ghostchart.cli.app import app
    from ghostchart.schemas.errors import GhostchartError

    try:
        app()
    except GhostchartError as error:
        # Where several processes train together, people want to know which one speaks.
        rank = os.environ.get("RANK", "0")
        sys.stderr.write(f"ghostchart{f', process {rank}' if rank != '0' else ''}: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("ghostchart: interrupted; run the same command again to go on\n")
        sys.exit(130)
