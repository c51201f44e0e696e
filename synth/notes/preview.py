"""Looking at and checking templates: previews from a built-in example, and linting of a directory of templates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ghostchart.schemas.canonical import keyed_digest, stream
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.errors import TemplateError
from ghostchart.schemas.note import Note
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth.library import load_library
from ghostchart.synth.library.strata import strata_of
from ghostchart.synth.notes.compose import NoteComposer, NoteIdentity
from ghostchart.synth.notes.confined import LimitExceededError, run_confined
from ghostchart.synth.notes.examples import example
from ghostchart.synth.notes.own_templates import all_templates
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.notes.template_files import (
    CompiledTemplate,
    TemplateInfo,
    TemplateProblem,
    list_templates,
    read_template,
    shipped_templates,
    template_paths,
)

__all__ = ["TemplateInfo", "TemplateProblem", "lint_templates", "list_templates", "preview", "preview_template"]

# Seed and crowd. Loops within loops over the facts end on a short example and not on a long history.
_TRIALS = ((0, 0), (1, 0), (2, 0), (3, 4))


def preview(template_id: str, seed: int = 0) -> Note:
    """A note of one of ghostchart's own templates from the built-in example encounter.

    Raises:
        TemplateError: no such template.
    """
    for template in shipped_templates():
        if template.info.id == template_id:
            return preview_template(template, seed)
    raise TemplateError(
        f"there is no template {template_id!r}", fix="Run 'ghostchart templates list' for the ids there are"
    )


def preview_template(template: CompiledTemplate, seed: int = 0, crowd: int = 0) -> Note:
    """A note of a given template from the built-in example encounter of its note type.

    Args:
        template: of any origin.
        seed: another seed, other words.
        crowd: how many more of every fact, as a patient with a long history has them.

    Raises:
        TemplateError: it cannot be rendered or loses evidence.
    """
    encounter, gold = example(template.info.note_type)
    more = [replace(fact, fact_id=f"{fact.fact_id}.{n}") for fact in encounter.facts for n in range(crowd)]
    encounter = replace(encounter, facts=(*encounter.facts, *more))
    where = stream(seed, "preview", template.info.id)
    composer = NoteComposer(
        load_library(),
        load_code_systems(),
        strata_of,
        SurrogatePool(where, OpenScreen()),
        template.info.split,
    )
    digest = keyed_digest(b"preview", str(seed), template.info.id)
    return composer.compose(encounter, gold, template, NoteIdentity("preview", template.info.split, seed, digest))


def preview_file(path: Path, seed: int = 0) -> Note:
    """A note of a template file that nobody vouches for, rendered in a child process with limits.

    Raises:
        TemplateError: the file cannot be used as a template (the first problem with its line), loses evidence, or met a
            limit.
    """
    example("office_soap")  # loaded here, once, and not within the child's limits
    load_code_systems()
    try:
        note: Note | TemplateError = run_confined(_read_and_preview, path, seed)
    except LimitExceededError as error:
        raise TemplateError(str(error), where=path.name) from None
    if isinstance(note, TemplateError):
        raise note
    return note


def _read_and_preview(path: Path, seed: int) -> Note | TemplateError:
    template, problems = read_template(path, path.name)
    if template is None:
        return TemplateError(problems[0].message, where=problems[0].place)
    try:
        return preview_template(template, seed)
    except TemplateError as error:
        return error


def require_sound(directory: Path) -> None:
    """Refuse a directory of templates in which anything is wrong.

    Raises:
        TemplateError: the first problem of :func:`lint_templates` or of the set as a whole, and how many more there are.
    """
    problems = lint_templates(directory)
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise TemplateError(
            f"{problems[0].message}{more}",
            where=problems[0].place,
            fix="'ghostchart templates lint' lists every problem of the directory",
        )
    all_templates(directory)


def lint_templates(directory: Path) -> tuple[TemplateProblem, ...]:
    """Everything wrong with the templates of a directory, by file and line; empty when all is well.

    Static checks first (front matter, syntax, unknown names, forbidden constructs, blocks never written, identifiers
    typed in), then trial runs on the example encounter, in a child process with limits on time and memory: undefined
    attributes, sandbox violations, gold codes or labelled mentions that the template loses.

    Raises:
        TemplateError: the directory cannot be read or holds no templates.
    """
    if not directory.is_dir():
        raise TemplateError("this is not a directory of templates", where=directory.name)
    paths = template_paths(directory)
    if not paths:
        raise TemplateError("there are no .md.j2 files", where=directory.name)
    problems: list[TemplateProblem] = []
    seen: dict[str, str] = {}
    for path in paths:
        name = path.relative_to(directory).as_posix()
        template, found = read_template(path, name)
        problems.extend(found)
        if template is None:
            continue
        if template.info.id in seen:
            problems.append(
                TemplateProblem(name, 2, f"id {template.info.id!r} is also used by {seen[template.info.id]}")
            )
        seen.setdefault(template.info.id, name)
        if not found:
            problems.extend(_confined_trial(path, name))
    return tuple(problems)


def _confined_trial(path: Path, name: str) -> list[TemplateProblem]:
    """Trial runs in a child process: nobody vouches for a template that is being checked."""
    example("office_soap")  # what every trial needs is loaded here, once, and not within the child's limits
    load_code_systems()
    try:
        found: list[TemplateProblem] = run_confined(_read_and_try, path, name)
    except LimitExceededError as error:
        return [TemplateProblem(name, 0, str(error))]
    return found


def _read_and_try(path: Path, name: str) -> list[TemplateProblem]:
    template, problems = read_template(path, name)
    return problems if template is None else _trial_problems(template)


def _trial_problems(template: CompiledTemplate) -> list[TemplateProblem]:
    """What goes wrong when the template is rendered; each finding once."""
    found: dict[str, TemplateProblem] = {}
    for seed, crowd in _TRIALS:
        try:
            note = preview_template(template, seed, crowd)
        except TemplateError as error:
            place, _, line = (error.where or "").rpartition(", line ")
            number = int(line) if place and line.isdigit() else 0
            found.setdefault(error.what, TemplateProblem(template.info.file, number, error.what))
            continue
        encounter, _ = example(template.info.note_type)
        expected = {fact.distractor for fact in encounter.facts if fact.distractor}
        for kind in sorted(expected - {item.kind for item in note.distractors}):
            message = f"the {kind!r} mention of the example is not written"
            found.setdefault(message, TemplateProblem(template.info.file, 0, message))
    return list(found.values())
