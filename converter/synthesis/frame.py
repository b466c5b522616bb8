"""What every event of a log source carries: without it an engine may take an example event for no event at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from converter.data import load


def frame(source: str) -> Mapping[str, Any]:
    """Return what each event of a log source holds, by the source's id; nothing where no table says so."""
    found: Mapping[str, Any] = load("frames.yml").get(source, {}).get("event", {})
    return found


def around_fields(carried: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return what is carried besides the fields that a rule asks for, and besides what is above them."""
    heads = {name.partition(".")[0] for name in names} | set(names)
    return {key: value for key, value in carried.items() if key not in heads}
