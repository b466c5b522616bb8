"""Join what a system has with what rules ask for: each row is in the system's answer, none is invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

from converter.data import SHIPPED, Binding, Source, taxonomy
from converter.model import LogSource
from converter.readers.fields.file import is_field
from converter.readers.fields.system import System, SystemField

_KEPT: Final = ("list", "changed", "digits")
"""What a shipped row says of the values, which holds for the same path in the user's system."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The rows of a log source on a target, in their order, with a remark on each; the rules' names that nothing was found for."""

    rows: Mapping[str, Mapping[str, Any]]
    remarks: Mapping[str, str]
    missing: tuple[str, ...]
    selects: Mapping[str, Any]
    left: tuple[str, ...]


def join(system: System, logsource: LogSource) -> Joined:
    """Return rows for the names of a log source, by the shipped correspondence or by an equal name, and then for all other fields.

    A row has the system's own type.  Of a log source that nothing is known of, every field keeps its name.
    """
    source, base = SHIPPED.source_of(logsource), _nearest(system, logsource)
    shipped = _shipped(system.target, base.id if base else "")
    names = _names(logsource, source.id if source else "", shipped)
    kept = [name for name, one in shipped.items() if one.change and _paths(one) <= system.fields.keys()]
    rows: dict[str, Mapping[str, Any]] = {}
    remarks: dict[str, str] = {}
    missing: list[str] = []
    stripped = {path.replace("{}", ""): path for path in sorted(system.fields, reverse=True)} if system.target == "splunk" else {}
    for name in (one for one in names if one not in kept):
        found = _corresponding(system, shipped.get(name), name)
        if found is None and name in system.fields and _is_asked(system, system.fields[name]):
            found = _row(system, system.fields[name], None), "the same name"
        if found is None and name in stripped:
            found = _row(system, system.fields[stripped[name]], None), "the same name, a list"
        if found is None:
            missing.append(name)
            continue
        rows[name], remarks[name] = found
    used = {str(row["path"]) for row in rows.values()}
    left = list(system.left)
    for path, one in system.fields.items():
        if not is_field(path, system.target):
            left.append(f"{path[:80]!r}: a name that cannot be written into a query")
            continue
        if not _is_asked(system, one):
            left.append(f"{path}:{one.note}" if one.note else f"{path}: of type {one.type}, which no condition here compares")
            continue
        name = path.replace("{}", "") if system.target == "splunk" else path  # the event's own name; Splunk marks the lists in it
        if name not in rows and (path not in used or one.exact):
            rows[name], remarks[name] = _row(system, one, None), one.note
    shipped_needs = base.targets.get(system.target, {}) if base else {}
    selects = {**system.selects, **_guard(system, shipped_needs)}
    if system.target == "elastic" and (told := _asked_too(system, selects.get("guard", shipped_needs.get("guard", {})))):
        left.append(told)
    selects |= {"like": base.id} if base and source and base.id != source.id else {}
    selects |= {"as_shipped": kept} if kept else {}
    return Joined(rows, remarks, tuple(missing), selects, tuple(left))


def _nearest(system: System, logsource: LogSource) -> Source | None:
    """Return the shipped log source whose names on the target the system has most of: several agents can record the same events."""
    known = [one for one in SHIPPED.sources_of(logsource) if system.target in one.targets]
    return max(known, key=lambda one: _likeness(system, one), default=None)


def _likeness(system: System, source: Source) -> tuple[int, float]:
    """Return how much a system's fields look like those of a shipped log source: constants that agree, then the share of its rows."""
    rows = _shipped(system.target, source.id).values()
    guard = source.targets[system.target].get("guard", {})
    constant = sum(
        (system.constants[path] == value) - (system.constants[path] != value) for path, value in guard.items() if path in system.constants
    )
    return constant, sum(_paths(row) <= system.fields.keys() for row in rows) / max(1, len(rows))


def _paths(binding: Binding) -> Set[str]:
    """Return the fields that a binding's values stand in."""
    return {one.path for _, one in binding.change.parts} if binding.change else {binding.path}


def _shipped(target: str, source: str) -> Mapping[str, Binding]:
    try:
        return SHIPPED.bindings(target, source) if source else {}
    except FileNotFoundError:
        return {}


