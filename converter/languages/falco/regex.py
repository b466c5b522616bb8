"""Falco's ``regex``: RE2 in POSIX syntax, the whole value, through the package google-re2.

RE2 is what the engine runs, so no other expression engine may stand in for
it.  The package is no dependency of ours: without it conditions that use
``regex`` are refused (R227), not guessed.

Source: libs 48dfd53c userspace/libsinsp/sinsp_filtercheck.cpp:631-638 (compile)
and 931-946 (match, value made valid UTF-8 first).
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any


def problem_of(pattern: str) -> str:
    """Return why RE2 refuses the pattern, or ``""``; raises ``ImportError`` without google-re2."""
    try:
        _compiled(pattern)
    except import_module("re2").error as error:
        reason = error.args[0] if error.args else "invalid pattern"
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    except UnicodeEncodeError:
        return "invalid UTF-8"
    return ""


def matches_regex(value: bytes, pattern: bytes) -> bool:
    """Say whether the pattern is the whole value."""
    return _compiled(pattern.decode("utf-8", "surrogateescape")).fullmatch(value.decode("utf-8", "replace")) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - google-re2 has no types
    re2 = import_module("re2")
    options = re2.Options()
    options.posix_syntax = True
    options.longest_match = True
    options.log_errors = False
    return re2.compile(pattern, options)
