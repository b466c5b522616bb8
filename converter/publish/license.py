"""A rule's licence: an SPDX license expression, checked before anything is passed on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from converter.data import load
from converter.model import Diagnostic, Rule, Severity

_TOKEN: Final = re.compile(r"\s*(\(|\)|[A-Za-z0-9.+-]+)")
_OWN: Final = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_LENGTH: Final = 200
"""Characters of an expression; it bounds the nesting too."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A licence as the rule names it, and the identifiers in it, each once, in their order."""

    text: str
    ids: tuple[str, ...]


class BadExpressionError(Exception):
    """The text is no SPDX expression; ``help`` says what to write."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


_FORM: Final = (
    "write an SPDX identifier such as Apache-2.0 or DRL-1.1, several joined with AND or OR, or LicenseRef-NAME for one of your own"
)


@cache
def _spdx() -> Mapping[str, Any]:
    import yaml

    loaded: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("spdx.yml").read_text(encoding="utf-8"))
    return loaded


def list_version() -> str:
    """Return the version of the SPDX License List that identifiers are held against."""
    return str(_spdx()["version"])


def exceptions() -> tuple[str, ...]:
    """Return the exceptions of that list that may follow WITH."""
    return tuple(_spdx()["exceptions"])


def license_of(rule: Rule, default: str = "") -> Expression | Diagnostic:
    """Return the rule's licence, else the pack's; or why it is none: B030 when it is missing, B031 when it is no SPDX expression."""
    text = rule.license if rule.license.strip() else default
    if not text.strip():
        message = f"the rule '{rule.title}' has no licence"
        return Diagnostic("B030", Severity.ERROR, rule.span("title"), message, help=f"add 'license:'; {_FORM}")
    try:
        return read_expression(text)
    except BadExpressionError as error:
        return Diagnostic("B031", Severity.ERROR, rule.span("license"), str(error), help=error.help)


def read_expression(text: str) -> Expression:
    """Return a license expression (SPDX specification 2.3, annex D: AND, OR, WITH, ``+``, parentheses).

    Identifiers count only in the list's own spelling, so that the same
    licence has the same name in every bundle.
    """
    if len(text) > _LENGTH:
        raise BadExpressionError(f"the licence is longer than {_LENGTH} characters", _FORM)
    tokens = _tokens(text)
    ids: list[str] = []
    rest = _either(tokens, ids)
    if rest:
        raise BadExpressionError(f"'{rest[0]}' in the licence '{text}' follows no operator", _FORM)
    return Expression(" ".join(tokens).replace("( ", "(").replace(" )", ")"), tuple(dict.fromkeys(ids)))


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            meant = _meant(text)
            raise BadExpressionError(f"the licence '{text}' is no SPDX identifier", f"did you mean '{meant}'?" if meant else _FORM)
        tokens.append(found[1])
        at = found.end()
    return tokens


def _either(tokens: list[str], ids: list[str]) -> list[str]:
    """Read operands joined with AND or OR; return the tokens after them."""
    rest = _operand(tokens, ids)
    while rest and rest[0] in ("AND", "OR"):
        rest = _operand(rest[1:], ids)
    return rest


def _operand(tokens: list[str], ids: list[str]) -> list[str]:
    if not tokens:
        raise BadExpressionError("the licence ends where an identifier should stand", _FORM)
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        rest = _either(rest, ids)
        if not rest or rest[0] != ")":
            raise BadExpressionError("a parenthesis in the licence is not closed", _FORM)
        return rest[1:]
    if not _OWN.fullmatch(head):
        _known(head.removesuffix("+"), load("licenses.yml"), rest)
    ids.append(head)
    if rest and rest[0] == "WITH":
        if len(rest) < 2:
            raise BadExpressionError("the licence ends where an exception should stand", _FORM)
        _known(rest[1], exceptions(), ())
        return rest[2:]
    return rest


def _known(identifier: str, known: Iterable[str], rest: Sequence[str]) -> None:
    """Refuse an identifier that the list lacks; name the one that was meant.

    ``rest`` follows it in the text: a licence's name in words is no expression.
    """
    if identifier in known:
        return
    meant = _meant(" ".join((identifier, *rest))) or _meant(identifier)
    message = f"'{identifier}' is no identifier of the SPDX License List that the converter knows"
    raise BadExpressionError(message, f"did you mean '{meant}'?" if meant else _FORM)


def _meant(text: str) -> str:
    import difflib

    spelled = {_plain(one): name for name, others in load("licenses.yml").items() for one in (name, *others)}
    close = difflib.get_close_matches(_plain(text), spelled, n=1, cutoff=0.8)
    return spelled[close[0]] if close else ""


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9+.]", "", text.lower())
