"""Splunk: the saved search of a .conf file, run on the fields that Splunk extracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from converter.data import splunk_event, splunk_view
from converter.languages import spl
from converter.model import Diagnostic, Severity, Source
from converter.verify.own_view import OwnView, own_fields
from converter.verify.readings.reading import Artifact, Events


def read(artifact: Artifact, events: Events, *, foreign: bool = False) -> list[bool] | Diagnostic:
    """Return for each event whether the search gives a result, however the documentation's open points are read.

    ``foreign`` events come from another input, or from the same one as another log source's.

    Where two readings differ the artifact is refused: its meaning would rest
    on a guess.
    """
    text = _text(artifact.data, artifact.path)
    conf = spl.read_conf(text, artifact.path) if isinstance(text, str) else text
    if not isinstance(conf, spl.Conf):
        return conf if isinstance(conf, Diagnostic) else conf[0]
    macros_text = _text(artifact.context.get("macros.conf", b""), "macros.conf")
    macros_conf = spl.read_conf(macros_text, "macros.conf") if isinstance(macros_text, str) else macros_text
    if not isinstance(macros_conf, spl.Conf):
        return macros_conf if isinstance(macros_conf, Diagnostic) else macros_conf[0]
    macros = spl.macros_of(macros_conf)
    if isinstance(macros, Diagnostic):
        return macros
    if len(conf.stanzas) != 1:
        return _wrong(artifact, f"the file has {len(conf.stanzas)} stanzas, not one")
    search = conf.stanzas[0].get("search")
    if not search:
        return _wrong(artifact, "the stanza has no search")
    pipeline = spl.read(search, artifact.path, macros)
    if isinstance(pipeline, Diagnostic):
        return pipeline
    answers: list[bool] = []
    for event in events:
        found = [
            {spl.matches(pipeline, one, reading) for reading in spl.READINGS}
            for one in _seen(artifact.source, event, foreign, artifact.view)
        ]
        if any(len(one) > 1 for one in found):
            return _wrong(artifact, "what the search finds depends on a point that Splunk's documentation leaves open")
        answers.append(any(map(all, found)))
    return answers


def _seen(source: str, event: Mapping[str, Any], foreign: bool, view: OwnView | None) -> Iterator[Mapping[str, tuple[str, ...]]]:
    """Yield what a search sees of an event; of a foreign one, what it would see of it in each other place."""
    if view is not None:
        yield from own_fields(view, event, foreign=foreign)
        return
    yield splunk_event(source, event, foreign=foreign)
    elsewhere = splunk_view(source).elsewhere
    if foreign and elsewhere:
        yield splunk_event(source, {**event, **elsewhere})


def _text(data: bytes, path: str) -> str | Diagnostic:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return Diagnostic("V010", Severity.ERROR, Source(path, "").start, "the file is not UTF-8", help="build it again")


def _wrong(artifact: Artifact, message: str) -> Diagnostic:
    return Diagnostic("V010", Severity.ERROR, Source(artifact.path, "").start, message, help="build it again")
