"""A hospital's own templates beside the built-in ones: which template a note may use, and what makes a set of them one."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from ghostchart.schemas.errors import TemplateError
from ghostchart.schemas.note import Split
from ghostchart.synth.notes.template_files import CompiledTemplate, load_templates, shipped_templates, template_paths

_COPIED_FORWARD = "/copy_forward"


@cache
def all_templates(own: Path | None = None) -> tuple[CompiledTemplate, ...]:
    """The built-in templates, and those of a directory behind them.

    Raises:
        TemplateError: the directory holds none, one is broken, has the id of another, or its family stands in two splits.
    """
    shipped = shipped_templates()
    if own is None:
        return shipped
    added = load_templates(own, trusted=False)
    ids = {template.info.id for template in shipped}
    splits = {template.info.family: template.info.split for template in shipped}
    for template in added:
        info = template.info
        if info.id in ids:
            raise TemplateError(
                f"id {info.id!r} is one of a built-in template", where=info.file, fix="Choose another id"
            )
        if splits.setdefault(info.family, info.split) != info.split:
            raise TemplateError(
                f"family {info.family!r} stands in split {info.split} here and in split {splits[info.family]} elsewhere",
                where=info.file,
                fix="Give each split families of its own: test notes must not look like training notes",
            )
    return (*shipped, *added)


@cache
def templates_for(
    note_type: str, split: Split, own: Path | None = None, *, new_patient: bool = False, train_families: int = 0
) -> tuple[CompiledTemplate, ...]:
    """Templates of one note type that notes of one split may use, never empty.

    Nothing can be copied forward of a ``new_patient``: such templates are left out where there are others.
    ``train_families`` keeps so many families, the first by name, of the training split (0: all).

    Raises:
        TemplateError: none, or the directory cannot be used.
    """
    found = tuple(t for t in all_templates(own) if t.info.note_type == note_type and t.info.split == split)
    if not found:
        raise TemplateError(f"no template for note type {note_type!r} in split {split}")
    if train_families and split == "train":
        kept = sorted({template.info.family for template in found})[:train_families]
        found = tuple(template for template in found if template.info.family in kept)
    if new_patient:
        return tuple(t for t in found if not t.info.id.endswith(_COPIED_FORWARD)) or found
    return found


def digest_templates(own: Path) -> str:
    """SHA-256 over names and contents of a directory's templates: the same templates elsewhere are the same.

    Raises:
        TemplateError: the directory or a file cannot be read, or there are no templates.
    """
    digest = hashlib.sha256()
    paths = template_paths(own) if own.is_dir() else []
    if not paths:
        raise TemplateError(
            "this is not a directory of templates (*.md.j2)",
            where=str(own),
            fix="Correct --templates or corpus.templates",
        )
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise TemplateError(f"cannot be read: {type(error).__name__}", where=path.name) from None
        digest.update(path.relative_to(own).as_posix().encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()
