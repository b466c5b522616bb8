"""Falco: the rule of a rules file, run on the values that the plugins extract."""

from __future__ import annotations

from functools import partial

from converter.data import falco_events, falco_values, falco_view
from converter.languages import falco
from converter.model import Diagnostic, Severity, Source
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
    if foreign or rule.source != falco_view(artifact.source)["event_source"]:
        return [False] * len(events)
    refused = falco.check_rule(rule, falco.fields_of(rule.source))
    if refused:
        return refused[0]
    name = artifact.source
    return [
        any(falco.matches(rule.condition, partial(falco_values, one, name=name)) for one in falco_events(event, name)) for event in events
    ]
