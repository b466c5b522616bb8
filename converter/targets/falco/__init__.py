"""Falco: a rules file for each rule, its condition on the fields of the event source's plugins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from converter.data import Source, tactic, technique
from converter.ir import And, Node, Not, Or
from converter.model import Artifact, Diagnostic, Loss, Rule, Severity
from converter.targets.contract import Capabilities, Compilation, Detection, Options, ResolvedRule
from converter.targets.envelope import render
from converter.targets.falco.condition import Printer, printed
from converter.targets.falco.facts import capabilities_of, facts
from converter.targets.falco.losses import losses, problems
from converter.targets.falco.output import output_of

_MARGIN: Final = 8
"""Parentheses that one atom may bring, calls included."""


@dataclass(frozen=True, slots=True)
class Falco:
    """The target: options are ``engine`` (the oldest Falco that must read the file), ``priority`` and ``output``."""

    name: str = "falco"
    base: str = "falco"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what Falco's condition language can express, as of the version in the options."""
        profile = _profile(options)
        return {"falco": capabilities_of(profile or facts()["profiles"]["default"])}

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return the condition and the output, or every reason why there is none."""
        profile = _profile(options)
        if not isinstance(rule.meaning, Detection):
            raise ValueError("an opaque rule has no condition to print")
        if profile is None:
            return _refused(rule, options, [_unknown_engine(rule.rule, options)])
        tree, printer, known = rule.meaning.tree, Printer(rule.rule, rule.fields), capabilities_of(profile)
        if _deep(tree):
            message = "the condition nests deeper than Falco reads"
            place = rule.rule.span("detection.condition")
            return _refused(rule, options, [Diagnostic("T306", Severity.ERROR, place, message, help="split the rule")])
        output = output_of(rule)
        found = problems(printer, tree, known)
        if isinstance(output, Diagnostic):
            return _refused(rule, options, [*found, output])
        if found:
            return _refused(rule, options, found)
        parts = {"condition": _guarded(rule.guard, printed(printer, tree), isinstance(tree, Or)), "output": output}
        lost = losses(printer, tree, known)
        needs = _needs(rule, parts, profile)
        return Compilation(rule.rule, self.name, "falco", parts, lost, needs=needs, resolved=rule, options=options)

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return a rules file for each rule; they can be loaded together, because no two rules have one name."""
        return [
            Artifact(f"{path}.yaml", render("falco/rules.yaml.j2", values_of(one, name)), (one.rule.id,))
            for one, path, name in zip(done, paths, names_of([one.rule for one in done]), strict=True)
        ]


TARGET: Final = Falco()


def _profile(options: Options) -> str | None:
    """Return the version of the ``engine`` option, ``None`` for one that the table does not have."""
    wanted = str(options.get("engine", facts()["profiles"]["default"]))
    return wanted if wanted in facts()["profiles"]["versions"] else None


def _guarded(guard: Mapping[str, Any], condition: str, loose: bool) -> str:
    """Return the condition behind what selects the log source's events among those of the event source."""
    checks = [
        f"{field} in ({', '.join(map(str, value))})" if isinstance(value, list) else f"{field} = {value}" for field, value in guard.items()
    ]
    return " and ".join((*checks, f"({condition})" if checks and loose else condition))


def _unknown_engine(rule: Rule, options: Options) -> Diagnostic:
    versions = ", ".join(facts()["profiles"]["versions"])
    message = f"'{options.get('engine')}' is no version of Falco that the tables know"
    return Diagnostic("T308", Severity.ERROR, rule.span("x-converter.targets.falco.engine"), message, help=f"use one of {versions}")


def _refused(rule: ResolvedRule, options: Options, found: list[Diagnostic]) -> Compilation:
    return Compilation(rule.rule, "falco", "falco", diagnostics=tuple(found), resolved=rule, options=options)


def _deep(tree: Node) -> bool:
    """Say whether the parentheses nest deeper than the engine reads, without recursion."""
    level: list[Node] = [tree]
    for _ in range(facts()["limits"]["parentheses"]["value"] - _MARGIN):
        level = [child for one in level for child in _children(one)]
        if not level:
            return False
    return True


