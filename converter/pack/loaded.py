"""A rule pack in memory: rules with what they mean, and what gave none."""

from __future__ import annotations

from pathlib import Path

from converter.ir import Linked, Node
from converter.model import Diagnostic, Rule, node, ordered


@node
class RuleFile:
    """A file with rules: where it is, how people are told of it, and its outputs' path without extension."""

    path: Path
    name: str
    output: str


@node
class Loaded:
    """A rule that was read; ``tree`` is ``None`` when it has no meaning, then ``diagnostics`` says why.

    A correlation has no tree but, when it has a meaning, ``linked``.
    ``part_of`` is the title of a correlation without ``generate`` that refers
    to the rule, which then is no rule of its own; ``""`` otherwise.
    """

    file: RuleFile
    rule: Rule
    tree: Node | None
    diagnostics: tuple[Diagnostic, ...]
    output: str
    linked: Linked | None = None
    part_of: str = ""

    @property
    def is_opaque(self) -> bool:
        """Whether the rule holds a target's own query instead of a detection."""
        return not self.rule.detection and self.rule.correlation is None


@node
class Unread:
    """A file, or a document of one, that gives no rule."""

    file: RuleFile
    diagnostics: tuple[Diagnostic, ...]


@node
class Pack:
    """The rules of some paths: those with a header, and the files or documents without.

    Filters are no rules: they are part of those that they are about.
    """

    rules: tuple[Loaded, ...]
    unread: tuple[Unread, ...]
    filters: tuple[Loaded, ...] = ()

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that was found while reading and lowering."""
        found = [one for loaded in (*self.rules, *self.filters) for one in loaded.diagnostics]
        return ordered([*found, *(one for unread in self.unread for one in unread.diagnostics)])
