"""Template files: front matter, static checks, compiled code. One compilation per process and file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml
from jinja2 import Template, nodes
from jinja2.exceptions import TemplateSyntaxError

from ghostchart.schemas.clinical import NoteType
from ghostchart.schemas.errors import TemplateError
from ghostchart.schemas.note import SPLITS, Split
from ghostchart.synth.notes.marks import holds_marker
from ghostchart.synth.notes.phrases import VOICES, Voice
from ghostchart.synth.notes.sandbox import NoteSandbox
from ghostchart.synth.notes.typed_identifiers import typed_identifiers
from ghostchart.synth.notes.vocabulary import ROOT_ATTRIBUTES, required_blocks

TEMPLATE_FOLDER = Path(__file__).parent / "templates"
TEMPLATE_SUFFIX = ".md.j2"
_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)
_NAME = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)?")
_KEYS = {"id", "family", "note_type", "split", "voice"}
_FORBIDDEN_NODES: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from ... import",
    nodes.Extends: "extends",
    nodes.CallBlock: "call",
}


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """What a template's front matter says. ``file`` is its path below the template directory."""

    id: str
    family: str
    note_type: NoteType
    split: Split
    voice: Voice
    file: str


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A template ready to render; one that nobody vouches for (a user's own) is rendered with limits.

    ``names`` are all names in it: blocks not among them need not be written.
    """

    info: TemplateInfo
    jinja: Template
    source: str
    names: frozenset[str]
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """One finding about a template file; line 0 where it concerns the whole file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    @property
    def place(self) -> str:
        """File, and line where there is one."""
        return f"{self.file}, line {self.line}" if self.line else self.file


_SANDBOX = NoteSandbox()


@cache
def shipped_templates() -> tuple[CompiledTemplate, ...]:
    """ghostchart's own templates, by id.

    Raises:
        TemplateError: one of them is broken.
    """
    return load_templates(TEMPLATE_FOLDER)


def list_templates() -> tuple[TemplateInfo, ...]:
    """Front matter of ghostchart's own templates, by id."""
    return tuple(template.info for template in shipped_templates())


def load_templates(folder: Path, *, trusted: bool = True) -> tuple[CompiledTemplate, ...]:
    """Every template below a folder, by id; ``trusted`` ones are rendered without limits on time and memory.

    Raises:
        TemplateError: no templates, one of them broken, or two with the same id (file and line named).
    """
    loaded: dict[str, CompiledTemplate] = {}
    for path in template_paths(folder):
        template, problems = read_template(path, path.relative_to(folder).as_posix())
        if template is None or problems:
            raise TemplateError(problems[0].message, where=problems[0].place)
        if template.info.id in loaded:
            raise TemplateError(f"template id {template.info.id!r} is used twice", where=template.info.file)
        loaded[template.info.id] = replace(template, trusted=trusted)
    if not loaded:
        raise TemplateError(f"there are no {TEMPLATE_SUFFIX} files", where=folder.name)
    return tuple(loaded[name] for name in sorted(loaded))


def template_paths(folder: Path) -> list[Path]:
    """Template files below a folder in a fixed order."""
    return sorted(path for path in folder.rglob(f"*{TEMPLATE_SUFFIX}") if path.is_file())


def read_template(path: Path, name: str) -> tuple[CompiledTemplate | None, list[TemplateProblem]]:
    """Read and check one file without rendering it: the template, or None, and everything found wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return None, [TemplateProblem(name, 0, f"cannot be read as UTF-8 text: {type(error).__name__}")]
    info, problems = _front_matter(text, name)
    if holds_marker(text):
        line = next(n for n, content in enumerate(text.split("\n"), 1) if holds_marker(content))
        problems.append(TemplateProblem(name, line, "private-use characters (U+E000 to U+F8FF) are not allowed"))
    match = _FRONT_MATTER.match(text)
    # Blank lines in place of the front matter keep the line numbers of messages right.
    body = "\n" * match[0].count("\n") + text[match.end() :] if match else text
    try:
        tree = _SANDBOX.parse(body, name)
        code = _SANDBOX.compile(body, name, name)
    except TemplateSyntaxError as error:
        problems.append(TemplateProblem(name, error.lineno, f"syntax error: {error.message}"))
        return None, problems
    problems.extend(_static_problems(tree, name, info))
    if problems or info is None:
        return None, problems
    template = _SANDBOX.template_class.from_code(_SANDBOX, code, {})
    names = frozenset(node.name for node in tree.find_all(nodes.Name))
    return CompiledTemplate(info, template, body, names), []


def _front_matter(text: str, name: str) -> tuple[TemplateInfo | None, list[TemplateProblem]]:
    match = _FRONT_MATTER.match(text)
    if match is None:
        return None, [TemplateProblem(name, 1, "front matter is missing: begin with '---', keys, '---'")]
    try:
        values = yaml.safe_load(match[1])
    except yaml.YAMLError:
        return None, [TemplateProblem(name, 1, "front matter is not valid YAML")]
    if not isinstance(values, dict) or set(values) != _KEYS:
        return None, [TemplateProblem(name, 1, f"front matter must have exactly the keys {', '.join(sorted(_KEYS))}")]
    allowed: Mapping[str, tuple[str, ...]] = {
        "note_type": get_args(NoteType),
        "split": SPLITS,
        "voice": VOICES,
    }
    problems = []
    for line, (key, value) in enumerate(values.items(), 2):
        if key in allowed and value not in allowed[key]:
            problems.append(TemplateProblem(name, line, f"{key} must be one of {', '.join(allowed[key])}"))
        elif key not in allowed and not (isinstance(value, str) and _NAME.fullmatch(value)):
            problems.append(TemplateProblem(name, line, f"{key} must be lower-case letters, digits and underscores"))
    return (None if problems else TemplateInfo(file=name, **values)), problems


def _taken_from_outside(tree: nodes.Template) -> list[nodes.Name]:
    """Every use of a name that the template does not define itself."""
    local = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    local |= {node.name for node in tree.find_all(nodes.Macro)} | {"loop"}
    return [node for node in tree.find_all(nodes.Name) if node.ctx == "load" and node.name not in local]


def _static_problems(tree: nodes.Template, name: str, info: TemplateInfo | None) -> list[TemplateProblem]:
    """Names and constructs that could never work, found without rendering."""
    outside = _taken_from_outside(tree)
    used = {node.name for node in outside}
    problems = [
        TemplateProblem(name, node.lineno, f"unknown name {node.name!r}")
        for node in outside
        if node.name not in ROOT_ATTRIBUTES
    ]
    macros = {node.name for node in tree.find_all(nodes.Macro)}
    for node in tree.find_all(nodes.Node):
        line = node.lineno
        if type(node) in _FORBIDDEN_NODES:
            problems.append(TemplateProblem(name, line, f"{_FORBIDDEN_NODES[type(node)]!r} is not available"))
        elif isinstance(node, nodes.Getattr):
            problems.extend(_attribute_problems(node, name))
        elif isinstance(node, nodes.Getitem) and _is_hidden(node.arg):
            problems.append(TemplateProblem(name, line, "names that begin with '_' are not available in the sandbox"))
        elif isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name in macros):
            problems.append(TemplateProblem(name, line, "calls are not available in the sandbox"))
    problems.extend(
        TemplateProblem(name, line, f"{what} is typed here: identifiers must come from the ledger")
        for line, what in typed_identifiers(tree)
    )
    if info is not None:
        missing = [block for block in required_blocks(info.note_type) if block not in used]
        problems.extend(
            TemplateProblem(name, 0, f"block {block!r} is never written, facts would be lost") for block in missing
        )
    return sorted(problems, key=lambda problem: problem.line)


def _attribute_problems(node: nodes.Getattr, name: str) -> list[TemplateProblem]:
    if node.attr.startswith("_"):
        return [TemplateProblem(name, node.lineno, "names that begin with '_' are not available in the sandbox")]
    if isinstance(node.node, nodes.Name):
        known = ROOT_ATTRIBUTES.get(node.node.name)
        if known is not None and node.attr not in known:
            return [TemplateProblem(name, node.lineno, f"{node.node.name} has no {node.attr!r}")]
    return []


def _is_hidden(node: Any) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str) and node.value.startswith("_")
