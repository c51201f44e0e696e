"""The file that ``ghostchart init`` writes: every setting at its default, each with a word on what it does."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from ghostchart.schemas.config import RunConfig

# One line per key; a test demands that no key of RunConfig is missing here and none is left over.
COMMENTS: dict[str, str] = {
    "seed": "root seed; the same seed gives the same corpus bytes; stays in the protected zone",
    "workers": "processes for writing notes; changes nothing but speed",
    "engine": "who writes the shards: local (processes) or ray (a cluster); the bytes are the same",
    "address": "ray: the cluster, as HOST:PORT of its head, or auto on one of its nodes",
    "allow_uncertified": "go on to training without a certificate; every output is stamped so",
    "source": "which hospital to learn from",
    "source.kind": "demo (embedded simulator), mimic-iv, omop, csv, synthea or fhir",
    "source.path": "directory of the tables (omop: or a DuckDB file; fhir: or a file); not for demo",
    "source.url": "omop: PostgreSQL server in place of path, without a password: postgresql://USER@HOST/DATABASE",
    "source.cdm_schema": "omop: the server's schema of CDM tables; null: the user's search path",
    "source.mapping": "csv: mapping file; null: ghostchart-mapping.yaml beside the tables",
    "source.code_map": "map to ICD-10-CM: CSV with source_code, icd10cm, or OMOP vocabulary tables",
    "source.demo_patients": "size of the demo hospital",
    "source.demo_seed": "seed of the demo hospital's patients",
    "ehr_model": "the statistical model of the source",
    "ehr_model.kind": "gaussian-copula, ctgan, tvae or independent (control: each column alone)",
    "ehr_model.k_min": "fewest source patients that any modelled value may stand for",
    "ehr_model.holdout_fraction": "share of patients kept aside for the leakage tests",
    "ehr_model.enrich": "wanted share of synthetic patients by stratum: {advanced_illness: 0.15, frailty: 0.2}",
    "corpus": "the notes",
    "corpus.notes": "number of notes, all splits together",
    "corpus.notes_per_shard": "part of the corpus's identity: each shard draws from its own stream",
    "corpus.validation_fraction": "share of notes for validation",
    "corpus.test_fraction": "share of notes for test; template families that training never uses",
    "corpus.cpt": "off, starter (bare numbers, own words) or licensed (your file; needs an AMA licence)",
    "corpus.cpt_file": "CSV or tab-separated with columns code, description; for cpt: licensed",
    "corpus.icd10cm_release": "directory of another CMS release (tabular XML and code list); null: the one shipped",
    "corpus.templates": "directory of your own note templates, used beside the built-in ones ('ghostchart templates lint')",
    "corpus.distractors_per_note": "average number of mentions that must not be coded",
    "corpus.tail_quota": "share of notes with a code that the source rarely or never has, spread over families and chapters",
    "corpus.noise": "0 to 1: typos, shorthand, empty sections, long negated lists, lab tables; gold never changes",
    "corpus.coding": "rules, or direct (for ablations): codes as the facts give them, without any coding rule",
    "corpus.train_families": "for ablations: template families of each note type in training notes; 0: all",
    "privacy": "the privacy policy: every bar of the leakage gates; null below: as the policy says",
    "privacy.profile": "default, strict, or a profile of policy_file",
    "privacy.policy_file": "a policy of your own; null: the built-in one",
    "privacy.signoff_required": "a privacy officer must approve before anything is trained",
    "privacy.membership_auc_upper": "upper confidence bound of the worst membership attack's AUC",
    "privacy.membership_tpr_at_1pct_upper": "the same for its true-positive rate at 1 % false positives",
    "privacy.planted_tpr_at_1pct_lower": "the attacks must catch at least this share of planted copies, or prove nothing",
    "privacy.min_holdout_patients": "fewer held-out patients than this: inconclusive, no certificate",
    "privacy.phi_recall_lower": "lower confidence bound of the scanner's recall on known surrogates",
    "certify": "the certificate",
    "certify.valid_days": "days until it expires",
    "certify.key_dir": "key folder; null: the user's own",
    "models": "models to train, each under its own name",
    "models.name": "directory below model/",
    "models.base": "scratch, smollm2-135m, a local Hugging Face directory or a hub name",
    "models.method": "from_scratch, lora or full",
    "models.max_tokens": "context in tokens, answer included",
    "models.tokens_per_step": "tokens per optimiser step",
    "models.micro_batch_notes": "notes per forward pass",
    "models.epochs": "passes over the training notes",
    "models.max_notes": "0: all training notes",
    "models.minutes": "bound on training time; 0: none",
    "models.learning_rate": "peak, after warm-up",
    "models.warmup_fraction": "share of the run spent warming up",
    "models.weight_decay": "AdamW weight decay",
    "models.lora_rank": "LoRA rank",
    "models.lora_alpha": "LoRA scale",
    "models.zero_stage": "DeepSpeed ZeRO stage, 0 to 3",
    "models.offload": "what ZeRO keeps in host memory: none, optimizer (stages 1 to 3) or all (stage 3)",
    "models.gradient_checkpointing": "compute activations twice to save memory",
    "models.quantize": "nf4: frozen weights of LoRA in 4 bits (QLoRA; needs bitsandbytes)",
    "models.dtype": "float32 or bfloat16",
    "models.checkpoint_minutes": "minutes between checkpoints, from which a killed training goes on; 0: none",
    "models.keep_checkpoints": "newest checkpoints kept",
    "models.seed": "seed of initialisation and order",
    "evaluate": "scoring; all models score the same notes",
    "evaluate.zero_shot_base": "untouched model to compare with",
    "evaluate.zero_shot": "score it (slow on CPU)",
    "evaluate.few_shot": "score it also with this many answered training notes in the prompt; 0: not",
    "evaluate.tfidf": "score the TF-IDF + logistic regression baseline",
    "evaluate.encoder": "score the label-attention encoder baseline (trains encoder_minutes)",
    "evaluate.encoder_base": "scratch, or a local Hugging Face directory with an encoder",
    "evaluate.encoder_minutes": "bound on its training time",
    "evaluate.max_notes": "test notes to score",
    "evaluate.batch_notes": "notes per batch",
    "evaluate.max_new_tokens": "longest answer",
    "evaluate.constrained": "language models can answer codes of the release only",
    "evaluate.tune_notes": "validation notes on which each trained model's least confidence is chosen; 0: all codes count",
    "evaluate.dtype": "float32, bfloat16 or auto: bfloat16 where it is fast",
    "evaluate.bootstrap_resamples": "resamples behind each interval",
    "evaluate.seed": "seed of the choice of notes and of the bootstrap",
}


def commented_config() -> str:
    """YAML text that loads to ``RunConfig()``."""
    lines = [
        "# Settings of 'ghostchart run --config FILE --out DIR'. Every key is optional; these are the defaults.",
        "",
    ]
    _write(RunConfig(), "", 0, lines)
    return "\n".join(lines) + "\n"


def _write(section: BaseModel, prefix: str, indent: int, lines: list[str], first: str = "") -> None:
    for position, name in enumerate(type(section).model_fields):
        value = getattr(section, name)
        key = f"{prefix}{name}"
        lead = first if position == 0 and first else " " * indent
        if isinstance(value, BaseModel):
            lines += ["", f"# {COMMENTS[key]}", f"{lead}{name}:"]
            _write(value, f"{key}.", indent + 2, lines)
        elif isinstance(value, tuple):
            lines += ["", f"# {COMMENTS[key]}", f"{lead}{name}:"]
            for item in value:
                _write(item, f"{key}.", indent + 4, lines, first=" " * indent + "  - ")
        else:
            setting = f"{lead}{name}: {_scalar(value)}"
            lines.append(f"{setting:<44}# {COMMENTS[key]}")


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, float):
        # YAML 1.1 reads 1e-3 as text; a plain decimal is a number to every parser.
        return f"{value:.10f}".rstrip("0").rstrip(".") if value else "0"
    return json.dumps(value) if isinstance(value, bool) else str(value)
