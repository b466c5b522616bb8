"""``converter query``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from converter.cli.mappings import read_mappings
from converter.cli.options import flags_of, option_option
from converter.cli.show import Exit, put, tell

if TYPE_CHECKING:
    from converter.model import Diagnostic

Documents = Sequence[Mapping[str, Any]]
Matches = tuple[tuple[int, ...], ...]


@click.command("query")
@click.argument("language", type=click.Choice(["kuery", "lucene", "eql", "esql", "spl", "falco"]))
@click.argument("query")
@click.argument("events", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--fields", "fields", metavar="FILE", help="kuery, lucene, eql, esql: the index's mappings as JSON.")
@option_option
def command(language: str, query: str, events: tuple[str, ...], fields: str | None, options: tuple[str, ...]) -> None:
    """Run a query by our reading of its engine; print the indexes of the matching events, one a line.

    The file's name stands before an index when there are several files.
    A sequence of eql prints the indexes of its events on one line; -O category, timestamp and tiebreaker name other fields than ECS has.
    For kuery, lucene, eql and esql EVENTS are documents as the engine sees them; a table of esql that is no longer one of documents
    is refused. For spl and falco raw events, seen through its extraction.
    """
    from converter.cli.events import read_events
    from converter.model import Diagnostic

    flags = flags_of(options)
    found = list(read_events(events))
    problems = [one.problem for one in found if one.problem]
    tell(problems)
    runners: dict[str, Callable[[], list[bool] | Matches | Diagnostic]] = {
        "kuery": lambda: _kuery(query, [one.event for one in found if one.event is not None], fields),
        "lucene": lambda: _lucene(query, [one.event for one in found if one.event is not None], fields),
        "eql": lambda: _eql(query, [one.event for one in found if one.event is not None], fields, flags),
        "esql": lambda: _esql(query, [one.event for one in found if one.event is not None], fields),
        "spl": lambda: _spl(query, [one.event for one in found if one.event is not None], flags),
        "falco": lambda: _falco(query, [one.event for one in found if one.event is not None], flags),
    }
    answers = runners[language]()
    if isinstance(answers, Diagnostic):
        tell([answers])
        sys.exit(Exit.INPUT)
    several = len({one.file for one in found}) > 1
    names = [f"{one.file}:{one.index}" if several else str(one.index) for one in found if one.event is not None]
    matches = answers if isinstance(answers, tuple) else [(at,) for at, answer in enumerate(answers) if answer]
    for match in matches:
        put(" ".join(names[at] for at in match))
    sys.exit(Exit.INPUT if any(one.code == "R020" for one in problems) else Exit.FINE)


def _kuery(query: str, documents: Documents, fields: str | None) -> list[bool] | Diagnostic:
    from converter.languages import kql
    from converter.model import Diagnostic

    mappings = {"dynamic": True} if fields is None else read_mappings(fields)
    if isinstance(mappings, Diagnostic):
        return mappings
    read = kql.read(query, "<query>")
    if isinstance(read, Diagnostic):
        return read
    return kql.run(read, documents, mappings)


def _lucene(query: str, documents: Documents, fields: str | None) -> list[bool] | Diagnostic:
    from converter.languages import lucene
    from converter.model import Diagnostic

    mappings = {"dynamic": True} if fields is None else read_mappings(fields)
    if isinstance(mappings, Diagnostic):
        return mappings
    read = lucene.read(query, "<query>")
    if isinstance(read, Diagnostic):
        return read
    return lucene.run(read, documents, mappings)


def _eql(query: str, documents: Documents, fields: str | None, flags: Mapping[str, str]) -> Matches | Diagnostic:
    from converter.languages import eql
    from converter.model import Diagnostic

    mapping = None
    if fields is not None:
        mappings = read_mappings(fields)
        mapping = mappings if isinstance(mappings, Diagnostic) else eql.compile_mapping(mappings)
    if isinstance(mapping, Diagnostic):
        return mapping
    read = eql.read(query, "<query>")
    if isinstance(read, Diagnostic):
        return read
    roles = eql.Roles(flags.get("category", "event.category"), flags.get("timestamp", "@timestamp"), flags.get("tiebreaker"))
    found = eql.run(read, documents, mapping, roles)
    return found if isinstance(found, Diagnostic) else tuple(one.events for one in found)


def _esql(query: str, documents: Documents, fields: str | None) -> list[bool] | Diagnostic:
    from converter.languages import esql
    from converter.model import Diagnostic

    mappings = {"dynamic": True} if fields is None else read_mappings(fields)
    if isinstance(mappings, Diagnostic):
        return mappings
    read = esql.read(query, "<query>")
    if isinstance(read, Diagnostic):
        return read
    return esql.found(read, documents, mappings)


def _spl(query: str, events: Documents, flags: Mapping[str, str]) -> list[bool] | Diagnostic:
    from converter.data import sources, splunk_seen
    from converter.languages import spl
    from converter.model import Diagnostic

    macros = {
        one.targets["splunk"]["macro"]: spl.Macro(one.targets["splunk"]["definition"], ())
        for one in sources().values()
        if "splunk" in one.targets
    }
    read = spl.read(query, "<query>", macros)
    if isinstance(read, Diagnostic):
        return read
    source, sourcetype = flags.get("source", ""), flags.get("sourcetype", "")
    extracted = [splunk_seen(event, source, sourcetype) for event in events]
    hits = set(spl.run(read, extracted))
    return [index in hits for index in range(len(events))]


def _falco(query: str, events: Documents, flags: Mapping[str, str]) -> list[bool] | Diagnostic:
    from functools import partial

    from converter.data import falco_events, falco_values
    from converter.languages import falco
    from converter.model import Diagnostic

    profile = flags.get("engine", falco.NEWEST)
    if profile not in falco.PROFILES:
        raise click.UsageError(f"-O engine takes one of {', '.join(falco.PROFILES)}.")
    source = flags.get("source", "k8s_audit")
    known = falco.fields_of(source)
    if not known:
        raise click.UsageError(f"-O source={source}: there is no table of that source's fields; k8s_audit has one.")
    read = falco.read(query, "<query>", profile=profile)
    if isinstance(read, Diagnostic):
        return read
    refused = falco.check(read, known)
    if refused is not None:
        return refused
    return [any(falco.matches(read, partial(falco_values, one)) for one in falco_events(event)) for event in events]
