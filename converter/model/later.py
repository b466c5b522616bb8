"""Names of a package that few of its users need: their modules are imported when the first of them is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def later(package: str, names: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package that has these names from these of its modules (PEP 562).

    No name may be that of a module of the package: once the module is
    imported, Python would find it in the name's place.
    """
    where = {name: module for module, held in names.items() for name in held}

    def found(name: str) -> Any:  # noqa: ANN401 - whatever the module has
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{where[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return found
