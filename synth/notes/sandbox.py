"""The Jinja2 sandbox that note templates run in: no calls, no loading, no attributes but the documented ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ghostchart.synth.notes.marks import capitalize


class Exposed:
    """Base of what templates may look into: exactly the attributes named in ``exposed``."""

    __slots__ = ()
    exposed: ClassVar[frozenset[str]] = frozenset()


def prose(items: Iterable[str], word: str = "and") -> str:
    """ "a", "a and b", "a, b, and c"."""
    listed = [str(item) for item in items]
    if len(listed) <= 2:
        return f" {word} ".join(listed)
    return f"{', '.join(listed[:-1])}, {word} {listed[-1]}"


def sentence(text: str) -> str:
    """First letter in upper case, full stop at the end."""
    said = capitalize(str(text))
    return said if said.rstrip("\ue000").endswith((".", "?", "!", ":")) else f"{said}."


def joined(items: Iterable[object], separator: str = " ") -> str:
    """Items one after the other."""
    return str(separator).join(map(str, items))


def first(items: list[object]) -> object:
    """The first item; IndexError where there is none."""
    return items[0]


def rest(items: list[object]) -> list[object]:
    """All but the first item."""
    return list(items[1:])


FILTERS: dict[str, Callable[..., Any]] = {
    "cap": lambda text: capitalize(str(text)),
    "upper": lambda text: str(text).upper(),
    "lower": lambda text: str(text).lower(),
    "length": len,
    "join": joined,
    "prose": prose,
    "sentence": sentence,
    "first": first,
    "rest": rest,
}


class NoteSandbox(ImmutableSandboxedEnvironment):
    """Stricter than Jinja2's own sandbox, because nothing else is needed to lay out a note."""

    # Multiplication and powers make gigabytes out of one character; formatting reaches into objects.
    intercepted_binops: ClassVar[frozenset[str]] = frozenset({"*", "**", "%"})  # type: ignore[misc]

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
        )
        self.globals.clear()
        self.filters.clear()
        self.filters.update(FILTERS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What an attribute gives; of our own views the documented ones are written, and nothing else is looked up."""
        if isinstance(obj, Exposed) and attribute in obj.exposed:
            try:
                return getattr(obj, attribute)
            except AttributeError:
                pass
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Documented attributes of our own views, and the loop's counters."""
        if isinstance(obj, Exposed):
            return attr in obj.exposed
        return isinstance(obj, LoopContext) and not attr.startswith("_")

    def is_safe_callable(self, obj: Any) -> bool:
        """The template's own macros only."""
        return isinstance(obj, Macro)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse multiplication, powers and % formatting except on two numbers."""
        if operator != "**" and isinstance(left, int) and isinstance(right, int):
            return super().call_binop(context, operator, left, right)
        raise SecurityError(f"operator {operator} is not available in note templates")
