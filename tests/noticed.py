"""When a seeded bug is noticed: a check looked at what was made and said no.

That the broken program falls over shows nothing of its meaning.
"""

from __future__ import annotations

import json
import sys
import tomllib
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import jsonschema
import pytest

TESTS = Path(__file__).resolve().parent
UNREADABLE = (jsonschema.ValidationError, tomllib.TOMLDecodeError, json.JSONDecodeError)
"""What readers and schemas that are not ours say of a file that is none."""


def forget(package: str = "converter.targets.elastic") -> None:
    """Empty what a package's functions remember: what was made with a bug must not answer for the sound program, nor be answered by it."""
    for name in [one for one in sys.modules if one == package or one.startswith(f"{package}.")]:
        for value in [*vars(sys.modules[name]).values()]:
            clear = getattr(value, "cache_clear", None)
            if callable(clear):
                clear()


def is_judgement(error: BaseException) -> bool:
    """Whether an error is a check's own no: an assertion in the text of a test, or what the check's reader says of a file that is none.

    ``pytest.fail``, by which a check misses a refusal, is one, too; an
    assertion of the program's own is a crash.
    """
    if not isinstance(error, AssertionError):
        return isinstance(error, (*UNREADABLE, pytest.fail.Exception))
    (*_, last) = traceback.extract_tb(error.__traceback__)
    return TESTS in Path(last.filename).resolve().parents


def refutes(check: Callable[[], object]) -> bool | None:
    """Return whether a check says no; ``None`` when it, or what it asks, raises anything else than a judgement."""
    try:
        check()
    except (Exception, pytest.fail.Exception) as error:
        return True if is_judgement(error) else None
    return False


def survives(checks: Iterable[Callable[[], object]]) -> str:
    """Return why no check refutes what was made, or nothing where one does."""
    crashes = 0
    for one in checks:
        answer = refutes(one)
        if answer:
            return ""
        crashes += answer is None
    return f"{crashes} checks only crash" if crashes else "no check sees it"


class Judge:
    """A plugin of pytest's: stops at the first test that says no, and goes on where one only crashes."""

    def __init__(self) -> None:
        """Begin without a judgement."""
        self.noticed = False
        self.crashes = 0

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Look at how a test ended."""
        if call.excinfo is None or isinstance(call.excinfo.value, pytest.skip.Exception):
            return
        if is_judgement(call.excinfo.value):
            self.noticed = True
            item.session.shouldstop = "a check says no"
        else:
            self.crashes += 1
