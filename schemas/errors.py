"""Every exception ghostchart raises on purpose.

::

    GhostchartError                 exit code 2 unless stated
    |-- UsageError                  wrong flags, wrong combination of flags
    |   `-- ConfigError             a configuration file or key is wrong
    |-- InputError                  data given to ghostchart cannot be used
    |   |-- SourceError             hospital tables: missing table, column, bad value
    |   |-- CodeError               a code that its release does not hold, or of wrong shape
    |   |-- TemplateError           a note template that cannot be rendered or is unsafe
    |   |-- CorpusError             a corpus directory that is malformed or unreadable
    |   `-- ModelError              a language model or adapter that cannot be loaded
    |-- RunConflictError            the output directory holds another run
    |-- OutputError                 the output directory cannot be written
    |-- EnvironmentProblem          a library, program or piece of hardware is missing
    `-- Refusal                     exit code 1: the work was understood and refused
        |-- GateRefused             a gate failed or was inconclusive
        |-- VerificationError       a certificate or corpus does not verify
        `-- UncertifiedCorpusError  a certified corpus was demanded

Messages are one sentence each for *what* was wrong, *where*, and what to do (*fix*). They never hold a
value from a source patient: a bad cell is named by table, column and row number.
"""

from __future__ import annotations


class GhostchartError(Exception):
    """Base of all; ``str()`` gives "what (where). fix". Where no fix is given, ``usual_fix`` of the kind stands."""

    exit_code = 2
    usual_fix: str | None = None

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        self.what = what.rstrip(".")
        self.where = where
        self.fix = fix or self.usual_fix
        text = self.what
        if where:
            text += f" ({where})"
        text += "."
        if self.fix:
            text += f" {self.fix.rstrip('.')}."
        super().__init__(text)

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling; errors cross process borders.
        return (_rebuild, (type(self), self.what, self.where, self.fix))


def _rebuild(kind: type[GhostchartError], what: str, where: str | None, fix: str | None) -> GhostchartError:
    return kind(what, where=where, fix=fix)


class UsageError(GhostchartError):
    """Wrong flags or a wrong combination of them."""


class ConfigError(UsageError):
    """A configuration file cannot be read or holds a wrong key or value."""


class InputError(GhostchartError):
    """Data handed to ghostchart cannot be used as it is."""


class SourceError(InputError):
    """Hospital tables are missing, malformed or contradict themselves."""

    usual_fix = "Correct the source there or export it again"


class CodeError(InputError):
    """A code has the wrong shape or is not in the release asked for."""


class TemplateError(InputError):
    """A note template is broken, unsafe, or leaves a gold code without evidence."""


class CorpusError(InputError):
    """A corpus directory is malformed or unreadable."""

    usual_fix = "Copy the corpus again from where it came, or generate it again"


class ModelError(InputError):
    """A language model, tokenizer or adapter cannot be loaded or does not fit."""


class RunConflictError(GhostchartError):
    """The output directory already holds another run."""


class OutputError(GhostchartError):
    """The output directory cannot be written."""


class EnvironmentProblem(GhostchartError):
    """Something the machine should have is missing."""


class Refusal(GhostchartError):
    """The request was understood and refused."""

    exit_code = 1


class GateRefused(Refusal):
    """A gate failed, or could not tell for lack of data."""


class VerificationError(Refusal):
    """A corpus, report or certificate is not what was signed."""

    usual_fix = "Get the corpus again from whoever certified it, or certify it (ghostchart certify)"


class UncertifiedCorpusError(Refusal):
    """A stage that needs a certified corpus was given another."""
