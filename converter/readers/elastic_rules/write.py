"""Write a rule as YAML: keys in the order given, long texts as blocks, everything else as short as it can stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

# YAML 1.1 counts these as line ends, so that only double quotes keep them.
_BREAKS = re.compile("[\r\x85\u2028\u2029]")


def yaml_text(document: Mapping[str, object]) -> str:
    """Return the document as YAML 1.1 text; equal documents give equal text.

    Strings that would read as something else are quoted, control characters
    escaped; a text of several lines becomes a block where YAML allows one.
    """
    text: str = yaml.dump(document, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=140)
    return text


@cache
def _dumper() -> Any:  # noqa: ANN401 - a class made on first use
    class Dumper(yaml.SafeDumper):
        """PyYAML's safe dumper, without anchors and with indented lists."""

        def ignore_aliases(self, data: object) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar(
            "tag:yaml.org,2002:str", value, style='"' if _BREAKS.search(value) else "|" if "\n" in value else None
        )

    Dumper.add_representer(str, text)
    return Dumper
