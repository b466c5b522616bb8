"""Read a Falco condition: the boolean layer of the grammar, with the engine's depth count.

``or``, ``and``, ``not`` and parentheses are kept on a stack of their own
rather than on Python's, because the engine accepts nearly 200 nested
parentheses.  ``read_check`` reads what stands between them.

Source: libs 48dfd53c userspace/libsinsp/filter/parser.h:30-90 and
parser.cpp:218-333.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from converter.languages.falco import tokens
from converter.languages.falco.problem import SIZE, ReadError, problem
from converter.languages.falco.read_check import CheckReader
from converter.languages.falco.references import expand, measured, substituted
from converter.languages.falco.syntax import NEWEST, PROFILES, And, Condition, Node, Not, Or
from converter.model import Diagnostic, Severity, Source, pack, unpack


def read(
    text: str,
    path: str = "<condition>",
    *,
    profile: str = NEWEST,
    lists: Mapping[str, Sequence[str]] | None = None,
    macros: Mapping[str, Condition] | None = None,
) -> Condition | Diagnostic:
    """Return the tree of a condition, or the first thing that an engine of this profile refuses (R220 to R224, R228).

    Args:
        text: the condition, without YAML's quoting.
        path: the name by which people know the text, for diagnostics.
        profile: one of ``PROFILES``.
        lists: items by list name, substituted in the text first.
        macros: conditions by macro name; ``None`` leaves macro names open.

    Raises:
        ValueError: if the profile is not one of ``PROFILES``.
    """
    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r} is none of {', '.join(PROFILES)}")
    source = Source(path, text)
    if lists:
        changed = substituted(text, lists, source.start)
        if isinstance(changed, Diagnostic):
            return changed
        source = Source(path, changed)
    if len(source.text) > SIZE:
        message = f"the condition has {len(source.text)} characters, more than {SIZE}"
        return Diagnostic("R222", Severity.ERROR, source.start, message, help="split the rule")
    nul = source.text.find("\0")
    if nul >= 0:
        span = source.span(pack(nul, nul + 1))
        return Diagnostic("R221", Severity.ERROR, span, "a NUL character in a condition", help="Falco stops reading there; remove it")
    try:
        root = _Reader(source, profile).condition()
    except ReadError as error:
        return error.diagnostic
    condition = measured(source, root, profile)
    if isinstance(condition, Diagnostic) or macros is None:
        return condition
    return expand(condition, macros)


@dataclass(slots=True)
class _Group:
    """An open parenthesis, or the whole text.

    ``level`` is the engine's recursion level of the group's ``or`` chain;
    ``sealed`` says that the last child came from ``or(``, after which the
    engine looks for no ``and``.
    """

    level: int
    start: int
    alternatives: list[Node] = field(default_factory=list)
    chain: list[Node] = field(default_factory=list)
    negated: bool = False
    negation: int = 0
    sealed: bool = False

    def take(self, node: Node) -> None:
        """Append an operand, negated as the words before it say."""
        if self.negated:
            node = Not(node, pack(self.negation, unpack(node.offsets)[1]))
            self.negated = False
        self.chain.append(node)

    def end_chain(self) -> None:
        """End a run of operands that ``and`` joins."""
        self.alternatives.append(_joined(And, self.chain))
        self.chain, self.sealed = [], False

    def close(self) -> Node:
        """End the group and return what it means."""
        self.end_chain()
        return _joined(Or, self.alternatives)


def _joined(kind: type[And] | type[Or], children: list[Node]) -> Node:
    if len(children) == 1:
        return children[0]
    return kind(tuple(children), pack(unpack(children[0].offsets)[0], unpack(children[-1].offsets)[1]))


class _Reader:
    """Reads operands and the words between them in turn; ``self.groups`` are the open parentheses."""

    def __init__(self, source: Source, profile: str) -> None:
        self.source = source
        self.check = CheckReader(source, profile)
        self.groups: list[_Group] = []

    def condition(self) -> Node:
        """Return the tree of the whole text."""
        if not self.source.text:
            raise problem(self.source, 0, "R220", "the condition is empty", "write at least one check")
        self._open(1, 0)
        while True:
            self._operand()
            while not self._word_follows():
                node = self.groups.pop().close()
                if not self.groups:
                    return self._whole(node)
                if not self.check.skip(")"):
                    raise self.check.expected("a closing parenthesis")
                self.groups[-1].take(node)

    def _whole(self, node: Node) -> Node:
        at, text = self.check.at, self.source.text
        if at < len(text):
            raise problem(
                self.source, pack(at, at + 1), "R220", "expected 'and' or 'or' here", "words are lower case; check the parentheses"
            )
        return node

    def _open(self, level: int, start: int) -> None:
        self.check.deepen(level)
        self.groups.append(_Group(level, start))

    def _operand(self) -> None:
        """Read ``not`` and a check, or open the parentheses that stand for one."""
        check = self.check
        while True:
            group = self.groups[-1]
            check.blank()
            first = check.at
            while found := tokens.NOT.match(self.source.text, check.at):
                check.at = found.end()
                group.negated = not group.negated
            if check.skip("not("):
                group.negated, extra = not group.negated, 4
            else:
                check.blank()
                extra = 5 if check.skip("(") else 0
            group.negation = first
            if not extra:
                group.take(check.read(group.level + 3))
                return
            self._open(group.level + extra, check.at)

    def _word_follows(self) -> bool:
        """Take ``and`` or ``or`` and what must stand after it; say whether an operand follows."""
        check, group = self.check, self.groups[-1]
        check.blank()
        if not group.sealed and check.skip("and"):
            if not check.blank():
                self._tight("and", group.level + 3)
            return True
        if group.sealed and check.skip("and"):
            raise check.expected("'or'", "the engine reads no 'and' after 'or(…)': put a blank before the parenthesis")
        if not check.skip("or"):
            return False
        group.end_chain()
        if not check.blank():
            group.sealed = True
            self._tight("or", group.level + 2)
        return True

    def _tight(self, word: str, level: int) -> None:
        """Open the parenthesis that must follow a word without a blank."""
        if not self.check.skip("("):
            raise self.check.expected(f"a blank or '(' after '{word}'")
        self._open(level, self.check.at)
