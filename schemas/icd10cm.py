"""ICD-10-CM: every code of one CMS release with its notes; releases are read by ``icd10cm_release``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ghostchart.schemas.codes import Code, System, icd10cm
from ghostchart.schemas.errors import CodeError
from ghostchart.schemas.icd10cm_references import Reference, parse_references

CODE_SHAPE = re.compile(r"(?:[A-Z][0-9]|QA)[0-9A-Z](\.[0-9A-Z]{1,4})?")


@dataclass(frozen=True, slots=True)
class Node:
    """One chapter, block, category, subcategory or code. Notes are the node's own; ancestors are nearest first."""

    position: int
    last: int  # position of the last descendant, or the node's own
    description: str
    is_billable: bool
    ancestors: tuple[str, ...]
    inclusion_terms: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    excludes1: tuple[str, ...] = ()
    excludes2: tuple[str, ...] = ()
    code_first: str = ""
    use_additional: str = ""
    code_also: str = ""
    seventh: tuple[tuple[str, str], ...] = ()


class Icd10Cm:
    """One release. ``release`` is stamped on every note, e.g. "ICD-10-CM 2026-04"."""

    system: System = "icd10cm"

    def __init__(self, nodes: dict[str, Node], release: str) -> None:
        self.release = release
        self._nodes = nodes
        self._order = list(nodes)
        self._billable = tuple(value for value, node in nodes.items() if node.is_billable)
        self._notes: dict[str, tuple[tuple[str, str, tuple[Reference, ...]], ...]] = {}
        self._conflicts: dict[tuple[str, str], str | None] = {}

    def require(self, value: str) -> Code:
        """The code, dotted or not, if it is billable in this release.

        Raises:
            CodeError: wrong shape, unknown, or a header that needs more characters (a nearby code is named).
        """
        code = icd10cm(value)
        node = self._nodes.get(code.value)
        if node is not None and node.is_billable:
            return code
        if node is not None:
            leaf = next((item for item in self._order[node.position : node.last + 1] if self.is_billable(item)), None)
            raise CodeError(
                f"{code} is a header of {self.release}, not a billable code",
                fix=f"Use a code below it, such as {leaf}" if leaf else None,
            )
        raise CodeError(f"{code} is not a code of {self.release}", fix=self._nearest(code.value))

    def is_billable(self, value: str) -> bool:
        """Whether the dotted value is a billable code of this release."""
        node = self._nodes.get(value)
        return node is not None and node.is_billable

    def knows(self, value: str) -> bool:
        """Whether the release has this place: a code, or a chapter, block or header above codes."""
        return value in self._nodes

    def description(self, value: str) -> str:
        """Official description of a code, category, block or chapter.

        Raises:
            CodeError: not in this release.
        """
        return self._node(value).description

    def inclusion_terms(self, value: str) -> tuple[str, ...]:
        """Inclusion terms of the code itself; for 7th-character codes those of the code they extend."""
        node = self._node(value)
        if node.inclusion_terms or len(value) < 8:
            return node.inclusion_terms
        return self._node(node.ancestors[0]).inclusion_terms

    def own_inclusion_terms(self, value: str) -> tuple[str, ...]:
        """Inclusion terms written at exactly this place, without looking above a 7th character."""
        return self._node(value).inclusion_terms

    def instructions(self, value: str) -> tuple[tuple[str, str, str], ...]:
        """Every instructional note that applies to a code: (kind, place where it is written, text), nearest place first.

        Kinds: "includes", "excludes1", "excludes2", "code_first", "use_additional", "code_also". Notes of all ancestors
        apply too (conventions of the tabular list).

        Raises:
            CodeError: not in this release.
        """
        found: list[tuple[str, str, str]] = []
        for place in (value, *self.ancestors(value)):
            node = self._node(place)
            for kind in ("includes", "excludes1", "excludes2"):
                found += [(kind, place, text) for text in getattr(node, kind)]
            for kind in ("code_first", "use_additional", "code_also"):
                if text := getattr(node, kind):
                    found.append((kind, place, text))
        return tuple(found)

    def seventh_characters(self, value: str) -> dict[str, str]:
        """7th characters that codes below this place take, with their meaning; empty where there are none.

        Raises:
            CodeError: not in this release.
        """
        for place in (value, *self.ancestors(value)):
            if own := self._node(place).seventh:
                return dict(own)
        return {}

    def extended(self, value: str, seventh: str) -> str:
        """A code filled up with X and given a 7th character ("W19", "A" -> "W19.XXXA"); whether it exists is not asked."""
        packed = value.replace(".", "").ljust(6, "X") + seventh
        return f"{packed[:3]}.{packed[3:]}"

    def ancestors(self, value: str) -> tuple[str, ...]:
        """Everything above a code, nearest first: subcategories, category, block(s), chapter."""
        return self._node(value).ancestors

    def chapter(self, value: str) -> str:
        """Number of the chapter, "1" to "22"."""
        node = self._node(value)
        return node.ancestors[-1] if node.ancestors else value

    def billable_codes(self) -> tuple[str, ...]:
        """All billable codes in tabular order."""
        return self._billable

    def places(self) -> tuple[str, ...]:
        """Everything in the tabular list in its order: chapters, blocks, categories, subcategories, codes."""
        return tuple(self._order)

    def code_first_targets(self, value: str) -> tuple[str, ...]:
        """Code prefixes named by "code first" notes of the code or the nearest ancestor that has one.

        Ranges come as their categories, so that ``startswith`` decides; notes in prose only give nothing.
        """
        return self._targets(value, "code_first")

    def use_additional_targets(self, value: str) -> tuple[str, ...]:
        """Like :meth:`code_first_targets` for "use additional code" notes."""
        return self._targets(value, "use_additional")

    def excludes1_conflict(self, a: str, b: str) -> str | None:
        """Why two codes may not stand together, or None.

        Looks at the Excludes1 notes of both codes and of all their ancestors (guideline I.A.12.a); a note covers what
        its references name, with everything below them.

        Raises:
            CodeError: one of them is not in this release.
        """
        pair = (a, b) if a <= b else (b, a)
        if pair not in self._conflicts:
            self._conflicts[pair] = None if a == b else self._covered(*pair) or self._covered(pair[1], pair[0])
        return self._conflicts[pair]

    def _covered(self, holder: str, other: str) -> str | None:
        position = self._node(other).position
        for place in (holder, *self.ancestors(holder)):
            for text, where, references in self._excludes1_of(place):
                if any(reference.covers(position, other) for reference in references):
                    return f'{other} is excluded from {holder} by the Excludes1 note "{text}" at {where}'
        return None

    def _excludes1_of(self, place: str) -> tuple[tuple[str, str, tuple[Reference, ...]], ...]:
        if place not in self._notes:
            node = self._node(place)
            where = f"{place} ({node.description})"
            parsed = ((text, where, parse_references(text, self._span)) for text in node.excludes1)
            self._notes[place] = tuple(item for item in parsed if item[2])
        return self._notes[place]

    def _targets(self, value: str, kind: str) -> tuple[str, ...]:
        for place in (value, *self.ancestors(value)):
            text = getattr(self._node(place), kind)
            if text:
                found: dict[str, None] = {}
                for reference in parse_references(text, self._span):
                    found.update(dict.fromkeys(self._prefixes(reference)))
                return tuple(found)
        return ()

    def _prefixes(self, reference: Reference) -> list[str]:
        """Fewest codes or categories that together make up the reference."""
        prefixes, position = [], reference.first
        while position <= reference.last:
            value = self._order[position]
            node = self._nodes[value]
            fits = bool(CODE_SHAPE.fullmatch(value)) and node.last <= reference.last
            if fits and (reference.wanted is None or (node.is_billable and reference.wanted(value))):
                prefixes.append(value)
                position = node.last + 1
            else:
                position += 1
        return prefixes

    def _span(self, value: str) -> tuple[int, int] | None:
        node = self._nodes.get(value)
        return (node.position, node.last) if node else None

    def _node(self, value: str) -> Node:
        try:
            return self._nodes[value]
        except KeyError:
            raise CodeError(f"{value!r} is not in {self.release}", fix=self._nearest(value)) from None

    def _nearest(self, value: str) -> str | None:
        """What to suggest for a code that does not exist: the first billable code below its longest known prefix."""
        for length in range(len(value) - 1, 2, -1):
            node = self._nodes.get(value[:length].rstrip("."))
            if node is not None:
                leaf = next(item for item in self._order[node.position : node.last + 1] if self.is_billable(item))
                return f"The nearest code is {leaf}"
        return None
