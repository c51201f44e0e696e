"""What templates see: small objects with documented attributes (:mod:`ghostchart.synth.notes.vocabulary`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from ghostchart.synth.notes.sandbox import Exposed
from ghostchart.synth.notes.vocabulary import ITEM_ATTRIBUTES, ROOT_ATTRIBUTES


class Entry(Exposed):
    """Named pieces of text made on demand: each access writes anew, so two mentions may differ in wording.

    ``what`` names it in messages; ``makers`` maps attributes to functions that write marked text.
    """

    __slots__ = ("_makers", "what")

    def __init__(self, what: str, makers: dict[str, Callable[[], str]]) -> None:
        self.what = what
        self._makers = makers

    def __getattr__(self, name: str) -> str:
        try:
            return self._makers[name]()
        except KeyError:
            raise AttributeError(f"{self.what} has no {name!r}") from None

    def __repr__(self) -> str:
        return f"<{self.what}>"


class PatientView(Entry):
    """``patient`` in templates."""

    __slots__ = ()
    exposed: ClassVar[frozenset[str]] = ROOT_ATTRIBUTES["patient"]


class PersonView(Entry):
    """``clinician`` and ``colleague`` in templates."""

    __slots__ = ()
    exposed: ClassVar[frozenset[str]] = ROOT_ATTRIBUTES["clinician"]


class FacilityView(Entry):
    """``facility`` in templates."""

    __slots__ = ()
    exposed: ClassVar[frozenset[str]] = ROOT_ATTRIBUTES["facility"]


class DatesView(Entry):
    """``dates`` in templates."""

    __slots__ = ()
    exposed: ClassVar[frozenset[str]] = ROOT_ATTRIBUTES["dates"]


class ProblemView(Entry):
    """One of ``problems``."""

    __slots__ = ()
    exposed: ClassVar[frozenset[str]] = ITEM_ATTRIBUTES["problems"]


class ProcedureView(Entry):
    """One of ``procedures``."""

    __slots__ = ()
    exposed: ClassVar[frozenset[str]] = ITEM_ATTRIBUTES["procedures"]


class ExamView(Entry):
    """One of ``exam``."""

    __slots__ = ()
    exposed: ClassVar[frozenset[str]] = ITEM_ATTRIBUTES["exam"]
