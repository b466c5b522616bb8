"""``converter fields``: the user's own fields, brought in from a system, asked about, and held against the rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converter.cli.options import pack_paths, policy_of, target_option
from converter.cli.show import Exit, put, say, table, tell

if TYPE_CHECKING:
    from converter.data import Source, Tables
    from converter.model import Diagnostic, LogSource
    from converter.pack import Loaded
    from converter.readers.fields import Joined, System


@click.group("fields")
def command() -> None:
    """The names that your own systems have: bring them in, ask about one, hold them against the rules.

    They stand in fields/*.yml beside the rules, win over the shipped tables, and are used by every command.
    """


@command.command("import")
@click.argument("target", type=click.Choice(["elastic", "splunk", "falco"]))
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--logsource", required=True, metavar="P/C/S", help="Product, category and service of the rules; empty where one has none.")
@click.option("-o", "--output", metavar="FILE", help="The file to write. Default: in the pack's fields/. - for standard output.")
@click.option("--index", "indices", multiple=True, metavar="PATTERN", help="elastic, splunk: where the events are; repeatable.")
@click.option("--sourcetype", "sourcetypes", multiple=True, metavar="NAME", help="splunk: their source type; repeatable.")
@click.option("--macro", metavar="NAME", help="splunk: the macro that selects them.")
@click.option("--event-source", metavar="NAME", help="falco: the event source.")
@click.option("--force", is_flag=True, help="Replace a file that was edited since.")
def import_(
    target: str,
    file: str,
    logsource: str,
    output: str | None,
    indices: tuple[str, ...],
    sourcetypes: tuple[str, ...],
    macro: str | None,
    event_source: str | None,
    force: bool,
) -> None:
    """Write fields/*.yml from what a system says of itself.

    FILE is for elastic the answer of GET INDEX/_mapping or INDEX/_field_caps?fields=*, or an index template; for splunk the results of
    '… | fieldsummary' as JSON, or a props.conf; for falco the list of 'falco --list', or a plugin's.
    A rule's name gets a row when the system has the field that the shipped tables name, or one of the same name; nothing is invented.
    """
    from converter.model import Diagnostic
    from converter.readers.fields import join, read_fields, write_fields

    where = logsource_of(logsource)
    given = {"index": list(indices), "sourcetype": list(sourcetypes), "macro": macro, "event_source": event_source}
    _fit(target, given)
    system = _system(target, file, event_source or "")
    if isinstance(system, Diagnostic):
        tell([system])
        sys.exit(Exit.INPUT)
    joined = join(system, where)
    joined = _selected(joined, {key: value for key, value in given.items() if value})
    data = write_fields(system, joined, where, Path(file).name if file != "-" else "standard input")
    wrong = [one for one in read_fields(data, output or "fields") if isinstance(one, Diagnostic)]
    if wrong:
        tell(wrong)
        sys.exit(Exit.INPUT)
    tell(system.warnings)
    if output == "-":
        put(data.decode("utf-8").rstrip("\n"))
    else:
        _placed(target, where, output, data, force)
    _told(target, where, system, joined)


def _fit(target: str, given: Mapping[str, Any]) -> None:
    """Refuse options that a target has no use for."""
    fit = {"elastic": {"index"}, "splunk": {"index", "sourcetype", "macro"}, "falco": {"event_source"}}[target]
    strange = next((key for key, value in given.items() if value and key not in fit), "")
    if strange:
        raise click.UsageError(f"--{strange.replace('_', '-')} has no meaning for {target}.")


def _system(target: str, file: str, event_source: str) -> System | Diagnostic:
    from converter.pack import read_bytes, told, unreadable
    from converter.readers.fields import ANSWER_SIZE, read_elastic, read_falco, read_splunk

    name = "<stdin>" if file == "-" else told(Path(file))
    try:
        data = sys.stdin.buffer.read(ANSWER_SIZE + 1) if file == "-" else read_bytes(Path(file), ANSWER_SIZE)
    except OSError as error:
        return unreadable(name, error)
    if target == "elastic":
        return read_elastic(data, name)
    return read_splunk(data, name) if target == "splunk" else read_falco(data, name, event_source)


def _selected(joined: Joined, given: Mapping[str, Any]) -> Joined:
    """Return what was joined, with what the command line says of how events are selected."""
    from dataclasses import replace

    kept = {key: value for key, value in joined.selects.items() if not (given.keys() & {"index", "sourcetype"} and key == "source")}
    return replace(joined, selects={**kept, **given})


def _placed(target: str, where: LogSource, output: str | None, data: bytes, force: bool) -> None:
    from converter.pack import FIELDS, Config, OutputError, load_config, place

    config = load_config(Path(output).parent if output else Path())
    if not isinstance(config, Config):
        tell(config)
        sys.exit(Exit.INPUT)
    stem = "_".join(part for part in (where.product, where.category, where.service) if part)
    path = Path(output) if output else config.root / FIELDS / f"{stem.lower()}_{target}.yml"
    if path.suffix not in (".yml", ".yaml"):
        raise click.UsageError("-o takes the name of a .yml file, or -.")
    try:
        written, left = place(path.parent, {path.name: data}, force=force)
    except OutputError as error:
        say(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    for one in written:
        say(one)
    tell(left)
    if left:
        sys.exit(Exit.FINDINGS)


def _told(target: str, where: LogSource, system: System, joined: Joined) -> None:
    """Say what was found, and what the file still needs."""
    from converter.data import SHIPPED

    same = sum(remark.startswith("as shipped") for remark in joined.remarks.values())
    named = sum(remark.startswith("the same name") for remark in joined.remarks.values())
    say(f"{len(joined.rows)} fields: {same} as the shipped tables name them, {named} by the rules' own name, the rest under their own")
    if joined.missing:
        shown = ", ".join(joined.missing[:10]) + (", …" if len(joined.missing) > 10 else "")
        say(f"{len(joined.missing)} names that rules of this log source can use were not found: {shown}")
    known = SHIPPED.source_of(where)
    needs = {"elastic": ("index",), "splunk": ("index", "sourcetype", "source", "macro"), "falco": ("event_source",)}[target]
    if not joined.selects.keys() & set(needs) and not (known and target in known.targets):
        option = {"elastic": "--index", "splunk": "--index or --sourcetype", "falco": "--event-source"}[target]
        say(f"the answer does not say where these events are: give {option}, or add '{needs[0]}:' to the file")


@command.command("check")
@click.argument("paths", nargs=-1, type=click.Path())
@target_option
def check(paths: tuple[str, ...], targets: tuple[str, ...]) -> None:
    """Name the rules that use a field which your systems lack, by the pack's fields/*.yml."""
    from converter.data import SHIPPED
    from converter.model import Diagnostic, Severity, has_errors
    from converter.pack import load_pack

    for name in targets:
        if name not in ("elastic", "splunk", "falco"):
            raise click.UsageError(f"'{name}' has no fields of its own; elastic, splunk and falco have.")
    policy = policy_of(paths)
    pack = load_pack(pack_paths(paths, policy), policy.config.rules, policy.config.placeholders)
    if policy.tables is SHIPPED:
        say("the pack has no fields/*.yml: 'converter fields import' makes them from what a system says")
    asked, found = 0, list[Diagnostic]()
    for loaded in pack.rules:
        for target in targets or ("elastic", "splunk", "falco"):
            answer = _lacking(loaded, target, policy.tables)
            asked += answer is not None
            found += answer or ()
    tell([*pack.diagnostics, *found])
    errors = [one for one in found if one.severity is Severity.ERROR]
    rules = {(one.span.path, one.span.line) for one in errors if one.span}
    say(f"{asked} translations asked, {len(errors)} fields that a system lacks, in {len(rules)} places")
    sys.exit(Exit.INPUT if has_errors(pack.diagnostics) else Exit.FINDINGS if errors else Exit.FINE)


def _lacking(loaded: Loaded, target: str, tables: Tables) -> tuple[Diagnostic, ...] | None:
    """Return what a rule asks a target for in vain, ``None`` when the pack says nothing of its log source there, or it is not built."""
    from dataclasses import replace

    from converter.model import Diagnostic, Severity
    from converter.targets import ResolvedRule, resolve, untyped

    source = tables.source_of(loaded.rule.logsource)
    if source is None or loaded.tree is None or tables.on(target, source.id) is None or loaded.rule.target(target).get("enabled") is False:
        return None
    resolved = resolve(loaded.rule, loaded.tree, target, tables)
    if isinstance(resolved, tuple):
        return tuple(replace(one, message=f"{target}: {one.message}") for one in resolved if one.code == "T001")
    if isinstance(resolved, ResolvedRule):
        help_text = f"'converter fields import {target}' reads it; or write 'type:' into its row"
        return tuple(
            Diagnostic(one.code, Severity.WARNING, one.span, f"{target}: {one.message}", help=help_text)
            for one in untyped(resolved, target)
        )
    return ()


@command.command("show")
@click.argument("name")
@click.option("--logsource", metavar="P/C/S", help="Only this log source. Default: all that have the field.")
@click.option("--output-format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(name: str, logsource: str | None, output_format: str) -> None:
    """Show the way of a field to each target: its path and type there, and which table says so."""
    import difflib

    tables = policy_of(()).tables
    chosen = list(_sources(tables, logsource_of(logsource) if logsource else None))
    rows = [row for source in chosen if (row := _way(tables, source, name))]
    if not rows:
        known = sorted({one for source in chosen for one in tables.fields(source.id)})
        close = difflib.get_close_matches(name, known, n=3)
        say(
            f"no log source{' of these' if logsource else ''} has a field '{name}'"
            + (f"; did you mean {', '.join(close)}?" if close else "")
        )
        sys.exit(Exit.FINDINGS)
    if output_format == "json":
        put(json.dumps({"schema_version": 1, "name": name, "results": rows}, indent=1, ensure_ascii=False))
        return
    for row in rows:
        where = ", ".join(f"{key} {one}" for key, one in row["logsource"].items())
        put(f"{row['title']}{'' if row['title'] == where else f' ({where})'}: {_described(row)}")
        lines = [[target, *_cells(way)] for target, way in row["targets"].items()]
        put(table(["target", "path", "type", "says"], lines) + "\n")


def _sources(tables: Tables, where: LogSource | None) -> Iterable[Source]:
    """Return the log sources that are asked: each agent's, where several record one and the pack does not say which is the user's."""
    if where is not None:
        return tables.sources_of(where)
    return [one for source in tables.sources.values() for one in tables.sources_of(source.logsource) if one.id == source.id]


def _way(tables: Tables, source: Source, name: str) -> dict[str, Any] | None:
    """Return a field's way to each target, ``None`` when the log source does not have it."""
    field = tables.fields(source.id).get(name)
    if field is None or "*" in name or not source.targets:
        return None
    where = source.logsource
    parts = {"category": where.category, "product": where.product, "service": where.service}
    targets: dict[str, Any] = {}
    for target in ("elastic", "splunk", "falco"):
        if target not in source.targets:
            continue
        binding = tables.bindings(target, source.id).get(name)
        targets[target] = binding and {
            "path": binding.path,
            "type": binding.type if binding.typed else "unknown",
            "list": binding.list,
            "caseless": binding.caseless,
            "from": tables.origin(target, source.id, name),
        }
    return {
        "source": source.id,
        "title": source.title,
        "logsource": {key: one for key, one in parts.items() if one},
        "type": field.type,
        "many": field.many or field.each,
        "values": list(field.values),
        "targets": targets,
    }


def _described(row: Mapping[str, Any]) -> str:
    many = ", several values" if row["many"] else ""
    return f"{row['type']}{many}" + (f", one of {', '.join(row['values'])}" if row["values"] else "")


def _cells(way: Mapping[str, Any] | None) -> list[str]:
    if way is None:
        return ["-", "-", "the target has no such field"]
    kind = way["type"] + (", list" if way["list"] else "") + (f", caseless {way['caseless']}" if way["caseless"] else "")
    return [way["path"], kind, way["from"]]


def logsource_of(text: str) -> LogSource:
    """Return the log source that ``product/category/service`` names; a part may be empty or ``-``, the last ones absent."""
    from converter.data import SHIPPED, sources
    from converter.model import LogSource

    if text in sources():
        return sources()[text].logsource
    parts = ["" if one == "-" else one for one in text.split("/")]
    words = [one for one in parts if one]
    if (
        len(parts) > 3
        or not words
        or not all(one.isascii() and one.replace("_", "").replace("-", "").replace(".", "").isalnum() for one in words)
    ):
        raise click.UsageError(
            f"--logsource takes PRODUCT/CATEGORY/SERVICE, such as windows/process_creation or kubernetes//audit, not '{text}'."
        )
    product, category, service = (*parts, "", "")[:3]
    found = LogSource(category, product, service)
    for other in _turned(parts) if SHIPPED.source_of(found) is None else ():
        if SHIPPED.source_of(LogSource(other[1], other[0], other[2])) is not None:
            say(f"note: the order is PRODUCT/CATEGORY/SERVICE; did you mean {'/'.join(other).rstrip('/')}?")
            break
    return found


def _turned(parts: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the other orders of the parts of a log source."""
    from itertools import permutations

    yield from dict.fromkeys(permutations((*parts, "", "")[:3]))  # type: ignore[misc]
