"""SPDX license expressions: which texts are one, and what was meant by those that are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from converter.data.tables import load
from converter.model import node

_TOKEN: Final = re.compile(r"\s*(\(|\)|[A-Za-z0-9.+-]+)")
_OWN: Final = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_LENGTH: Final = 200
"""Characters of an expression; it bounds the nesting too."""


@node
class License:
    """A licence as the rule names it, and the identifiers in it, each once, in their order."""

    text: str
    ids: tuple[str, ...]


class BadLicenseError(Exception):
    """The text is no SPDX expression; ``help`` says what to write."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


LICENSE_FORM: Final = (
    "write an SPDX identifier such as Apache-2.0 or DRL-1.1, several joined with AND or OR, or LicenseRef-NAME for one of your own"
)
"""What to write where an expression is expected."""


def spdx_version() -> str:
    """Return the version of the SPDX License List that identifiers are held against."""
    return str(load("spdx.yml")["version"])


def spdx_exceptions() -> tuple[str, ...]:
    """Return the exceptions of that list that may follow WITH."""
    return tuple(load("spdx.yml")["exceptions"])


def read_license(text: str) -> License:
    """Return a license expression (SPDX specification 2.3, annex D: AND, OR, WITH, ``+``, parentheses).

    Identifiers count only in the list's own spelling, so that the same
    licence has the same name in every bundle.
    """
    if len(text) > _LENGTH:
        raise BadLicenseError(f"the licence is longer than {_LENGTH} characters", LICENSE_FORM)
    tokens = _tokens(text)
    ids: list[str] = []
    rest = _either(tokens, ids)
    if rest:
        raise BadLicenseError(f"'{rest[0]}' in the licence '{text}' follows no operator", LICENSE_FORM)
    return License(" ".join(tokens).replace("( ", "(").replace(" )", ")"), tuple(dict.fromkeys(ids)))


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            meant = meant_license(text)
            raise BadLicenseError(f"the licence '{text}' is no SPDX identifier", f"did you mean '{meant}'?" if meant else LICENSE_FORM)
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
        raise BadLicenseError("the licence ends where an identifier should stand", LICENSE_FORM)
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        rest = _either(rest, ids)
        if not rest or rest[0] != ")":
            raise BadLicenseError("a parenthesis in the licence is not closed", LICENSE_FORM)
        return rest[1:]
    if not _OWN.fullmatch(head):
        _known(head.removesuffix("+"), load("licenses.yml"), rest)
    ids.append(head)
    if rest and rest[0] == "WITH":
        if len(rest) < 2:
            raise BadLicenseError("the licence ends where an exception should stand", LICENSE_FORM)
        _known(rest[1], spdx_exceptions(), ())
        return rest[2:]
    return rest


def _known(identifier: str, known: Iterable[str], rest: Sequence[str]) -> None:
    """Refuse an identifier that the list lacks; name the one that was meant.

    ``rest`` follows it in the text: a licence's name in words is no expression.
    """
    if identifier in known:
        return
    meant = meant_license(" ".join((identifier, *rest))) or meant_license(identifier)
    message = f"'{identifier}' is no identifier of the SPDX License List that the converter knows"
    raise BadLicenseError(message, f"did you mean '{meant}'?" if meant else LICENSE_FORM)


def license_named(text: str) -> str:
    """Return the identifier of a licence that people write otherwise, blanks, hyphens and case aside; ``""`` when there is none."""
    return _spelled().get(_plain(text), "")


def meant_license(text: str) -> str:
    """Return the identifier whose names are nearest to a text, ``""`` when none is near."""
    import difflib

    close = difflib.get_close_matches(_plain(text), _spelled(), n=1, cutoff=0.8)
    return _spelled()[close[0]] if close else ""


@cache
def _spelled() -> Mapping[str, str]:
    return {_plain(one): name for name, others in load("licenses.yml").items() for one in (name, *others)}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9+.]", "", text.lower())
