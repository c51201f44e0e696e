"""The exception tree: message format, exit codes, and survival across process borders."""

import pickle
import re

import pytest

from ghostchart.schemas import errors
from ghostchart.schemas.errors import (
    CodeError,
    ConfigError,
    GateRefused,
    GhostchartError,
    Refusal,
    SourceError,
    UsageError,
)

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GhostchartError)]


def test_message_is_what_where_fix_as_sentences() -> None:
    error = ConfigError("no such key.", where="run.yaml", fix="Remove it.")
    assert str(error) == "no such key (run.yaml). Remove it."


def test_message_without_where_and_fix_is_one_sentence() -> None:
    assert str(CodeError("E11 is a header")) == "E11 is a header."


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_pickles_with_all_its_parts(kind: type[GhostchartError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what", where="where", fix="fix")))
    assert type(error) is kind
    assert (error.what, error.where, error.fix, str(error)) == ("what", "where", "fix", "what (where). fix.")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_refusals_exit_1_and_everything_else_2(kind: type[GhostchartError]) -> None:
    assert kind.exit_code == (1 if issubclass(kind, Refusal) else 2)


def test_the_docstring_shows_exactly_the_tree_that_exists() -> None:
    shown = re.findall(r"(?:\|--|`--|^)\s*([A-Z]\w+)(?:  |$)", errors.__doc__ or "", re.MULTILINE)
    assert sorted(shown) == sorted(kind.__name__ for kind in KINDS)


def test_callers_can_catch_by_branch() -> None:
    assert issubclass(ConfigError, UsageError)
    assert issubclass(GateRefused, Refusal)
    assert not issubclass(Refusal, UsageError)


def test_source_errors_say_what_to_do_even_where_nobody_thought_of_it() -> None:
    assert str(SourceError("the table is empty", where="patients.csv")) == (
        "the table is empty (patients.csv). Correct the source there or export it again."
    )
    assert str(SourceError("the table is empty", fix="Fill it")).endswith(". Fill it.")
