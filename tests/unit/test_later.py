"""Names that are imported when asked for: each is there, none is that of a module, and a build does without their modules."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

PACKAGES = ("converter.data", "converter.formats", "converter.verify")
"""Packages with names that are imported later."""
UNNEEDED = (
    "converter.verify",
    "converter.synthesis",
    "converter.match",
    "converter.readers.elastic_rules",
    "converter.data.view_falco",
    "converter.data.view_splunk",
    "sigma",
    "http.client",
)
"""What compiling for Elastic needs nothing of."""


@pytest.mark.parametrize("name", PACKAGES)
def test_names_are_there_and_are_no_modules(name: str) -> None:
    package = importlib.import_module(name)
    modules = {one.name for one in pkgutil.iter_modules(package.__path__)}
    late = [one for one in package.__all__ if one not in vars(package)]
    for one in package.__all__:
        getattr(package, one)
    assert not modules & set(late)


def test_an_unknown_name_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        importlib.import_module("converter.verify").nothing  # noqa: B018 - the access is what is tested


def test_a_build_imports_no_reader_of_outputs() -> None:
    code = "import converter.cli.build, converter.pack, converter.targets.elastic, converter.cli.summary, sys; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(UNNEEDED) & set(modules)
