"""README.md of a corpus: a Hugging Face dataset card without time, path, seed or source value; same facts, same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import yaml

from ghostchart.privacy.corpus_contents import CorpusContents, count_contents
from ghostchart.privacy.manifest import write_seal
from ghostchart.privacy.statement import CertificateFacts
from ghostchart.schemas.codes import SYSTEMS
from ghostchart.schemas.config import CptSetting
from ghostchart.schemas.corpus import CARD, DATA
from ghostchart.schemas.measures import Measure
from ghostchart.schemas.note import SPLITS
from ghostchart.schemas.verdict import Verdict, overall

TEXTS = Path(__file__).parent / "data"
# Upper bounds of the size categories of Hugging Face dataset cards.
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_CODE_NAMES = {"icd10cm": "ICD-10-CM", "cpt": "CPT", "hcpcs": "HCPCS Level II"}
_LICENCES = {
    "icd10cm": "ICD-10-CM is published by NCHS and CMS and is in the public domain in the United States.",
    "cpt": (
        "CPT codes are copyright of the American Medical Association, and CPT is its registered trademark. {cpt} Using "
        "CPT codes needs a licence from the AMA."
    ),
    "hcpcs": "HCPCS Level II is published by CMS.",
}
_CPT_SETTINGS: dict[str, str] = {
    "off": "This corpus holds none.",
    "starter": "This corpus holds bare numbers with short meanings in our own words, none of the AMA's descriptors.",
    "licensed": "This corpus holds codes from the issuer's own licensed file: check before passing it on.",
}


@dataclass(frozen=True)
class CorpusFacts:
    """What a card and a Croissant file say of a corpus.

    Attributes:
        contents: counts over the shards.
        releases: code system -> release.
        source_kind: "demo", "mimic-iv", ...; never a name or path of a hospital.
        tool_version: of ghostchart.
        k_min: fewest source patients that anything here may tell of.
        verdicts: of every gate, as in the reports.
    """

    contents: CorpusContents
    releases: Mapping[str, str]
    cpt_setting: CptSetting
    source_kind: str
    tool_version: str
    k_min: int
    verdicts: tuple[Verdict, ...]


def corpus_facts(corpus: Path, verdicts: Sequence[Verdict], facts: CertificateFacts) -> CorpusFacts:
    """Facts of a corpus whose shards are written, agreeing with what its certificate will say.

    Raises:
        CorpusError: a shard is missing or unreadable.
    """
    return CorpusFacts(
        contents=count_contents(corpus),
        releases=facts.code_releases,
        cpt_setting=facts.cpt_setting,
        source_kind=facts.source_summary.kind,
        tool_version=facts.versions["ghostchart"],
        k_min=facts.source_summary.k_min,
        verdicts=tuple(verdicts),
    )


def write_card(corpus: Path, facts: CorpusFacts) -> Path:
    """Write README.md.

    Raises:
        OutputError: the file cannot be written.
    """
    path = corpus / CARD
    write_seal(path, (_front_matter(facts) + _body(facts)).encode())
    return path


def column_meanings() -> dict[str, str]:
    """Column, or nested field by dotted path -> what it holds."""
    return {str(name): str(text) for name, text in yaml.safe_load((TEXTS / "columns.yaml").read_text()).items()}


def _front_matter(facts: CorpusFacts) -> str:
    fields = {
        "pretty_name": "Synthetic clinical notes with gold codes",
        "language": ["en"],
        "license": "other",
        "license_name": "set-by-issuer",
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "multilinguality": ["monolingual"],
        "source_datasets": ["original"],
        "task_categories": ["text-classification", "token-classification", "text-generation"],
        "tags": ["synthetic", "medical", "clinical-notes", "medical-coding", "icd-10-cm", "cpt", "hcpcs"],
        "size_categories": [_size(sum(facts.contents.notes.values()))],
        "configs": [
            {
                "config_name": "default",
                "default": True,
                "data_files": [{"split": str(split), "path": f"{DATA}/{split}-*.parquet"} for split in SPLITS],
            }
        ],
    }
    return f"---\n{yaml.safe_dump(fields, sort_keys=False, width=1000)}---\n\n"


def _body(facts: CorpusFacts) -> str:
    contents = facts.contents
    code_rows = [
        (_CODE_NAMES[system], facts.releases.get(system, "not used"), contents.distinct_codes.get(system, 0))
        for system in SYSTEMS
        if system in contents.distinct_codes or system in facts.releases
    ]
    return Template((TEXTS / "dataset_card.txt").read_text()).substitute(
        n_notes=f"{sum(contents.notes.values()):,}",
        n_patients=f"{contents.patients:,}",
        status=_status(facts.verdicts),
        source_kind=facts.source_kind,
        k_min=facts.k_min,
        tool_version=facts.tool_version,
        splits=_rows((split, f"{count:,}") for split, count in contents.notes.items()),
        codes=_rows(code_rows),
        note_types=_rows((name, f"{count:,}") for name, count in contents.note_types.items()),
        strata=_strata(contents.strata),
        columns=_rows((f"`{name}`", text) for name, text in column_meanings().items()),
        gates=_rows((item.title, item.outcome, "; ".join(item.reasons)) for item in facts.verdicts),
        measures=_rows(_measure_rows(facts.verdicts)),
        licences="\n".join(f"- {line}" for line in _licences(facts.cpt_setting)),
    )


def _status(verdicts: tuple[Verdict, ...]) -> str:
    if overall(verdicts) == "passed":
        return "Every leakage gate passed; verify the certificate before use."
    open_gates = ", ".join(item.gate for item in verdicts if item.outcome != "passed") or "none has run"
    return f"**This corpus is not certified** (gates not passed: {open_gates})."


def _strata(strata: Mapping[str, int]) -> str:
    if not strata:
        return "No note belongs to a stratum that evaluation reports by itself."
    return f"Notes in strata: {', '.join(f'{name} {count:,}' for name, count in strata.items())}."


def _measure_rows(verdicts: tuple[Verdict, ...]) -> list[tuple[str, ...]]:
    return [
        (
            verdict.title,
            measure.name,
            _number(measure.value),
            _interval(measure),
            _number(measure.baseline),
            _number(measure.limit),
            "" if measure.n is None else f"{measure.n:,}",
        )
        for verdict in verdicts
        for measure in verdict.measures
        if measure.limit is not None
    ]


def _interval(measure: Measure) -> str:
    if measure.ci is None:
        return ""
    return f"{_number(measure.ci[0])} to {_number(measure.ci[1])} ({measure.confidence:.0%})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _licences(cpt: CptSetting) -> list[str]:
    lines = [_LICENCES[system].format(cpt=_CPT_SETTINGS[cpt]) for system in SYSTEMS]
    lines.append(
        "Strata follow value sets published by NCQA and distributed through the NLM's Value Set Authority Center; "
        "HEDIS is a registered trademark of NCQA. Membership in a stratum here is no HEDIS result."
    )
    lines.append(
        "Encounters were sampled with SDV, which is under the Business Source License 1.1: it may not be used to offer "
        "synthetic data as a paid service."
    )
    return lines


def _rows(rows: Iterable[Iterable[object]]) -> str:
    return "\n".join(f"| {' | '.join(_cell(value) for value in row)} |" for row in rows)


def _cell(value: object) -> str:
    # A bar or line break in a reason must not break the table, nor markup reach the page.
    text = " ".join(str(value).split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _size(n_notes: int) -> str:
    return next((label for bound, label in _SIZES if n_notes < bound), "n>10M")