def _names(logsource: LogSource, source: str, shipped: Iterable[str]) -> list[str]:
    """Return the names that rules of a log source can use, as far as anybody knows them."""
    table = taxonomy(logsource)
    listed = [*SHIPPED.fields(source), *shipped, *(table.names if table else ())]
    return [name for name in dict.fromkeys(listed) if "*" not in name or name in shipped]


def _corresponding(system: System, binding: Binding | None, name: str) -> tuple[Mapping[str, Any], str] | None:
    """Return the row by the shipped correspondence, when the system has its path."""
    if binding is None or binding.change:
        return None
    path = binding.path
    if name.endswith(".*"):
        parent = system.fields.get(path.removesuffix(".*"))
        if parent is None or parent.type != "flattened":
            return None
        return {"path": path, "type": "flattened"}, "as shipped: every name below the object"
    plain = path.partition("[")[0]
    found = system.fields.get(path) or (system.fields.get(plain) if system.target == "falco" else None)
    if found is None:
        return None
    row = _row(system, found, binding)
    if system.target == "falco":
        row["path"] = path  # with its argument, which a list of fields does not have
    return row, "as shipped" + (f", {found.note}" if found.note else "")


def _is_asked(system: System, one: SystemField) -> bool:
    """Whether a condition can name a field as a list gives it: Falco's conditions here compare texts, and some fields need an argument."""
    text = not one.type or one.type.lower().startswith(("charbuf", "string", "fspath", "fsrelpath"))
    return system.target != "falco" or (text and not one.note)


def _row(system: System, one: SystemField, shipped: Binding | None) -> dict[str, Any]:
    """Return a field's row in the shipped format: the system's type, and of a shipped row what it says of the values."""
    row: dict[str, Any] = {"path": one.path}
    if system.target == "elastic":
        row["type"] = one.type
        if one.exact:
            row |= {
                "path": one.exact,
                "type": system.fields[one.exact].type if one.exact in system.fields else "keyword",
                "words": one.path,
            }
        elif one.caseless:
            row["caseless"] = one.caseless
        if shipped is not None and shipped.caseless in system.fields and "caseless" not in row and not shipped.field.lower:
            row["caseless"] = shipped.caseless
        if shipped is not None and shipped.ip and shipped.ip in system.fields and system.fields[shipped.ip].type == "ip":
            row["ip"] = shipped.ip
        if one.kept and one.kept != 1024 and row["type"] in ("keyword", "wildcard"):
            row["ignore_above"] = one.kept
    if one.note == "kept in lower case" or (shipped is not None and shipped.lowered):
        row["case"] = "lower"
    if shipped is not None:
        if system.target != "elastic" and shipped.type != "keyword":
            row["type"] = shipped.type
        said = {"list": shipped.list, "changed": list(shipped.changed), "digits": shipped.digits, "replaced": dict(shipped.replaced)}
        row |= {key: value for key, value in said.items() if value and (key in _KEPT or key == "replaced")}
    elif system.target == "falco":
        if one.list:
            row["list"] = True
        if one.path.startswith(("proc.", "fd.", "evt.", "user.", "group.", "thread.", "container.", "fs.", "k8s.")):
            row["type"] = "native"
    if system.target == "splunk":
        row = {key: value for key, value in row.items() if key in ("path", "type", "case", "changed")}
    return row


def _asked_too(system: System, guard: Mapping[str, Any]) -> str:
    """Return what to tell of a shipped condition whose value the system's answer does not show."""
    open_ones = {path: value for path, value in guard.items() if path in system.fields and path not in system.constants}
    if not open_ones:
        return ""
    asked = ", ".join(f"{path} {value}" for path, value in open_ones.items())
    return f"every query asks for {asked} too, as the shipped tables do; if your documents have other values, write your own 'guard:'"


def _guard(system: System, shipped: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the condition that selects the log source, where the shipped one asks for what the system does not have.

    A constant that the mapping names has its value from there.
    """
    guard = shipped.get("guard")
    if not guard or system.target == "splunk":
        return {}
    if set(guard) <= set(system.fields):
        told = {path: system.constants.get(path, value) for path, value in guard.items()}
        return {"guard": told} if told != dict(guard) else {}
    return {"guard": {path: system.constants.get(path, value) for path, value in guard.items() if path in system.fields}}
