"""Query parameters of a request URI, as Go's ``net/url`` reads them for Falco's ``ka.uri.param``."""

from __future__ import annotations

import re
from typing import Final

_BAD_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_ESCAPE: Final = re.compile(b"%([0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")


def query_parameter(uri: str, name: str) -> str | None:
    """Return the first value of a parameter; ``None`` when it is absent or any part of the URI is malformed.

    Source: Go 1.26 net/url, ``Parse`` and ``ParseQuery``: a control character,
    a percent sign without two hexadecimal digits, or a semicolon in the query
    is an error for the whole URI.
    """
    head, _, fragment = uri.partition("#")
    path, _, query = head.partition("?")
    if _CONTROL.search(uri) or _BAD_ESCAPE.search(path) or _BAD_ESCAPE.search(fragment):
        return None
    if ";" in query or _BAD_ESCAPE.search(query):
        return None
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if part and _unescaped(key) == name:
            return _unescaped(value)
    return None


def _unescaped(text: str) -> str:
    data = text.replace("+", " ").encode("utf-8", "surrogatepass")
    return _ESCAPE.sub(lambda found: bytes([int(found.group(1), 16)]), data).decode("utf-8", "surrogateescape")
