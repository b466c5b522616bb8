"""Facts as YAML: what a file of ours holds, from libyaml's events, in half the time of a loader that builds nodes first.

Never for what others wrote: nothing here is bounded, and a key that stands
twice is the last one's; ``converter.formats`` reads rules.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS: Final = yaml.SafeLoader("")
_TEXT: Final = "tag:yaml.org,2002:str"


def read_facts(path: Path) -> Any:  # noqa: ANN401 - any YAML value
    """Return the one document of a file, as ``yaml.safe_load`` does; one with tags or ``<<`` is none of ours."""
    loader = _LOADER(path.read_text(encoding="utf-8"))
    try:
        loader.get_event()  # the stream begins
        loader.get_event()  # the document begins
        return _value(loader.get_event, loader.get_event(), {})
    finally:
        loader.dispose()


def _value(next_event: Callable[[], Any], event: Any, anchors: dict[str, Any]) -> Any:  # noqa: ANN401 - an event, any YAML value
    kind = event.__class__
    if kind is AliasEvent:
        return anchors[event.anchor]
    value: Any
    if kind is ScalarEvent:
        value = _plain(event.value) if event.implicit[0] else event.value
    elif kind is MappingStartEvent:
        value = {}
        while (event_of_key := next_event()).__class__ is not MappingEndEvent:
            key = _value(next_event, event_of_key, anchors)
            value[key] = _value(next_event, next_event(), anchors)
    else:
        value = []
        while (item := next_event()).__class__ is not SequenceEndEvent:
            value.append(_value(next_event, item, anchors))
    if event.anchor is not None:
        anchors[event.anchor] = value
    return value


@lru_cache(maxsize=8192)
def _plain(text: str) -> Any:  # noqa: ANN401 - a YAML scalar is any of seven types
    tag: str = _SCALARS.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # the stubs have no types here
    return text if tag == _TEXT else _SCALARS.construct_object(yaml.ScalarNode(tag, text))
