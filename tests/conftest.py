"""Shared fixtures: where the corpora lie, what a missing engine means, and whether golden files are rewritten."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from converter.verify import EngineMissingError

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files; a person reads the difference")
    parser.addoption("--more", action="store_true", help="run the tests marked slow too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--more"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="long: run by make test-more"))


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether the run rewrites golden files."""
    return bool(request.config.getoption("--update-golden"))


def corpora_folder() -> Path | None:
    """Return the folder of real material that ``CONVERTER_CORPORA`` names, if it is there."""
    named = os.environ.get("CONVERTER_CORPORA")
    folder = (ROOT / named).resolve() if named else None
    return folder if folder is not None and folder.is_dir() else None


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real material; without it the test is skipped, or fails where the corpora are required."""
    folder = corpora_folder()
    if folder is None:
        reason = "CONVERTER_CORPORA names no folder: nothing was shown on real material"
        if os.environ.get("CONVERTER_REQUIRE_CORPORA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def without_engine() -> Callable[[EngineMissingError], NoReturn]:
    """What a test calls when its engine is missing: it is skipped, or fails where engines are required."""

    def unshown(error: EngineMissingError) -> NoReturn:
        reason = f"not shown in an engine: {error}"
        if os.environ.get("CONVERTER_REQUIRE_ENGINES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    return unshown
