"""History codes under the name that the policy's callers know; the tables lie in schemas, where validation reads them too."""

from ghostchart.schemas.history_codes import family_history_code, history_sites, personal_history_code

__all__ = ["family_history_code", "history_sites", "personal_history_code"]
