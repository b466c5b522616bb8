"""Read a Falco rules file: lists, macros and rules, with the versions that it asks for.

The file is untrusted: the YAML reader bounds it, and what would change a
rule defined elsewhere (``override``, ``append``, ``exceptions``) is refused
by name, because this reader sees one file alone.

Source: falco 13074749 userspace/engine/rule_loader_reader.cpp:443-965 and
rule_loader_compiler.cpp:181-300.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from converter.formats import Document, Map, Seq
from converter.formats import read as read_yaml
from converter.languages.falco.check import check, check_operand
from converter.languages.falco.fields import FieldType
from converter.languages.falco.output import Output, read_output
from converter.languages.falco.place import Place, entry, scalar, scalars
from converter.languages.falco.read import read
from converter.languages.falco.references import substituted
from converter.languages.falco.syntax import NEWEST, Condition, Macro
from converter.model import Diagnostic, Severity, Source, has_errors, node, ordered

PRIORITIES: Final = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG")
"""From the worst to the least."""
_REFUSED: Final = frozenset(("override", "append", "exceptions"))
_KNOWN: Final = {
    "required_engine_version": frozenset(("required_engine_version",)),
    "required_plugin_versions": frozenset(("required_plugin_versions",)),
    "list": frozenset(("list", "items")),
    "macro": frozenset(("macro", "condition")),
    "rule": frozenset(
        (
            "rule", "condition", "output", "desc", "priority", "source", "enabled", "tags", "warn_evttypes",
            "skip-if-unknown-filter", "capture", "capture_duration",
        )
    ),
}  # fmt: skip
_LIST_NAME: Final = re.compile("[^()\"'\\s=,]+")
_MACRO_NAME: Final = re.compile("[a-zA-Z]+[a-zA-Z0-9_]*")
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")
ITEMS: Final = 100_000
"""Items of the lists of a file, one list inside another counted again."""


@node
class Plugin:
    """A plugin that the rules need: its name and the least version, and those that may stand for it."""

    name: str
    version: str
    alternatives: tuple[Plugin, ...] = ()


@node
class FalcoRule:
    """A rule: its condition with lists and macros resolved, its output in pieces.

    ``priority`` is one of ``PRIORITIES``; ``source`` is the event source.
    """

    name: str
    condition: Condition
    output: Output
    desc: str
    priority: str
    source: str
    tags: tuple[str, ...]
    enabled: bool
    place: Place
    condition_place: Place
    output_place: Place


@node
class RulesFile:
    """What a rules file says; ``warnings`` do not stop the engine from loading it."""

    source: Source
    engine_version: str
    plugins: tuple[Plugin, ...]
    lists: Mapping[str, tuple[str, ...]]
    macros: Mapping[str, Condition]
    rules: tuple[FalcoRule, ...]
    warnings: tuple[Diagnostic, ...]


def read_rules(data: bytes, path: str, *, profile: str = NEWEST) -> RulesFile | tuple[Diagnostic, ...]:
    """Return what the file says, or everything that is wrong with it (R00x of the YAML reader, R220 to R224, R228, R229)."""
    documents = read_yaml(data, path)
    if isinstance(documents, Diagnostic):
        return (documents,)
    reader = _Reader(profile)
    if len(documents) != 1 or not isinstance(documents[0].value, Seq):
        source = documents[0].source if documents else Source(path, "")
        return (Diagnostic("R229", Severity.ERROR, source.start, "a rules file is one list of entries", help="begin each entry with '- '"),)
    file = reader.file(documents[0])
    return ordered(reader.found) if has_errors(reader.found) else replace(file, warnings=ordered(reader.found))


def check_rule(rule: FalcoRule, fields: Mapping[str, FieldType]) -> tuple[Diagnostic, ...]:
    """Return what the engine's compiler refuses in a rule's condition and output (R225 to R228).

    Args:
        rule: as ``read_rules`` returned it.
        fields: the fields of the rule's event source, by name.
    """
    found: list[Diagnostic] = []
    problem = check(rule.condition, fields)
    if problem is not None:
        found.append(rule.condition_place.located(problem))
    for piece in rule.output:
        refused = None if isinstance(piece, str) else check_operand(piece, fields, rule.output_place.text)
        if refused is not None:
            found.append(rule.output_place.located(refused))
    return ordered(found)


class _Reader:
    """Collects the entries of a file; ``found`` is what is wrong with it."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.found: list[Diagnostic] = []
        self.engine_version = ""
        self.plugins: tuple[Plugin, ...] = ()
        self.lists: dict[str, tuple[str, ...]] = {}
        self.macros: dict[str, Condition] = {}
        self._size = 0

    def file(self, document: Document) -> RulesFile:
        """Read the entries: all lists first, because conditions may name a list that comes later."""
        source = document.source
        kinds: dict[str, list[tuple[Map, Place]]] = {kind: [] for kind in _KNOWN}
        for value, offsets in zip(document.value, document.value.offsets, strict=True):
            place = Place(source, offsets)
            kind = self._kind(value, place)
            if kind and isinstance(value, Map):
                kinds[kind].append((value, place))
        for value, place in kinds["required_engine_version"]:
            self._engine(value, place)
        for value, place in kinds["required_plugin_versions"]:
            self._plugins(value, place)
        for value, place in kinds["list"]:
            self._list(value, place)
        for value, place in kinds["macro"]:
            self._macro(value, place)
        rules = [rule for value, place in kinds["rule"] if (rule := self._rule(value, place)) is not None]
        self._repeated([(rule.name, rule.place) for rule in rules], "rule")
        return RulesFile(
            source, self.engine_version, self.plugins, MappingProxyType(self.lists), MappingProxyType(self.macros), tuple(rules), ()
        )

    def _say(self, place: Place, message: str, instead: str, severity: Severity = Severity.ERROR) -> None:
        self.found.append(Diagnostic("R229", severity, place.span, message, help=instead))

    def _kind(self, value: object, place: Place) -> str:
        """Return which kind of entry this is, or ``""`` after telling why it is none."""
        if not isinstance(value, Map):
            self._say(place, "an entry must be a map", "begin it with rule, macro or list")
            return ""
        kind = next((kind for kind in _KNOWN if kind in value), "")
        if not kind:
            self._say(place, "an entry without rule, macro, list or a required version", "name what it defines")
            return ""
        for key in value:
            if key in _REFUSED:
                self._say(entry(value, key, place), f"{key} is not read: it changes a rule of another file", "write the whole entry")
            elif key not in _KNOWN[kind]:
                self._say(entry(value, key, place), f"unknown key {key} in a {kind}", "the engine ignores it", Severity.WARNING)
        return kind

    def _text(self, value: Map, key: str, place: Place, *, required: bool = True) -> str:
        """Return a scalar as written; tell when it is missing, empty or no scalar."""
        found = scalar(value, key, place)
        if found is None and key in value:
            self._say(entry(value, key, place), f"{key} must be a text", "write one value")
        elif required and not found:
            self._say(place, f"{key} is missing or empty", "add it")
        return found or ""

    def _engine(self, value: Map, place: Place) -> None:
        text = self._text(value, "required_engine_version", place)
        version = f"0.{text}.0" if text.isdecimal() else text
        if text and not _VERSION.fullmatch(version):
            self._say(entry(value, "required_engine_version", place), f"'{text}' is no engine version", "write one like 0.31.0")
        self.engine_version = version

    def _plugins(self, value: Map, place: Place) -> None:
        self.plugins += self._plugin_list(value, "required_plugin_versions", place, nested=True)

    def _plugin_list(self, value: Map, key: str, place: Place, *, nested: bool) -> tuple[Plugin, ...]:
        listed = value[key]
        where = entry(value, key, place)
        if not isinstance(listed, Seq) or not all(isinstance(one, Map) for one in listed):
            self._say(where, f"{key} must be a list of maps", "write name and version of each plugin")
            return ()
        plugins: list[Plugin] = []
        for one in listed:
            name, version = self._text(one, "name", where), self._text(one, "version", where)
            if version and not _VERSION.fullmatch(version):
                self._say(where, f"'{version}' is no plugin version", "write one like 0.7.0")
            others = self._plugin_list(one, "alternatives", where, nested=False) if nested and "alternatives" in one else ()
            plugins.append(Plugin(name, version, others))
        return tuple(plugins)

    def _list(self, value: Map, place: Place) -> None:
        name = self._text(value, "list", place)
        items = value.get("items")
        if not isinstance(items, Seq):
            self._say(place, f"list {name} needs items", "write a list of texts")
            return
        if name and not _LIST_NAME.fullmatch(name):
            self._say(place, f"'{name}' is no list name", "use letters, digits and underscores")
        if name in self.lists:
            self._say(place, f"list {name} is defined twice", "the engine keeps the last; rename one")
        values: list[str] = []
        for text in scalars(items, place):
            if text is None:
                self._say(place, f"list {name}: an item must be a text", "write one value for each item")
                return
            values.extend(self.lists.get(text, (text,)))
        self._size += len(values)
        if self._size > ITEMS:
            self._say(place, f"the file's lists have more than {ITEMS} items", "use shorter lists")
            return
        self.lists[name] = tuple(values)

    def _macro(self, value: Map, place: Place) -> None:
        name = self._text(value, "macro", place)
        if name and not _MACRO_NAME.fullmatch(name):
            self._say(place, f"'{name}' is no macro name", "use letters, digits and underscores")
        condition, where = self._condition(value, place, f"macro {name}")
        if name in self.macros:
            self._say(place, f"macro {name} is defined twice", "the engine keeps the last; rename one")
        # A macro that was refused still has its name: what uses it is not to blame.
        self.macros[name] = condition or Condition(where.text, Macro(name), self.profile, 1)

    def _condition(self, value: Map, place: Place, owner: str) -> tuple[Condition | None, Place]:
        """Return the condition with its lists and macros, and where it stands."""
        text = self._text(value, "condition", place)
        where = replace(entry(value, "condition", place), written=text)
        if not text:
            return None, where
        changed = substituted(text, self.lists, where.span)
        if isinstance(changed, Diagnostic):
            self.found.append(changed)
            return None, where
        where = replace(where, text=Source(f"{where.source.path} ({owner})", changed))
        condition = read(changed, where.text.path, profile=self.profile, macros=self.macros)
        if isinstance(condition, Diagnostic):
            self.found.append(where.located(condition))
            return None, where
        return condition, where

    def _rule(self, value: Map, place: Place) -> FalcoRule | None:
        name = self._text(value, "rule", place)
        if _REFUSED & value.keys():
            return None
        desc, text = self._text(value, "desc", place), self._text(value, "output", place)
        source = self._text(value, "source", place, required=False) or "syscall"
        condition, condition_place = self._condition(value, place, f"rule {name}")
        output_place = replace(entry(value, "output", place), written=text, text=Source(f"{place.source.path} (rule {name})", text))
        output = read_output(text, output_place.text.path, profile=self.profile)
        if isinstance(output, Diagnostic):
            self.found.append(output_place.located(output))
        level, tags, enabled = self._priority(value, place), self._tags(value, place), self._enabled(value, place)
        if condition is None or isinstance(output, Diagnostic):
            return None
        return FalcoRule(
            name, condition, output, desc, level, source, tags, enabled, entry(value, "rule", place), condition_place, output_place
        )

    def _priority(self, value: Map, place: Place) -> str:
        priority = self._text(value, "priority", place)
        level = {"INFO": "INFORMATIONAL"}.get(priority.upper(), priority.upper())
        if priority and level not in PRIORITIES:
            self._say(entry(value, "priority", place), f"'{priority}' is no priority", f"one of {', '.join(PRIORITIES)}")
        return level

    def _enabled(self, value: Map, place: Place) -> bool:
        enabled = value.get("enabled", True)
        if not isinstance(enabled, bool):
            self._say(entry(value, "enabled", place), "enabled must be true or false", "write one of the two")
        return enabled is True

    def _tags(self, value: Map, place: Place) -> tuple[str, ...]:
        if "tags" not in value:
            return ()
        tags = value["tags"]
        texts = scalars(tags, place) if isinstance(tags, Seq) else [None]
        if None in texts:
            self._say(entry(value, "tags", place), "tags must be a list of texts", "write [a, b]")
        return tuple(tag for tag in texts if tag is not None)

    def _repeated(self, named: list[tuple[str, Place]], kind: str) -> None:
        seen: set[str] = set()
        for name, place in named:
            if name in seen:
                self._say(place, f"{kind} {name} is defined twice", "the engine keeps the last; rename one")
            seen.add(name)
