"""The leakage report: verdict first, then each gate in plain words with its numbers; and its protected second part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ghostchart.pages.render import environment
from ghostchart.schemas.measures import Measure
from ghostchart.schemas.verdict import Verdict, overall

# gate -> the question in plain words, what was done, what its controls show.
_WORDS: dict[str, tuple[str, str, str]] = {
    "phi_scan": (
        "Does any note hold an identifier that we did not put there ourselves?",
        "Every note was scanned for the 18 identifier types of HIPAA Safe Harbor. Each finding must be a surrogate that the "
        "note writer recorded, or have been adjudicated.",
        "The recorded surrogates are the control: the share of them that the scanner finds is its own recall.",
    ),
    "source_overlap": (
        "Does any note say something that belongs to a real patient?",
        "Names, dates, numbers and addresses of all source patients were searched for in every note, also in changed "
        "spellings, as keyed hashes.",
        "Held-out patients are the control: nothing was learnt from them, so what is met of them is coincidence.",
    ),
    "membership_inference": (
        "Can somebody who knows a patient's record tell whether that patient was among those learnt from?",
        "Several attacks scored every training patient and every held-out patient against the synthetic tables. The worst "
        "attack decides, with its bounds widened for the number of attacks tried.",
        "Positive control: copies of 1 % and 5 % of the training patients were planted; the attacks must catch them and "
        "this gate must fail on them. Negative control: half of the held-out patients against the other half.",
    ),
    "disclosure": (
        "Can anything about a real patient be concluded that the population as a whole does not tell?",
        "Three attacks: guess a hidden diagnosis, single out one person by a description, join two files about the same "
        "person. Only success beyond that against held-out patients counts.",
        "Held-out patients and plain guessing are the controls; the attacks were also run with copies of 5 % of the "
        "training patients planted.",
    ),
    "text_copies": (
        "Do the notes repeat passages of the source's own notes?",
        "Runs of words of every source note were looked up in the corpus, verbatim and nearly so.",
        "Held-out patients' notes are the control: clinical wording is alike anyway.",
    ),
    "model_corpus_notes": (
        "Can somebody who has the model and a note tell whether the model was trained on that note?",
        "Four attacks scored the answer and the text of notes the model was trained on, and of unseen notes: a further "
        "shard of the same generator with the same templates, clinicians and places, which was never written. Test notes "
        "would not do: they use other templates.",
        "Positive control: a model trained over and over on a few notes must be caught. Negative control: the same attacks "
        "on the model before training must see nothing, or the two groups differ by more than training. The notes are "
        "synthetic: that one of them is remembered discloses no patient by itself, but it is the road a leak in the corpus "
        "would take.",
    ),
    "model_source_patients": (
        "Can somebody who has the model and a patient's record tell whether the corpus was learnt from that patient?",
        "Training and held-out patients, split by lot, were told through the training templates with fake identifiers, one "
        "note each, and the same four attacks scored answer and text.",
        "The same controls: a model trained over and over on notes about a few training patients must be caught, the model "
        "before training must give nothing away.",
    ),
}
_ANSWERS = {
    "passed": "No, not beyond what the policy allows.",
    "failed": "Yes, beyond what the policy allows.",
    "inconclusive": "This cannot be told.",
}
_HEADLINES = {
    "passed": "Nothing of a real patient was found in the corpus, and the controls show that copies of patients would have been.",
    "failed": "The corpus must not leave the protected zone: at least one gate found a leak.",
    "inconclusive": "The corpus is not certified: at least one gate could not tell, mostly for lack of patients.",
}
_MODEL_HEADLINES = {
    "passed": "The attacks could not tell what the model was trained on, and the controls show that they can where a model "
    "remembers.",
    "failed": "The model gives away what it was trained on: it must not leave the protected zone like this.",
    "inconclusive": "At least one question could not be answered, mostly for lack of notes.",
}


@dataclass(frozen=True)
class GateView:
    """One gate as the page shows it.

    Attributes:
        deciding: measures held against a limit.
        matrices: measures of alike parts (attacks), one row each.
        others: what is left.
    """

    verdict: Verdict
    question: str
    answer: str
    done: str
    controls: str
    deciding: tuple[Measure, ...]
    matrices: tuple[Matrix, ...]
    others: tuple[Measure, ...]


@dataclass(frozen=True)
class Matrix:
    """Measures named "part: quantity" as a table; ``rows`` are (part, note of its first measure, cells)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Measure | None, ...]], ...]


