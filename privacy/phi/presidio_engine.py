"""Presidio's analyzer with our recognizers; the only module that imports Presidio.

Presidio's own e-mail recognizer asks tldextract for a public-suffix list over the network; none of Presidio's
predefined recognizers is registered here, so nothing is looked up.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any

from ghostchart.privacy.phi import (
    address_forms,
    bedside,
    cues,
    facilities,
    fronted_places,
    known_places,
    labelled,
    login_names,
    model_names,
    name_fields,
    name_forms,
    named_dates,
    names,
    neighbours,
    organisations,
    partial_dates,
    places,
    postal_codes,
    practices,
    records,
    roads,
    runs,
    shorthand_names,
    small_letters,
    things,
    town_forms,
    towns,
)
from ghostchart.privacy.phi.findings import PhiFinding, strongest
from ghostchart.privacy.phi.glances import may_identify, may_name_people
from ghostchart.privacy.phi.least_digits import count_digits, least_digits
from ghostchart.privacy.phi.name_finders import DEFAULT_PIPELINE, name_finder
from ghostchart.privacy.phi.patterns import AGES, DATES, NETWORK, NUMBERS, PHONES, ZIPS
from ghostchart.schemas.errors import EnvironmentProblem
from ghostchart.schemas.note import ENTITY_TYPES

_RULES = tuple((rule, least_digits(rule.pattern)) for rule in (*NETWORK, *DATES, *AGES, *PHONES, *ZIPS, *NUMBERS))
_ALL_TYPES = list(ENTITY_TYPES)
_NER_SCORE = 0.65
_WORD = re.compile(r"[^\W\d_]+")


def shaped_findings(text: str, *, clinical: bool = True) -> Iterator[PhiFinding]:
    """Everything with a shape: numbers, dates, network names, places."""
    digits = count_digits(text)
    has_mark = any(char in text for char in "@.:=")  # of network names and user names
    words = frozenset(_WORD.findall(text.lower()))
    for rule, least in _RULES:
        if digits < (least or rule.needs_digit) or not (rule.needs_digit or has_mark or rule.words):
            continue
        if (rule.words and rule.words.isdisjoint(words)) or rule.literal not in text:
            continue
        for match in rule.pattern.finditer(text):
            if rule.check is None or rule.check(match):
                yield PhiFinding(match.start("id"), match.end("id"), rule.entity_type, rule.score)
    yield from labelled.labelled_numbers(text, digits, words)
    yield from login_names.login_names(text, words, clinical=clinical)
    yield from partial_dates.partial_dates(text, digits, clinical=clinical)
    yield from named_dates.named_dates(text, words, digits, clinical=clinical)
    yield from places.zip_codes(text, digits)
    yield from postal_codes.postal_codes(text, digits, words, clinical=clinical)
    yield from places.street_addresses(text, digits)
    yield from roads.roads(text, digits)
    yield from address_forms.address_forms(text, digits, words)
    yield from places.cities(text, clinical=clinical)
    yield from town_forms.town_forms(text, digits, clinical=clinical)
    for item in (
        *facilities.facilities(text),
        *organisations.organisations(text),
        *practices.practices(text),
        *fronted_places.fronted_places(text),
    ):
        if not things.is_thing(text, item):
            yield item


@cache
def _presidio() -> Any:
    try:
        import presidio_analyzer
        from presidio_analyzer import nlp_engine
    except ImportError:
        raise EnvironmentProblem("presidio-analyzer is not installed", fix="Run make setup") from None
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    return presidio_analyzer, nlp_engine


class PhiEngine:
    """Two Presidio analyzers over one NER model: shapes and announced names; names by NER."""

    def __init__(self, pipeline: str = DEFAULT_PIPELINE) -> None:
        presidio, nlp = _presidio()
        self._artifacts = nlp.NlpArtifacts
        self._nlp_name = pipeline
        engine = _nlp_engine(nlp.NlpEngine, nlp.NlpArtifacts, pipeline)
        # One analyzer each for clinical and other text: names need more evidence in the first.
        self._rules, self._ner = (
            {
                clinical: _analyzer(
                    presidio, engine, [_recognizer(presidio, name, types, partial(find, clinical=clinical))]
                )
                for clinical in (False, True)
            }
            for name, types, find in (
                ("ghostchart-rules", _ALL_TYPES, _as_found),
                ("ghostchart-ner", list(model_names.TYPES), _ner_findings),
            )
        )

    def by_rules(self, text: str, *, clinical: bool) -> list[PhiFinding]:
        """Findings that need no model, overlaps resolved."""
        if not may_identify(text):
            return []
        found = list(_rule_findings(text, clinical=clinical))
        if not found:  # Presidio would only weigh what is there
            return []
        artifacts = self._artifacts(found, [], [], [], None, "en", [])
        return _findings(self._rules[clinical].analyze(text, "en", entities=_ALL_TYPES, nlp_artifacts=artifacts))

    def by_model(self, texts: Sequence[tuple[str, bool]]) -> list[list[PhiFinding]]:
        """Names by NER in each (text, whether it is clinical), read in batches."""
        types = list(model_names.TYPES)
        results: list[list[PhiFinding]] = []
        read = name_finder(self._nlp_name).find([text for text, _ in texts])
        for (text, clinical), entities in zip(texts, read, strict=True):
            artifacts = self._artifacts(entities, [], [], [], None, "en", [_NER_SCORE] * len(entities))
            results.append(_findings(self._ner[clinical].analyze(text, "en", entities=types, nlp_artifacts=artifacts)))
        return results


def _findings(results: Sequence[Any]) -> list[PhiFinding]:
    return strongest(PhiFinding(item.start, item.end, item.entity_type, item.score) for item in results)


def _as_found(_text: str, artifacts: Any, *, clinical: bool) -> Iterator[PhiFinding]:
    yield from artifacts.entities


def _rule_findings(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    yield from shaped_findings(text, clinical=clinical)
    people = _people(text, clinical=clinical) if may_name_people(text) else ()
    places_too = (*towns.bedside_towns(text), *known_places.known_places(text, clinical=clinical))
    for finding in (*people, *places_too):
        if not (names.is_disease(text, finding) or things.is_thing(text, finding)):
            yield finding
    yield from records.keyed_findings(text)


def _people(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    yield from names.name_findings(text)
    yield from cues.cued_names(text, clinical=clinical)
    yield from runs.runs_of_names(text, clinical=clinical)
    yield from neighbours.names_by_neighbours(text, clinical=clinical)
    yield from bedside.bedside_names(text)
    yield from name_forms.names_by_form(text)
    yield from name_fields.names_in_fields(text, clinical=clinical)
    yield from shorthand_names.names_in_shorthand(text, clinical=clinical)
    yield from small_letters.names_in_small_letters(text)


def _ner_findings(text: str, artifacts: Any, *, clinical: bool) -> Iterator[PhiFinding]:
    for entity in artifacts.entities:
        for finding in model_names.weigh(text, entity.start_char, entity.end_char, entity.label_, clinical=clinical):
            if not (names.is_disease(text, finding) or things.is_thing(text, finding)):
                yield finding


def _recognizer(presidio: Any, name: str, entities: list[str], find: Any) -> Any:
    base: Any = presidio.EntityRecognizer

    class Recognizer(base):  # type: ignore[misc]
        def load(self) -> None:
            """Nothing to load."""

        def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:
            """Findings as Presidio results."""
            return [
                presidio.RecognizerResult(
                    item.entity_type,
                    item.start,
                    item.end,
                    item.score,
                    None,
                    {"recognizer_name": name, "recognizer_identifier": self.id},
                )
                for item in find(text, nlp_artifacts)
            ]

    return Recognizer(supported_entities=entities, name=name, supported_language="en")


def _analyzer(presidio: Any, engine: Any, recognizers: list[Any]) -> Any:
    base: Any = presidio.ContextAwareEnhancer

    class NoEnhancer(base):  # type: ignore[misc]
        # Context is part of our patterns; Presidio's enhancer would need lemmas.
        def enhance_using_context(self, text: str, raw_results: Any, *_: Any, **__: Any) -> Any:
            """The results as they are."""
            return raw_results

    return presidio.AnalyzerEngine(
        registry=presidio.RecognizerRegistry(recognizers=recognizers, supported_languages=["en"]),
        nlp_engine=engine,
        supported_languages=["en"],
        context_aware_enhancer=NoEnhancer(0.0, 0.0, 0, 0),
    )


def _nlp_engine(base: Any, artifacts: Any, pipeline: str) -> Any:
    class Engine(base):  # type: ignore[misc]
        # Artifacts are always handed over ready made, so the abstract surface is all that is needed.
        def load(self) -> None:
            """Load the model."""
            name_finder(pipeline)

        def is_loaded(self) -> bool:
            """True: loading is put off until the first text needs it."""
            return True

        def process_text(self, text: str, language: str) -> Any:
            """One text."""
            (entities,) = name_finder(pipeline).find([text])
            return artifacts(entities, [], [], [], None, language)

        def process_batch(self, texts: Any, language: str, **_: Any) -> Iterator[Any]:
            """Many texts."""
            for text in texts:
                yield text, self.process_text(text, language)

        def is_stopword(self, word: str, language: str) -> bool:
            """Not used."""
            return False

        def is_punct(self, word: str, language: str) -> bool:
            """Not used."""
            return False

        def get_supported_entities(self) -> list[str]:
            """What the pipeline contributes."""
            return list(model_names.TYPES)

        def get_supported_languages(self) -> list[str]:
            """English."""
            return ["en"]

    return Engine()
