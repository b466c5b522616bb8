"""The ``correlation`` and ``filter`` sections of Sigma documents, from YAML values to nouns.

Source: Sigma Correlation Rules 2.1.0, Sigma Filters 2.1.0.  As pySigma 1.5
reads them besides: one rule without a list, ``value_median``, ``percentile``,
a temporal condition in words, the units ``w``, ``M`` and ``y``, and
``rules: any`` of a filter.  Unlike pySigma, two comparisons are a range, as
the specification's text has it.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from typing import Final

from converter.formats import Map, Seq
from converter.ir import ConditionError, parse_condition
from converter.model import TYPES, UNITS, Correlation, Criterion, Diagnostic, Filter, Reference, Severity, Source

RULES: Final = 200
"""Rules that one correlation may refer to."""
_KEYS: Final = ("type", "rules", "timespan", "group-by", "condition", "aliases", "generate")
_CRITERIA: Final = ("gt", "gte", "lt", "lte", "eq", "neq")
_TEMPORAL: Final = ("temporal", "temporal_ordered")
_TIMESPAN: Final = re.compile(r"0*([1-9]\d{0,8})([smhdwMy])", re.ASCII)
_HIGHEST: Final = 10**15


class Sections:
    """Reads the sections of one document and collects what is wrong with them (R012, R013, R015)."""

    def __init__(self, source: Source) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._source = source

    def correlation(self, section: Map, offsets: int) -> Correlation | None:
        """Return a correlation section; ``None`` when something was told."""
        self._unknown(section, _KEYS, "correlation")
        kind = self._type(section, offsets)
        rules = self._references(section, offsets, required=kind not in _TEMPORAL or not isinstance(section.get("condition"), str))
        timespan = self._timespan(section, offsets)
        group_by = self._texts(section, "group-by")
        generate = section.get("generate", False)
        if not isinstance(generate, bool):
            self._wrong(
                _place(section, "generate"), "generate", "true or false", "write 'generate: true' to keep the rules as rules of their own"
            )
        criteria, expression, fields, percentile = self._condition(section, kind, offsets)
        if expression and not rules:
            rules = self._named(expression, _place(section, "condition"))
        aliases = self._aliases(section)
        if self.diagnostics:
            return None
        return Correlation(kind, rules, timespan, group_by, criteria, expression, fields, percentile, aliases, bool(generate))

    def filter(self, section: Map, offsets: int) -> Filter | None:
        """Return a filter section; ``None`` when something was told."""
        rules: tuple[Reference, ...] = ()
        if section.get("rules") != "any" and section.get("rules") != []:
            rules = self._references(section, offsets, required=True)
        if "condition" not in section:
            self._missing(offsets, "filter", "condition")
        elif not isinstance(section["condition"], str):
            self._wrong(_place(section, "condition"), "condition", "a text", "a filter has one condition, such as 'not selection'")
        return None if self.diagnostics else Filter(rules, _without(section, "rules"))

    def _type(self, section: Map, offsets: int) -> str:
        if "type" not in section:
            self._missing(offsets, "correlation", "type")
            return ""
        kind = section["type"]
        if kind not in TYPES:
            close = difflib.get_close_matches(str(kind), TYPES, n=1)
            help_text = f"did you mean '{close[0]}'?" if close else "one of: " + ", ".join(TYPES)
            self._tell("R012", _place(section, "type"), f"'{str(kind)[:60]}' is not a value of type", help_text)
            return ""
        return str(kind)

    def _references(self, section: Map, offsets: int, *, required: bool) -> tuple[Reference, ...]:
        if "rules" not in section:
            if required:
                self._missing(offsets, "the section", "rules")
            return ()
        value, place = section["rules"], _place(section, "rules")
        written = list(zip(value, value.offsets, strict=True)) if isinstance(value, Seq) else [(value, place)]
        if not written:
            self._wrong(place, "rules", "a list of ids or names", "name at least one rule")
        if len(written) > RULES:
            self._tell("R012", place, f"rules has {len(written)} entries, more than {RULES}", "split it into several")
            return ()
        found: dict[str, Reference] = {}
        for text, at in written:
            if not isinstance(text, str) or not text:
                self._wrong(at, "an entry of rules", "a text", "write the id or the name of a rule, in quotes if it looks like a number")
            elif text in found:
                self._tell("R012", at, f"'{text[:60]}' stands twice in rules", "name each rule once")
            else:
                found[text] = Reference(text, at)
        return tuple(found.values())

    def _named(self, expression: str, offsets: int) -> tuple[Reference, ...]:
        """Return the rules that a condition in words names, in its order."""
        words = [word for word in re.findall(r"[^\s()]+", expression) if word not in ("and", "or", "not")]
        return tuple(Reference(word, offsets) for word in dict.fromkeys(words))

    def _timespan(self, section: Map, offsets: int) -> int:
        if "timespan" not in section:
            self._missing(offsets, "correlation", "timespan")
            return 0
        found = _TIMESPAN.fullmatch(section["timespan"]) if isinstance(section["timespan"], str) else None
        if found is None:
            units = ", ".join(UNITS)
            message = f"'{str(section['timespan'])[:60]}' is no timespan"
            self._tell(
                "R012", _place(section, "timespan"), message, f"a whole number above 0 and one of {units}: 90m is one hour and a half"
            )
            return 0
        return int(found[1]) * UNITS[found[2]]

    def _condition(self, section: Map, kind: str, offsets: int) -> tuple[tuple[Criterion, ...], str, tuple[str, ...], float | None]:
        nothing: tuple[tuple[Criterion, ...], str, tuple[str, ...], float | None] = ((), "", (), None)
        if "condition" not in section:
            if kind and kind not in _TEMPORAL:
                self._missing(offsets, "correlation", "condition")
            return nothing
        value, place = section["condition"], _place(section, "condition")
        if isinstance(value, str):
            if kind and kind != "temporal":
                self._tell("R012", place, f"a condition in words is not for {kind}", "write a comparison, for example 'gte: 10' below it")
            self._words(value, place)
            return (), value, (), None
        if not isinstance(value, Map):
            self._wrong(place, "condition", "a map", "for example 'gte: 10' below it")
            return nothing
        self._unknown(value, (*_CRITERIA, "field", "percentile"), "condition")
        criteria = tuple(self._criteria(value))
        if not criteria and not any(name in value for name in _CRITERIA):
            self._tell("R013", place, "condition has no comparison", "add one of " + ", ".join(_CRITERIA))
        fields = self._texts(value, "field")
        if kind.startswith("value_") and not fields:
            self._tell("R013", place, f"condition has no 'field', which {kind} needs", "add 'field:' with the name of the field")
        if fields and kind and not kind.startswith("value_"):
            self._tell("R012", _place(value, "field"), f"{kind} counts no field", "remove 'field:', or use value_count")
        if len(fields) > 1 and kind.startswith("value_") and kind != "value_count":
            self._tell("R012", _place(value, "field"), f"{kind} measures one field", "name one field")
        return criteria, "", fields, self._percentile(value, kind)

    def _criteria(self, value: Map) -> Iterable[Criterion]:
        for name in _CRITERIA:
            if name not in value:
                continue
            number = value[name]
            if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number) or abs(number) > _HIGHEST:
                self._wrong(_place(value, name), name, "a number", "for example 'gte: 10'")
            else:
                yield Criterion(name, number)

    def _percentile(self, value: Map, kind: str) -> float | None:
        if "percentile" not in value:
            return None
        number = value["percentile"]
        if kind and kind != "value_percentile":
            self._tell("R012", _place(value, "percentile"), f"{kind} has no percentile", "remove it, or use value_percentile")
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 100:
            self._wrong(_place(value, "percentile"), "percentile", "a number from 0 to 100", "the median is 'percentile: 50'")
            return None
        return float(number)

    def _words(self, text: str, offsets: int) -> None:
        try:
            parse_condition(text)
        except ConditionError as error:
            self._tell("R012", offsets, f"the condition in words cannot be read: {error.message}", "for example 'rule_a and not rule_b'")
            return
        if re.search(r"\bof\b", text):
            self._tell("R012", offsets, "a condition in words names rules one by one", "for example 'rule_a and rule_b'")

    def _aliases(self, section: Map) -> dict[str, dict[str, str]]:
        value = section.get("aliases", Map())
        if not isinstance(value, Map):
            self._wrong(_place(section, "aliases"), "aliases", "a map", "write below it: ALIAS: {RULE: FIELD}")
            return {}
        found: dict[str, dict[str, str]] = {}
        for (alias, fields), place in zip(value.items(), value.offsets[1::2], strict=True) if value else ():
            if not isinstance(fields, Map) or not all(isinstance(one, str) and one for one in (*fields, *fields.values())):
                self._wrong(place, f"the alias '{str(alias)[:60]}'", "a map of rules to fields", "write below it: RULE: FIELD")
            else:
                found[str(alias)] = dict(fields)
        return found

    def _texts(self, section: Map, key: str) -> tuple[str, ...]:
        """Return a text, or a list of texts without repetition."""
        if key not in section:
            return ()
        value, place = section[key], _place(section, key)
        written = list(zip(value, value.offsets, strict=True)) if isinstance(value, Seq) else [(value, place)]
        for one, at in written:
            if not isinstance(one, str) or not one:
                self._wrong(at, key, "the name of a field, or a list of them", "put names in quotes that look like something else")
                return ()
        return tuple(dict.fromkeys(str(one) for one, _ in written))

    def _unknown(self, section: Map, known: tuple[str, ...], name: str) -> None:
        for key, place in zip(section, section.offsets[::2], strict=True):
            if key not in known:
                close = difflib.get_close_matches(str(key), known, n=1)
                help_text = f"did you mean '{close[0]}'?" if close else "known keys: " + ", ".join(known)
                self._tell("R015", place, f"unknown key '{str(key)[:60]}' in {name}", help_text)

    def _missing(self, offsets: int, name: str, key: str) -> None:
        self._tell("R013", offsets, f"{name} has no '{key}'", f"add '{key}:'")

    def _wrong(self, offsets: int, name: str, kind: str, help_text: str) -> None:
        self._tell("R012", offsets, f"{name} is not {kind}", help_text)

    def _tell(self, code: str, offsets: int, message: str, help_text: str) -> None:
        self.diagnostics.append(Diagnostic(code, Severity.ERROR, self._source.span(offsets), message, help=help_text))


def _place(section: Map, key: str) -> int:
    return section.offsets[2 * list(section).index(key) + 1]


def _without(section: Map, left_out: str) -> Map:
    pairs = zip(section.offsets[::2], section.offsets[1::2], strict=True)
    kept = [(key, value, pair) for (key, value), pair in zip(section.items(), pairs, strict=True) if key != left_out]
    found = Map({key: value for key, value, _ in kept})
    found.offsets = [place for _, _, pair in kept for place in pair]
    return found
