"""Falco: the rule of a rules file, run on the values that the plugins extract."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from converter.data import falco_events, falco_values, falco_view
from converter.languages import falco
from converter.model import Diagnostic, Severity, Source
from converter.verify.own_view import own_names, own_values
from converter.verify.readings.reading import Artifact, Events


def read(artifact: Artifact, events: Events, *, foreign: bool = False) -> list[bool] | Diagnostic:
    """Return for each event whether the rule fires; an event that the plugin drops fires nothing, nor does one of another source."""
    file = falco.read_rules(artifact.data, artifact.path)
    if isinstance(file, falco.RulesFile) and file.engine_version:
        # The oldest engine that the file lets load it is the one that must read it.
        file = falco.read_rules(artifact.data, artifact.path, profile=falco.profile_of(file.engine_version))
    if not isinstance(file, falco.RulesFile):
        return file[0]
    if len(file.rules) != 1:
        message = f"the file has {len(file.rules)} rules, not one"
        return Diagnostic("V010", Severity.ERROR, Source(artifact.path, "").start, message, help="build it again")
    rule = file.rules[0]
    name, view = artifact.source, artifact.view
    if foreign or rule.source != (falco_view(name)["event_source"] if view is None else view.needs["event_source"]):
        return [False] * len(events)
    known = falco.fields_of(rule.source)
    if view is not None:
        known = {one: falco.FieldType("string", many, "key" if keyed else "") for one, many, keyed in own_names(view)} | dict(known)
    refused = falco.check_rule(rule, known)
    if refused:
        return refused[0]

    def fires(event: Mapping[str, Any]) -> bool:
        if view is None:
            return any(falco.matches(rule.condition, partial(falco_values, one, name=name)) for one in falco_events(event, name))
        seen = falco_events(event, view.source) if view.source else [event]
        return any(falco.matches(rule.condition, partial(own_values, view, one)) for one in seen)

    return [fires(event) for event in events]