def render_leakage_page(
    verdicts: Sequence[Verdict],
    *,
    policy: str = "",
    findings: Sequence[Mapping[str, Any]] | None = None,
    at_risk: Sequence[Mapping[str, Any]] | None = None,
) -> str:
    """The leakage report.

    Args:
        verdicts: leakage gates in the order shown.
        policy: profile and digest of the privacy policy in force.
        findings: masked findings, for the protected report only; with them the page says that it must stay.
        at_risk: training patients an attack points at, as pseudonyms; protected report only.
    """
    outcome = overall(tuple(verdicts))
    return (
        environment()
        .get_template("leakage.html.j2")
        .render(
            title="Leakage report" if findings is None else "Leakage report, protected part",
            about_corpus=findings is None,
            corpus_report="",
            outcome=outcome,
            headline=_HEADLINES[outcome],
            policy=policy,
            gates=[view(verdict) for verdict in verdicts],
            protected=findings is not None,
            findings=findings or (),
            at_risk=at_risk or (),
        )
    )


def render_model_leakage_page(
    verdicts: Sequence[Verdict], *, model: str, policy: str = "", corpus_report: str = ""
) -> str:
    """The leakage report of one trained model.

    Args:
        verdicts: the questions asked, in the order shown.
        model: its name with its method.
        policy: profile and digest of the privacy policy in force.
        corpus_report: relative link to the leakage report of the corpus; "" for none.
    """
    outcome = overall(tuple(verdicts))
    return (
        environment()
        .get_template("leakage.html.j2")
        .render(
            title=f"Leakage report of the model {model}",
            about_corpus=False,
            corpus_report=corpus_report,
            outcome=outcome,
            headline=_MODEL_HEADLINES[outcome],
            policy=policy,
            gates=[view(verdict) for verdict in verdicts],
            protected=False,
            findings=(),
            at_risk=(),
        )
    )


def view(verdict: Verdict) -> GateView:
    """Order one verdict's measures for reading."""
    question, done, controls = _WORDS.get(verdict.gate, ("", "", ""))
    parts: dict[str, list[Measure]] = {}
    for measure in verdict.measures:
        part, colon, _ = measure.name.partition(": ")
        if colon:
            parts.setdefault(part, []).append(measure)
    matrices = _matrices(parts)
    in_matrix = {measure.name for matrix in matrices for _, _, cells in matrix.rows for measure in cells if measure}
    deciding = tuple(measure for measure in verdict.measures if measure.limit is not None)
    shown = in_matrix | {measure.name for measure in deciding}
    return GateView(
        verdict=verdict,
        question=question,
        answer=_ANSWERS[verdict.outcome],
        done=done,
        controls=controls,
        deciding=deciding,
        matrices=matrices,
        others=tuple(measure for measure in verdict.measures if measure.name not in shown),
    )


def _matrices(parts: Mapping[str, Sequence[Measure]]) -> tuple[Matrix, ...]:
    """Parts that share their quantities; two parts with at least three quantities in common make a table."""
    by_columns: dict[tuple[str, ...], list[str]] = {}
    for part, measures in parts.items():
        columns = tuple(measure.name.partition(": ")[2] for measure in measures)
        by_columns.setdefault(columns, []).append(part)
    return tuple(
        Matrix(columns, tuple((part, parts[part][0].note, tuple(parts[part])) for part in names))
        for columns, names in by_columns.items()
        if len(names) >= 2 and len(columns) >= 3
    )
