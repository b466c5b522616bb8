"""One detection rule as its file says it, under the names of Kibana's API, with the place of every key and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from converter.formats import Map, Seq
from converter.model import Diagnostic, Severity, Source
from converter.readers.elastic_rules.facts import form
from converter.readers.elastic_rules.threat import threat_problems
from converter.readers.schema import check, schema

_TEXTS = ("name", "description", "type", "query", "license", "rule_id", "severity")
_LISTS = ("author", "references", "false_positives")
_REQUIRED = ("name", "description", "type", "risk_score", "severity")


@dataclass(frozen=True, slots=True)
class ElasticRule:
    """A rule whose values have the form that Kibana asks for.

    ``values`` are the rule's keys, ``offsets`` where they stand;
    ``metadata`` and ``transform`` are the tables of those names in a TOML
    file, empty in other forms.  ``is_wrapped`` says that long texts are
    wrapped at a column, as the vendor's formatter does.
    """

    source: Source
    values: Map
    offsets: int
    metadata: Map
    transform: Map
    is_wrapped: bool = False

    def key_at(self, key: str) -> int:
        """Return the offsets of a key; of the whole rule when it has no such key."""
        return self.values.offsets[2 * list(self.values).index(key)] if key in self.values else self.offsets

    def value_at(self, key: str) -> int:
        """Return the offsets of a key's value; of the whole rule when it has no such key."""
        return self.values.offsets[2 * list(self.values).index(key) + 1] if key in self.values else self.offsets

    def text(self, key: str) -> str:
        """Return a text; empty when the rule has none."""
        value = self.values.get(key)
        return "" if value is None else str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self.values.get(key) or ())

    @property
    def kind(self) -> str:
        """The rule's type."""
        return self.text("type")

    @property
    def language(self) -> str:
        """The language of the query, as Kibana takes it when the rule does not say; empty for a rule without a query."""
        return str(self.values.get("language") or form().kinds[self.kind].language)

    def tell(self, code: str, severity: Severity, key: str, message: str, help: str = "") -> Diagnostic:
        """Return a diagnostic at a key's value."""
        return Diagnostic(code, severity, self.source.span(self.value_at(key)), message, help=help)


def checked(rule: ElasticRule) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a rule's values: each an error, as Kibana would refuse the rule (R120, R121, R122)."""
    found: list[Diagnostic] = []
    missing = [key for key in _REQUIRED if rule.values.get(key) in (None, "")]
    if missing:
        at = rule.source.span(rule.offsets)
        found.append(Diagnostic("R121", Severity.ERROR, at, f"the rule has no {', no '.join(missing)}", help="add what is missing"))
    for key in _TEXTS:
        if rule.values.get(key) is not None and not isinstance(rule.values[key], str):
            found.append(_wrong(rule, key, "a text"))
    for key in _LISTS:
        one = Seq() if rule.values.get(key) is None else rule.values[key]
        if not isinstance(one, Seq) or not all(isinstance(text, str) for text in one):
            found.append(_wrong(rule, key, "a list of texts"))
    if not found:
        found += _kind_problems(rule)
    return tuple(found)


def _kind_problems(rule: ElasticRule) -> list[Diagnostic]:
    kinds = form().kinds
    if rule.kind not in kinds:
        return [rule.tell("R122", Severity.ERROR, "type", f"'{rule.kind[:60]}' is no type of rule", "one of: " + ", ".join(kinds))]
    kind, found = kinds[rule.kind], []
    if rule.values.get("language") is not None and rule.values["language"] not in kind.languages:
        words = " or ".join(one for one in kind.languages if one)
        message = f"a rule of type {rule.kind} has the language {words}, not {str(rule.values['language'])[:40]!r}"
        message = message if words else f"a rule of type {rule.kind} has no language"
        found.append(rule.tell("R122", Severity.ERROR, "language", message, "put the language right"))
    lacks = [one for one in kind.needs if rule.values.get(_key(one), rule.values.get(one)) in (None, "", [])]
    if lacks:
        at = rule.source.span(rule.key_at("type"))
        found.append(
            Diagnostic("R121", Severity.ERROR, at, f"a rule of type {rule.kind} has no {', no '.join(lacks)}", help="add what is missing")
        )
    severities = schema("rule")["$defs"]["severity"]["enum"]
    if rule.text("severity") not in severities:
        message = f"'{rule.text('severity')[:60]}' is no severity"
        found.append(rule.tell("R122", Severity.ERROR, "severity", message, "one of: " + ", ".join(severities)))
    version = 1 if rule.values.get("version") is None else rule.values["version"]
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        found.append(_wrong(rule, "version", "a whole number above 0"))
    return [
        *found,
        *threat_problems(Seq() if rule.values.get("threat") is None else rule.values["threat"], rule.source, rule.value_at("threat")),
    ]


