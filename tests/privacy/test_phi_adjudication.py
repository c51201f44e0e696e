"""Adjudications: read strictly, written privately, never for what the source holds."""

from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path

import pytest

from ghostchart.privacy.phi.adjudication import (
    FILE,
    Adjudication,
    load_adjudications,
    record_adjudication,
    require_open_finding,
)
from ghostchart.schemas.errors import InputError

ONE = Adjudication("0123456789abcdef", "not_an_identifier", "Pat Lee", date(2026, 3, 4))


def test_what_is_recorded_is_loaded_and_private(tmp_path: Path) -> None:
    assert load_adjudications(tmp_path) == {}
    path = record_adjudication(tmp_path, ONE)
    other = Adjudication("f" * 16, "made_up", "Kim Ode", date(2026, 3, 5))
    record_adjudication(tmp_path, other)
    changed = Adjudication(ONE.digest, "made_up", "Kim Ode", date(2026, 3, 6))
    record_adjudication(tmp_path, changed)
    assert load_adjudications(tmp_path) == {ONE.digest: changed, other.digest: other}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == [FILE]


_ROW = "- {digest: '0123456789abcdef', decision: made_up, name: Pat Lee, date: 2026-03-04}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "YAML"),
        ("digest: 1", "no list"),
        (_ROW + _ROW, "twice"),
        (_ROW.replace("made_up", "fine"), "entry 1.*not_an_identifier, made_up|not_an_identifier, made_up"),
        (_ROW.replace("0123456789abcdef", "Maria Lopez"), "16 hex digits"),
        (_ROW.replace("2026-03-04", "yesterday"), "YYYY-MM-DD"),
        (_ROW.replace("Pat Lee", "''"), "name of who decided"),
        (_ROW.replace("name: Pat Lee, ", ""), "exactly"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(InputError, match=told) as caught:
        load_adjudications(tmp_path)
    assert FILE in str(caught.value)
    assert "Maria" not in str(caught.value)


def _findings(protected: Path, gate: str) -> None:
    (protected / "reports").mkdir()
    rows = {"findings": [{"gate": gate, "digest": ONE.digest}]}
    (protected / "reports" / "findings.json").write_text(json.dumps(rows))


def test_only_findings_of_the_scan_are_open_to_decision(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="audit first"):
        require_open_finding(tmp_path, ONE.digest)
    _findings(tmp_path, "phi_scan")
    require_open_finding(tmp_path, ONE.digest)
    with pytest.raises(InputError, match="no finding has the digest"):
        require_open_finding(tmp_path, "f" * 16)


def test_a_match_with_the_source_is_not_open_to_decision(tmp_path: Path) -> None:
    _findings(tmp_path, "source_overlap")
    with pytest.raises(InputError, match="patient of the source"):
        require_open_finding(tmp_path, ONE.digest)
