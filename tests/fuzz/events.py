"""Events made from a detection's own values, without knowing what the rule means: near each value, on both sides."""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from typing import Any, Final

from converter.ir import regex_samples

COUNT: Final = 10
_FIELDS: Final = 40
_LONG: Final = 400
_VALUES: Final = 90
_MISSING: Final = object()


def events_for(detection: Mapping[str, Any], count: int = COUNT) -> list[dict[str, Any]]:
    """Return events: one that has every value, then some in which few fields have another."""
    found: dict[str, list[Any]] = {}
    _collect({name: value for name, value in detection.items() if name not in ("condition", "rules")}, found)
    fields = dict(list(found.items())[:_FIELDS])
    chance = random.Random(repr(sorted(fields)))
    events = [_event({field: values[0] for field, values in fields.items()}, nested=False)]
    for number in range(count - 1):
        chosen = {
            field: values[number % len(values)] if chance.random() < 0.75 else chance.choice(values) for field, values in fields.items()
        }
        for field in chance.sample(list(fields), min(len(fields), chance.choice((0, 1, 1, 2)))):
            chosen[field] = _other(chance, chosen[field])
        events.append(_event(chosen, nested=number % 3 == 2))
    return events


def _event(values: Mapping[str, Any], nested: bool) -> dict[str, Any]:
    event: dict[str, Any] = {}
    for field, value in values.items():
        if value is _MISSING:
            continue
        *heads, last = field.split(".") if nested else [field]
        holder: Any = event
        for head in heads:
            holder = holder.setdefault(head, {}) if isinstance(holder, dict) else None
            if not isinstance(holder, dict):
                break
        if isinstance(holder, dict):
            holder[last] = value
    return event


def _collect(value: Any, found: dict[str, list[Any]]) -> None:
    if len(found) > _FIELDS:  # aliases can make many of few
        return
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, dict):
                _collect(one, found)
                continue
            field, *modifiers = str(key).split("|")
            values = [sample for entry in (one if isinstance(one, list) else [one])[:30] for sample in _samples(entry, modifiers)]
            found.setdefault(field or "message", []).extend(values[:_VALUES] or [None])
            _collect([entry for entry in one if isinstance(entry, dict | list)] if isinstance(one, list) else None, found)
    elif isinstance(value, list):
        for one in value[:30]:
            if isinstance(one, dict | list):
                _collect(one, found)
            else:
                found.setdefault("message", []).extend(f"a {sample} b" for sample in _samples(one, []) if isinstance(sample, str | int))


def _samples(value: Any, modifiers: list[str]) -> list[Any]:
    """Return values that a test may hold on."""
    if isinstance(value, str):
        text = value[:_LONG]
        if "re" in modifiers:
            try:
                return list(regex_samples(text, "".join(one for one in modifiers if one in "ims")))[:3] or ["abc"]
            except Exception:  # a broken expression has no samples
                return ["abc"]
        if "cidr" in modifiers:
            return [text.partition("/")[0], "192.0.2.77", "2001:db8::1"]
        plain = text.replace("\\*", "\0").replace("\\?", "\1").replace("\\\\", "\\").replace("*", "zz").replace("?", "q")
        plain = plain.replace("\0", "*").replace("\1", "?")
        if any(one in modifiers for one in ("base64", "base64offset")):
            data = plain.encode(
                "utf-16-le" if {"wide", "utf16le", "utf16"} & {*modifiers} else "utf-16-be" if "utf16be" in modifiers else "utf-8",
                "replace",
            )
            return [base64.b64encode(one + data).decode() for one in (b"", b"x", b"xy", b"\xff\xfe")]
        if "windash" in modifiers:
            return [plain, plain.replace("-", "/"), plain.replace("-", "\u2013")]
        return [plain, f"{plain}zz", f"zz{plain}"] if modifiers else [plain]
    if isinstance(value, bool) or value is None or "exists" in modifiers:
        return [value]
    if isinstance(value, int | float):
        if abs(value) > 2**53 or value != value:
            return [1]
        times = {"minute", "hour", "day", "week", "month", "year"} & {*modifiers}
        return (
            [
                "2026-03-02T10:30:00Z",
                "2024-12-31",
                f"20{int(value) % 100:02}-{int(value) % 12 + 1:02}-11T{int(value) % 24:02}:{int(value) % 60:02}:00Z",
            ]
            if times
            else [value]
        )
    return [str(value)]


def _other(chance: random.Random, value: Any) -> Any:
    """Return a value near another."""
    near: list[Any] = [_MISSING, None, "", [], [value], ["zz", value], [None, value], {"a": value}, 0, True]
    if isinstance(value, str):
        near += [value.swapcase(), value + "x", "x" + value, value[:-1], value[1:], value.upper(), f"{value}\n"] * 2
        near += [int(value)] if value.isascii() and value.isdecimal() and len(value) < 15 else []
    elif isinstance(value, int | float) and not isinstance(value, bool):
        near += [value + 1, value - 1, str(value)] * 3
    return chance.choice(near)