def _key(name: str) -> str:
    """Return the key of the API under which a need of ``form.yml`` stands in an export."""
    return {"new_terms": "new_terms_fields"}.get(name, name)


def _wrong(rule: ElasticRule, key: str, kind: str) -> Diagnostic:
    return rule.tell("R121", Severity.ERROR, key, f"{key} is not {kind}", "write it as Kibana exports it")


def known_keys(rule: ElasticRule) -> tuple[Map, dict[str, Any]]:
    """Return the rule's keys that ``x-converter.targets.elastic`` types, with their places, and verbatim those that nobody knows."""
    properties = schema("rule")["$defs"]["elastic"]["properties"]
    own = {"enabled", "reason", "accept", "kind", "opaque", "integration", "metadata", "transform", "extra", "language"}
    known, places, extra = Map(), list[int](), {}
    for at, (key, value) in enumerate(rule.values.items()):
        if key in form().header or key in form().managed or value is None:
            continue
        if key in properties and key not in own:
            known[key] = _current(key, value, rule.values.offsets[2 * at + 1])
            places += rule.values.offsets[2 * at : 2 * at + 2]
        elif key != "language":
            extra[key] = value
    known.offsets = places
    if rule.kind == "new_terms":
        _add_new_terms(known, rule)
    return known, extra


def _add_new_terms(known: Map, rule: ElasticRule) -> None:
    """Add the parameters of new terms in one form: a repository's file nests them, an export has two keys."""
    nested = rule.values.get("new_terms")
    if isinstance(nested, Map):
        window = nested.get("history_window_start")
        first = window[0] if isinstance(window, Seq) and window else window
        given = {
            "fields": nested.get("value", nested.get("fields")),
            "history_window_start": first.get("value") if isinstance(first, Map) else first,
        }
        place = rule.value_at("new_terms")
        places = [place] * 4
    else:
        given = {"fields": rule.values.get("new_terms_fields"), "history_window_start": rule.values.get("history_window_start")}
        place = rule.value_at("new_terms_fields")
        places = [place, place, *[rule.value_at("history_window_start")] * 2]
    made = Map(given)
    made.offsets = places
    known["new_terms"] = made
    known.offsets += (place, place)


def _current(key: str, value: Any, offsets: int) -> Any:  # noqa: ANN401 - any TOML or JSON value
    """Return a value in Kibana's current form: what may be one text or a list is a list."""
    if key == "machine_learning_job_id" and isinstance(value, str):
        return _listed(value, offsets)
    if key == "threshold" and isinstance(value, Map) and isinstance(value.get("field"), str):
        made = Map(value)
        made.offsets = value.offsets
        made["field"] = _listed(value["field"], offsets) if value["field"] else _listed(None, offsets)
        return made
    return value


def _listed(value: str | None, offsets: int) -> Seq:
    made = Seq([] if value is None else [value])
    made.offsets = [offsets] * len(made)
    return made


def misfits(known: Map, rule: ElasticRule) -> tuple[Diagnostic, ...]:
    """Return what the known keys' values have against Kibana's forms, each at its place (R012, R013, R015)."""
    return check(known, "rule", rule.source, rule.offsets, "elastic")
