"""One run's settings: a YAML file or flags become one frozen :class:`RunConfig`; functions get only their section."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ghostchart.schemas.errors import ConfigError

Fraction = Annotated[float, Field(gt=0, lt=1)]
CptSetting = Literal["off", "starter", "licensed"]
EhrModelKind = Literal["gaussian-copula", "ctgan", "tvae", "independent"]
Engine = Literal["local", "ray"]


class Section(BaseModel):
    """Base of every section: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


SourceKind = Literal["demo", "mimic-iv", "omop", "csv", "synthea", "fhir"]


class SourceConfig(Section):
    """Which hospital to learn from.

    ``url`` names a PostgreSQL server in place of ``path`` (OMOP only) and must hold no password: libpq finds it in
    PGPASSWORD, PGPASSFILE or ~/.pgpass. ``code_map`` brings foreign condition codes to ICD-10-CM.
    """

    kind: SourceKind = "demo"
    path: Path | None = None
    url: str | None = None
    cdm_schema: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,62}$")] | None = None
    mapping: Path | None = None
    code_map: Path | None = None
    demo_patients: Annotated[int, Field(ge=50)] = 5000
    demo_seed: int = 20260401

    @model_validator(mode="after")
    def _path_where_needed(self) -> SourceConfig:
        if self.kind != "demo" and self.path is None and (self.kind != "omop" or self.url is None):
            raise ValueError(f"source {self.kind} needs a path")
        if self.url is not None:
            self._check_url(self.url)
        elif self.cdm_schema is not None:
            raise ValueError("cdm_schema goes with url, and with that only")
        if self.mapping is not None and self.kind != "csv":
            raise ValueError("mapping goes with source csv, and with that only")
        if self.code_map is not None and self.kind == "demo":
            raise ValueError("the demo hospital needs no code_map")
        return self

    def _check_url(self, url: str) -> None:
        if self.kind != "omop" or self.path is not None:
            raise ValueError("url goes with source omop and takes the place of path")
        if not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("url must begin with postgresql://")
        address, _, options = url.partition("://")[2].partition("?")
        user = address.rpartition("@")[0]
        if ":" in user or "password" in options.lower():
            raise ValueError("url must hold no password; libpq reads it from PGPASSWORD or ~/.pgpass")


class EhrModelConfig(Section):
    """How the statistical model is fitted and sampled.

    ``k_min``: fewest source patients a modelled value may stand for. ``enrich``: stratum -> wanted share of the synthetic
    patients.
    """

    kind: EhrModelKind = "gaussian-copula"
    k_min: Annotated[int, Field(ge=2)] = 11
    holdout_fraction: Fraction = 0.2
    enrich: dict[Literal["advanced_illness", "frailty"], Fraction] = {}


class CorpusConfig(Section):
    """How many notes, how split, which procedure codes.

    ``notes_per_shard`` is part of the corpus's identity: it decides which shard draws from which stream. ``templates`` is a
    directory of the hospital's own templates, used beside the built-in ones.

    Two switches exist for ablations. ``coding: direct`` copies the code of each stated fact and applies no coding rule; such a
    corpus does not validate. ``train_families`` lets training notes use only so many template families of each note type (0: all).
    """

    notes: Annotated[int, Field(ge=30)] = 8000
    notes_per_shard: Annotated[int, Field(ge=10)] = 1000
    validation_fraction: Fraction = 0.1
    test_fraction: Fraction = 0.1
    cpt: CptSetting = "starter"
    cpt_file: Path | None = None
    icd10cm_release: Path | None = None
    templates: Path | None = None
    distractors_per_note: Annotated[float, Field(ge=0, le=10)] = 2.0
    tail_quota: Annotated[float, Field(ge=0, le=1)] = 0.3
    noise: Annotated[float, Field(ge=0, le=1)] = 0.3
    coding: Literal["rules", "direct"] = "rules"
    train_families: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _licensed_file(self) -> CorpusConfig:
        if (self.cpt == "licensed") != (self.cpt_file is not None):
            raise ValueError("cpt_file goes with cpt: licensed, and with that only")
        if self.validation_fraction + self.test_fraction >= 0.9:
            raise ValueError("validation_fraction and test_fraction leave too little to train on")
        return self


class PrivacyConfig(Section):
    """Which privacy policy holds (:mod:`ghostchart.privacy.policy`), and bars that this run sets itself.

    A bar set here replaces the policy's; the certificate then names the policy as changed and carries another digest.
    """

    profile: Annotated[str, Field(min_length=1, max_length=64)] = "default"
    policy_file: Path | None = None
    signoff_required: bool | None = None
    membership_auc_upper: Fraction | None = None
    membership_tpr_at_1pct_upper: Fraction | None = None
    planted_tpr_at_1pct_lower: Fraction | None = None
    min_holdout_patients: Annotated[int, Field(ge=10)] | None = None
    phi_recall_lower: Fraction | None = None


class CertifyConfig(Section):
    """Validity of certificates and where keys live (None: the user's key folder)."""

    valid_days: Annotated[int, Field(ge=1)] = 365
    key_dir: Path | None = None


