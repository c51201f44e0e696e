"""The page a coder reads: notes with their evidence, codes with rules, distractors, self-contained."""

from __future__ import annotations

from collections.abc import Sequence

from ghostchart.pages.render import environment, highlight
from ghostchart.schemas.coding_rules import RULES
from ghostchart.schemas.note import Note


def render_review_page(notes: Sequence[Note]) -> str:
    """Every note with its evidence highlighted, its codes numbered as in the sheet, and the rules they rest on."""
    shown = [
        {
            "note": note,
            "text": highlight(note),
            "distractors": [(item.kind, note.text[item.start : item.end]) for item in note.distractors],
        }
        for note in notes
    ]
    named = {rule for note in notes for code in note.codes for rule in code.rules}
    rules = [rule for rule in RULES.values() if rule.id in named]
    rules.sort(key=lambda rule: not rule.needs_review)
    return environment().get_template("review.html.j2").render(notes=shown, rules=rules, all_rules=RULES)
