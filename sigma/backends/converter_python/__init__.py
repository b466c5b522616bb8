"""Python matchers, by the converter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from converter import adapters

if TYPE_CHECKING:
    from converter.targets import Compilation


class ConverterPythonBackend(adapters.Adapter):
    """``sigma convert -t converter_python``: expressions, or modules with ``match(event)``."""

    name = "Python (sigma-converter)"
    identifier = "converter_python"
    formats: ClassVar = {"default": "Python expressions over the helpers of a module", "py": "modules with match(event), one each"}
    base = "python"
    artifacts: ClassVar = {"py": "python"}

    def query(self, compilation: Compilation) -> str:
        """Return the expression without the module's indentation; a literal holds no line break of its own."""
        return re.sub("\n +", "\n  ", compilation.parts["expression"])


__all__ = ["ConverterPythonBackend"]