def _children(tree: Node) -> tuple[Node, ...]:
    if isinstance(tree, And | Or):
        return tree.children
    return (tree.child,) if isinstance(tree, Not) else ()


def _needs(rule: ResolvedRule, parts: Mapping[str, str], profile: str) -> dict[str, Any]:
    own = rule.source.targets["falco"]
    plugins = list(own["plugins"])
    read = [*(binding.path for binding in rule.fields.values()), *re.findall(r"%[^%]+", parts["output"])]
    if any("jevt.value[" in text or "json.value[" in text for text in read):
        plugins.append(facts()["pointer_plugin"])
    engine = max(own["engine"], facts()["profiles"]["versions"][profile]["engine"], key=lambda text: tuple(map(int, text.split("."))))
    return {"engine": engine, "plugins": plugins}


def names_of(rules: Sequence[Rule]) -> list[str]:
    """Return a name for each rule, all different: the engine takes a second rule of one name for a change of the first.

    It is the title; where several rules have it, with the start of the
    rule's id behind it, or all of the id.
    """
    names = [_line(rule.title) or rule.id for rule in rules]
    # A name with all of its rule's id meets no other such name, so every round leaves fewer to change.
    for length in (8, *(36 for _ in rules)):
        counts = Counter(names)
        names = [
            name if counts[name] == 1 else f"{_line(rule.title)} ({rule.id[:length]})" for name, rule in zip(names, rules, strict=True)
        ]
        if len(set(names)) == len(names):
            break
    return names


def values_of(done: Compilation, name: str) -> dict[str, Any]:
    """Return what the templates say of a rule."""
    rule, resolved = done.rule, done.resolved
    if resolved is None:
        raise ValueError("a compilation without its resolved rule")
    own = rule.target("falco")
    return {
        "title": _line(rule.title),
        "id": rule.id,
        "name": name,
        "desc": _description(rule, done.losses),
        "priority": own.get("priority") or facts()["priorities"].get(rule.level, facts()["priority"]),
        "source": resolved.source.targets["falco"]["event_source"],
        "tags": _tags(rule, resolved.source),
        **done.needs,
        **done.parts,
    }


def _line(text: str) -> str:
    return " ".join(text.split())


def _description(rule: Rule, lost: Sequence[Loss]) -> str:
    """Return what a reader of the rule must know: rules files have no other place for it."""
    lines = [_line(rule.description) or _line(rule.title)]
    lines += [f"References: {', '.join(rule.references)}"] if rule.references else []
    lines += [f"False positives: {'; '.join(map(_line, rule.falsepositives))}"] if rule.falsepositives else []
    lines += [f"Author: {_line(rule.author)}"] if rule.author else []
    lines += [f"License: {rule.license}"] if rule.license else []
    lines += [f"Source: {rule.converter['source']}"] if rule.converter.get("source") else []
    lines += [f"Sigma rule: {rule.id}"]
    lines += [f"Accepted loss {one.code} ({one.direction.value}): {one.message}; {_line(one.accepted)}" for one in lost if one.accepted]
    return "\n".join(lines)


def _tags(rule: Rule, source: Source) -> list[str]:
    """Return the tags by which Falco's own rules are sorted: maturity, tactic, technique, workload."""
    maturity = facts()["maturity"].get(rule.status)
    found = [maturity] if maturity else []
    for tag in rule.tags:
        name = tag.removeprefix("attack.")
        if name == tag:
            continue
        if home := tactic(tag):
            found.append("mitre_" + home.shortname.replace("-", "_"))
        elif known := technique(tag):
            found.append(known.id)
        elif re.fullmatch(r"t\d{4}(\.\d{3})?", name):
            found.append(name.upper())
    workload = source.targets["falco"].get("tags") or facts()["sources"].get(source.id, {}).get("tags", ())
    return list(dict.fromkeys([*found, *workload]))
