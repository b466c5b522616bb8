"""falco-rules: the rules of a pack in one rules file, loaded instead of the files of single rules.

Its head asks for the newest engine and every plugin that any of the rules
asks for: Falco refuses a file whose plugins are not loaded, so rules of
several event sources are better packaged apart, by naming their paths.

Source: falco 13074749 userspace/engine/rule_loader_reader.cpp:443-560.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from converter.model import Artifact
from converter.targets.contract import Capabilities, Compilation, Options, ResolvedRule
from converter.targets.envelope import render
from converter.targets.falco import TARGET as FALCO
from converter.targets.falco import names_of, values_of

FILE: Final = "rules.yaml"


@dataclass(frozen=True, slots=True)
class RulesFile:
    """The package target; it has no options of its own."""

    name: str = "falco-rules"
    base: str = "falco"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what Falco's condition language can express."""
        return FALCO.capabilities(options)

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return what Falco makes of a rule."""
        return FALCO.compile(rule, options)

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return one rules file."""
        if not done:
            return []
        rules = [one.rule for one in done]
        values = {
            "engine": max((one.needs["engine"] for one in done), key=_numbers),
            "plugins": _plugins(one.needs["plugins"] for one in done),
            "rules": [values_of(one, name) for one, name in zip(done, names_of(rules), strict=True)],
        }
        return [Artifact(FILE, render("falco/pack.yaml.j2", values), tuple(rule.id for rule in rules))]


TARGET: Final = RulesFile()


def _plugins(needed: Iterable[Sequence[Mapping[str, str]]]) -> list[dict[str, str]]:
    """Return each plugin once, with the newest version that a rule asks for, by name."""
    found: dict[str, str] = {}
    for plugins in needed:
        for plugin in plugins:
            name, version = plugin["name"], plugin["version"]
            found[name] = max(found.get(name, version), version, key=_numbers)
    return [{"name": name, "version": found[name]} for name in sorted(found)]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
