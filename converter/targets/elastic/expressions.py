"""A pattern that a rule searches for, as Lucene's expression for the whole value, and why an engine would not take it.

Each language writes the expression its own way; what it stands for, and the
bounds of the index on it, are the same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from converter.ir import Expression, FieldMatch, Regex, RegexProblem, read_regex
from converter.targets.contract import ResolvedRule
from converter.targets.elastic import lucene
from converter.targets.elastic.effort import USUAL, states_needed
from converter.targets.elastic.losses import refused
from converter.targets.elastic.searched import UnsaidError, whole

_Text = TypeVar("_Text")


def described(tree: FieldMatch, test: Regex, resolved: ResolvedRule, who: str) -> Expression:
    """Return what describes the whole of each value in which a pattern is found.

    Raises:
        Inexpressible: for a pattern that cannot be read, or that no such expression says.
    """
    pattern = read_regex(test.pattern, test.flags)
    if isinstance(pattern, RegexProblem):
        raise refused(tree, pattern.message, pattern.help, resolved, who)
    try:
        return whole(pattern)
    except UnsaidError as unsaid:
        raise refused(tree, unsaid.message, unsaid.help_text, resolved, who) from None


def written(tree: FieldMatch, expression: Expression, printer: Callable[[Expression], _Text], resolved: ResolvedRule, who: str) -> _Text:
    """Return an expression as a printer of ``lucene`` writes it.

    Raises:
        Inexpressible: for half a character.
    """
    try:
        return printer(expression)
    except ValueError:
        raise refused(tree, "half a character in a regular expression", "name whole characters", resolved, who) from None


def check_length(tree: FieldMatch, length: int, resolved: ResolvedRule, who: str) -> None:
    """Refuse an expression of more characters than an index takes.

    Raises:
        Inexpressible: if it is too long.
    """
    if length > lucene.LONGEST:
        what = f"a regular expression of more than {lucene.LONGEST} characters, as which it would stand in the rule"
        raise refused(tree, what, "shorten it, or divide it into several", resolved, who)


def states(tree: FieldMatch, expression: Expression, resolved: ResolvedRule, who: str, most: int = USUAL) -> int:
    """Return the states that an engine must be allowed for an expression.

    Raises:
        Inexpressible: if they are more than ``most``.
    """
    needed = states_needed(expression, most)
    if needed is None:
        what = "a regular expression that the engine refuses as too complex"
        raise refused(tree, what, "bound what repeats anything, or divide it into several", resolved, who)
    return needed
