"""What a target is: it compiles a resolved rule to parts with losses, and packages compilations to files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from converter.data import Binding, Source, read_facts
from converter.ir import Linked, Node, Part
from converter.model import Artifact, Diagnostic, Fidelity, Loss, Rule, Severity, Status, has_errors, joined, node

Options: TypeAlias = Mapping[str, Any]
"""The target's options for one rule: flags over ``x-converter.targets.<t>`` over converter.toml over defaults."""


@node
class Detection:
    """The meaning of a plain rule."""

    tree: Node


@node
class Opaque:
    """A rule that only its own target understands: the kind of rule there, and its query verbatim."""

    kind: str
    text: str


@node
class Input:
    """A rule of a correlation that is about single events, in the target's names.

    ``named`` has the fields whose values the correlation groups by, counts
    or measures, by their names in the rule's events: several where the target
    keeps the parts of a value apart.
    """

    part: Part
    rule: ResolvedRule
    named: Mapping[str, tuple[Binding, ...]]

    @property
    def tree(self) -> Node:
        """The rule's detection."""
        assert isinstance(self.rule.meaning, Detection), "a rule about single events has a detection"
        return self.rule.meaning.tree


@node
class Correlation:
    """The meaning of a correlation: its rules, and those about single events by id, also of the correlations among them."""

    linked: Linked
    inputs: Mapping[str, Input]


Meaning: TypeAlias = "Detection | Opaque | Correlation"


@node
class Pipeline:
    """A processing pipeline of pySigma's that rules go through first: a file's content, or ``None`` for an installed one of this name."""

    name: str
    content: Mapping[str, Any] | None = None


@node
class ResolvedRule:
    """A rule with the target's names for its fields.

    ``guard`` holds the target's own fields that select the log source, with
    their values (of several, any): added on build, taken off on import, never
    part of the detection.  ``fields`` has an entry for each field of the detection that
    the target knows.  ``pipelines`` are still to be gone through: only the
    targets that hand the rule to pySigma get any, and ``linked``, the rules
    of a correlation.
    """

    rule: Rule
    meaning: Meaning
    source: Source
    guard: Mapping[str, str | Sequence[str]]
    fields: Mapping[str, Binding]
    pipelines: Sequence[Pipeline] = ()
    linked: Linked | None = None


@node
class Capabilities:
    """What a target's printer can do in one language, by feature and field type; what is not listed is unsupported."""

    language: str
    features: Mapping[str, Mapping[str, Any]]

    def fidelity(self, feature: str, type_: str) -> Fidelity | None:
        """Return the fidelity of a feature on a field type, ``None`` when it is unsupported."""
        entry = self.features.get(feature, {})
        return _NAMED[entry.get(type_, entry.get("any"))]

    def why(self, feature: str) -> str:
        """Return the reason that the table gives for a feature's fidelity."""
        return str(self.features.get(feature, {}).get("why", ""))


_NAMED: Final[dict[str | None, Fidelity | None]] = {None: None, "unsupported": None} | {one.value: one for one in Fidelity}


class Inexpressible(Exception):  # noqa: N818 - the design's name; it is no error of the program
    """Raised by a printer for a part that it cannot write; the target's ``compile`` turns it into the rule's status."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class UnpackableError(Exception):
    """Raised by ``package`` when the files cannot be made of what it was given; the diagnostics say why."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(one.message for one in diagnostics))
        self.diagnostics = tuple(diagnostics)


def checked(options: Options, name: str, default: str, pattern: str, help_text: str) -> str:
    """Return a package's option, which must have a form: it becomes the name of files, or stands where nothing is escaped.

    Raises:
        UnpackableError: if it does not match ``pattern`` as a whole, or cannot be printed (B010).
    """
    value = re.sub(" +", " ", str(options.get(name) or default)).strip(" ")
    if re.fullmatch(pattern, value) is None or not value.isprintable():
        message = f"the option {name} cannot be {value!r}"
        raise UnpackableError([Diagnostic("B010", Severity.ERROR, None, message, help=help_text)])
    return value


VERSION: Final = r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){2}"
"""The version of a package: three numbers, which every package format reads alike."""


@node
class Tried:
    """What a language that was tried for a rule would lose, or why it cannot say the rule."""

    language: str
    losses: tuple[Loss, ...] = ()
    refusal: Diagnostic | None = None


@node
class Compilation:
    """What a target made of one rule.

    ``parts`` holds the query texts by name, and what stands beside them as values of JSON; ``needs`` what the parts rely on
    (macros, plugins, engine version); ``diagnostics`` with an error mean that
    the rule cannot be expressed.  ``tried`` are the languages of which the
    target chose, in order, where it had a choice.
    """

    rule: Rule
    target: str
    language: str
    parts: Mapping[str, Any] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    needs: Mapping[str, Any] = field(default_factory=dict)
    resolved: ResolvedRule | None = None
    options: Options = field(default_factory=dict)
    tried: tuple[Tried, ...] = ()

    @property
    def status(self) -> Status:
        """The rule's status before acceptances: a fidelity, or ``unsupported``."""
        if has_errors(self.diagnostics):
            return Status.UNSUPPORTED
        return Status(joined(self.losses).value)


class Target(Protocol):
    """A way out of the compiler.

    ``base`` is the target whose options, acceptances and compilations it
    takes: its own name, or another for a package target, which only lays
    that target's compilations out as something to install.
    """

    name: str
    base: str

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what each language of the target can express."""
        ...

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return the rule's parts and losses; a part that cannot be written is an error in the result."""
        ...

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return the files for compilations; ``paths`` are the rules' paths below ``rules/`` without ``.yml``.

        A package target's first artifact is its main one, of no rules it
        makes none, and it raises ``UnpackableError`` where options or rules
        do not fit together.
        """
        ...


@cache
def tables(target: str) -> Mapping[str, Capabilities]:
    """Return a target's capabilities by language: of ``capabilities.yml``, or of a folder ``capabilities`` with a file per language."""
    package = Path(__file__).parent / target
    folder = package / "capabilities"
    if not folder.is_dir():
        named = read_facts(package / "capabilities.yml")["languages"]
        return {language: Capabilities(language, features) for language, features in named.items()}
    loaded = [read_facts(one) for one in folder.iterdir() if one.suffix == ".yml"]
    return {one["language"]: Capabilities(one["language"], one["features"]) for one in loaded}