class TrainConfig(Section):
    """One model to train.

    ``minutes`` bounds wall-clock training; 0 means no bound. ``base`` is "smollm2-135m", a local Hugging Face model
    directory or a hub name for LoRA and full fine-tuning; "scratch" builds a small Llama with its own tokenizer.
    ``dtype`` "auto" is bfloat16 where the hardware is fast in it (GPUs, CPUs with AMX), float32 elsewhere.
    ``quantize`` keeps the frozen weights of LoRA in 4-bit NormalFloat (QLoRA). ``checkpoint_minutes`` 0 means no checkpoints.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")] = "tiny"
    base: str = "scratch"
    method: Literal["lora", "full", "from_scratch"] = "from_scratch"
    max_tokens: Annotated[int, Field(ge=64)] = 1024
    tokens_per_step: Annotated[int, Field(ge=64)] = 8192
    micro_batch_notes: Annotated[int, Field(ge=1)] = 8
    epochs: Annotated[float, Field(gt=0)] = 1.0
    max_notes: Annotated[int, Field(ge=0)] = 0  # 0: all
    minutes: Annotated[float, Field(ge=0)] = 0.0
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.05
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    lora_rank: Annotated[int, Field(ge=1)] = 16
    lora_alpha: Annotated[int, Field(ge=1)] = 32
    zero_stage: Literal[0, 1, 2, 3] = 0
    offload: Literal["none", "optimizer", "all"] = "none"
    gradient_checkpointing: bool = False
    quantize: Literal["none", "nf4"] = "none"
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    checkpoint_minutes: Annotated[float, Field(ge=0)] = 10.0
    keep_checkpoints: Annotated[int, Field(ge=1)] = 2
    seed: int = 0

    @model_validator(mode="after")
    def _base_fits_method(self) -> TrainConfig:
        if (self.base == "scratch") != (self.method == "from_scratch"):
            raise ValueError("base: scratch goes with method: from_scratch, and with that only")
        if self.quantize != "none" and self.method != "lora":
            raise ValueError("quantize goes with method: lora, and with that only")
        if self.offload != "none" and self.zero_stage == 0:
            raise ValueError("offload needs zero_stage 1, 2 or 3")
        if self.offload == "all" and self.zero_stage != 3:
            raise ValueError("offload: all needs zero_stage: 3")
        return self


class EvaluateConfig(Section):
    """What is scored. All models score the same ``max_notes`` test notes, drawn with ``seed``.

    ``constrained`` holds every language model to codes of the release. ``dtype`` as in :class:`TrainConfig`, for prediction.
    ``few_shot`` shows the untouched base that many answered training notes. ``encoder`` adds the label-attention baseline,
    on an encoder of its own ("scratch") or a local Hugging Face directory. ``tune_notes``: on that many validation notes
    each trained model's least confidence is chosen, below which a code it names does not count; 0 counts all it names.
    """

    zero_shot_base: str = "smollm2-135m"
    zero_shot: bool = True
    few_shot: Annotated[int, Field(ge=0, le=16)] = 0
    tfidf: bool = True
    encoder: bool = False
    encoder_base: str = "scratch"
    encoder_minutes: Annotated[float, Field(gt=0)] = 15.0
    max_notes: Annotated[int, Field(ge=1)] = 60
    batch_notes: Annotated[int, Field(ge=1)] = 32
    max_new_tokens: Annotated[int, Field(ge=8)] = 128
    constrained: bool = True
    tune_notes: Annotated[int, Field(ge=0)] = 100
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    bootstrap_resamples: Annotated[int, Field(ge=100)] = 1000
    seed: int = 0


DEMO_MODELS: tuple[TrainConfig, ...] = (
    TrainConfig(name="tiny", minutes=9.0, epochs=4.0, tokens_per_step=2048, learning_rate=1.5e-3),
    TrainConfig(
        name="smollm2-lora",
        base="smollm2-135m",
        method="lora",
        micro_batch_notes=2,
        tokens_per_step=2048,
        minutes=2.0,
        learning_rate=1e-3,
    ),
)


class RunConfig(Section):
    """Everything ``ghostchart run`` needs.

    ``engine`` writes the shards: local processes (``workers``), or the Ray cluster at ``address``. Neither changes a byte.
    """

    seed: Annotated[int, Field(ge=0)] = 1
    workers: Annotated[int, Field(ge=1, le=512)] = 2
    engine: Engine = "local"
    address: str | None = None
    allow_uncertified: bool = False
    source: SourceConfig = SourceConfig()
    ehr_model: EhrModelConfig = EhrModelConfig()
    corpus: CorpusConfig = CorpusConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    certify: CertifyConfig = CertifyConfig()
    models: tuple[TrainConfig, ...] = DEMO_MODELS
    evaluate: EvaluateConfig = EvaluateConfig()

    @model_validator(mode="after")
    def _address_goes_with_ray(self) -> RunConfig:
        if (self.engine == "ray") != (self.address is not None):
            raise ValueError("engine ray needs the cluster's address, and address goes with engine ray only")
        return self

    @model_validator(mode="after")
    def _distinct_models(self) -> RunConfig:
        names = [model.name for model in self.models]
        if len(set(names)) != len(names):
            raise ValueError("two models have the same name")
        return self


def load_config(path: Path) -> RunConfig:
    """Read a YAML configuration.

    Raises:
        ConfigError: unreadable, not YAML, or a key or value that does not exist (file, key and fix named).
    """
    try:
        raw = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"cannot read the configuration: {error.strerror}", where=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        at = f"{path}, line {line + 1}" if line is not None else str(path)
        raise ConfigError("the configuration is not valid YAML", where=at) from None
    if raw is not None and not isinstance(raw, dict):
        raise ConfigError("the configuration must be a mapping of sections", where=str(path))
    return config_from(raw or {}, where=str(path))


def config_from(values: dict[str, object], *, where: str) -> RunConfig:
    """Build a configuration; every problem in one message.

    Raises:
        ConfigError: a key that does not exist or a value out of range.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        problems = []
        for item in error.errors():
            key = ".".join(str(part) for part in item["loc"]) or "(top level)"
            said = "no such key" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Value error, ")
            problems.append(f"{key}: {said}")
        raise ConfigError(
            "; ".join(problems), where=where, fix="Run 'ghostchart init' for a commented file with every key"
        ) from None
