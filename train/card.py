"""The model card: what a model is, what it was trained on, and what it must not be used for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.trained_model import TrainedModel

_METHODS = {
    "lora": "LoRA adapter on a base model",
    "full": "all weights of a base model fine-tuned",
    "from_scratch": "small Llama trained from scratch with its own tokenizer (not a fine-tuned model)",
    "none": "untouched base model",
}


@dataclass(frozen=True)
class CardFacts:
    """Numbers about the training data as the model saw it.

    Attributes:
        n_notes: training notes.
        n_shortened: notes whose middle was cut to fit ``max_tokens``.
        mean_tokens: mean tokens per example.
        mean_answer_tokens: mean tokens per example that bear loss.
        padding_share: share of padding among all positions, in [0, 1).
        accumulation: micro-batches per optimiser step.
        mfu: share of the device's peak arithmetic that was used (model FLOPs utilisation), None where not known.
    """

    n_notes: int
    n_shortened: int
    mean_tokens: float
    mean_answer_tokens: float
    padding_share: float
    accumulation: int
    mfu: float | None = None

    def with_padding(self, share: float) -> CardFacts:
        """The same for an architecture that has to pad."""
        return replace(self, padding_share=share)

    def with_mfu(self, mfu: float | None) -> CardFacts:
        """The same with the arithmetic used."""
        return replace(self, mfu=None if mfu is None else round(mfu, 4))

    @property
    def data_line(self) -> str:
        """One line for the console."""
        cut = f", {self.n_shortened:,} of them cut in the middle to fit" if self.n_shortened else ""
        return (
            f"{self.n_notes:,} notes{cut}, {self.mean_tokens:.0f} tokens each of which {self.mean_answer_tokens:.0f} bear "
            f"loss, padding {self.padding_share:.1%}"
        )


def write_model_card(folder: Path, record: TrainedModel, config: TrainConfig, facts: CardFacts) -> None:
    """Write ``README.md`` with Hugging Face front matter."""
    last = f"{record.loss[-1][1]:.4f}" if record.loss else "none"
    checked = f"{record.validation_loss[-1][1]:.4f}" if record.validation_loss else "not measured"
    warning = (
        ""
        if record.certified
        else "\n> **Trained on an uncertified corpus.** No leakage verdict stands behind it: for experiments only.\n"
    )
    used = f", MFU {facts.mfu:.1%}" if facts.mfu is not None else ""
    rows = {
        "Kind": _METHODS[record.method],
        "Base": record.base,
        "Corpus": record.corpus,
        "Recipe": record.recipe or "settings of the run, below",
        "Parameters": f"{record.parameters_total:,}, of which {record.parameters_trained:,} trained",
        "Training notes": f"{facts.n_notes:,} ({facts.n_shortened:,} cut in the middle to fit {record.max_tokens} tokens)",
        "Notes seen": f"{record.notes_seen:,} (repeats counted)",
        "Tokens seen": f"{record.tokens_seen:,}, {record.tokens_per_second:,.0f} per second, padding {facts.padding_share:.1%}"
        + used,
        "Time": f"{record.seconds:.0f} s on {record.hardware}",
        "Last loss per answer token": f"{last} (training), {checked} (validation)",
        "Prompt format": f"version {record.prompt_version}, {'chat template of the base' if record.chat else 'plain'}",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    settings = "\n".join(f"| {name} | {value} |" for name, value in config.model_dump(mode="json").items())
    license_line = "license: apache-2.0\n" if record.base_ref in ("scratch", "smollm2-135m") else ""
    library = "peft" if record.method == "lora" else "transformers"
    (folder / "README.md").write_text(
        f"---\n{license_line}library_name: {library}\npipeline_tag: text-generation\ntags:\n- ghostchart\n"
        f"- medical-coding\n- synthetic-data\n---\n# {record.name}\n\n"
        f"Reads a clinical note and lists its ICD-10-CM and CPT/HCPCS codes. Made by ghostchart.\n{warning}\n"
        f"| | |\n|---|---|\n{table}\n\n## Settings\n\n| Key | Value |\n|---|---|\n{settings}\n\n## Limits\n\n"
        "Learnt from synthetic notes. Its codes are suggestions for a certified coder, not claims; scores on synthetic "
        "notes say little about notes of another hospital until measured there.\n"
    )
