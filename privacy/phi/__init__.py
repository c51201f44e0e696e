"""PHI scan: find direct identifiers in clinical text and reconcile them with a corpus's surrogate ledger."""

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.scanner import PhiScanner

__all__ = ["PhiFinding", "PhiScanner"]
