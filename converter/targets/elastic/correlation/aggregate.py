"""Correlations as ES|QL pipes: what the rules' events have in common is counted or measured over all that a run sees.

A group's numbers over a look-back that is longer than the timespan are no
smaller than in any window, where they only count or add what is not negative:
the pipe is wider.  A mean, a percentile or a number that must not be reached
can be either.  An event without a value in a field to group by is left out,
one with several values is in the group of each.  ``COUNT`` behind a second
``STATS`` counts distinct values without rounding, which ``COUNT_DISTINCT``
does not.

Source: ES|QL reference, STATS, CASE ("evaluates to the value of the first
condition that is true"), MAX, SUM, MEDIAN, PERCENTILE; no engine of it was run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from converter.ir import Condition, Junction, Linked, Name, Negation, Selector, selected
from converter.model import Criterion, Fidelity, Loss
from converter.targets.contract import Capabilities, Correlation, Options
from converter.targets.elastic.correlation.keys import SHOWN, alike, are_apart, fields_of, input_of
from converter.targets.elastic.correlation.made import Made, loss, refusal
from converter.targets.elastic.correlation.threshold import lower_bound
from converter.targets.elastic.correlation.window import Window, counted, duration, window
from converter.targets.elastic.esql import LANGUAGE, name, where
from converter.targets.elastic.esql import source as from_indices

_OPERATORS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "==", "neq": "!="}
_NUMBERS: Final = ("long", "keyword", "constant_keyword", "wildcard")
"""Types of columns that hold numbers, or texts that can be some."""
_FIGURE: Final = "figure"
"""The column of what the condition is about."""


def aggregate(meaning: Correlation, options: Options, tables: Mapping[str, Capabilities]) -> Made:
    """Return a correlation as a pipe.

    Raises:
        Inexpressible: for a kind that a pipe cannot say, or a rule that ES|QL cannot.
    """
    linked = meaning.linked
    kind = linked.correlation.type
    if any(isinstance(part.meaning, Linked) for part in linked.parts):
        message = "a pipe of ES|QL counts events, not where another correlation holds"
        raise refusal(linked.rule, message, "correlate rules about single events", "correlation.rules")
    if kind == "temporal_ordered" or (kind == "value_percentile" and linked.correlation.percentile is None):
        what = "rules in an order" if kind == "temporal_ordered" else "how rare an event's own value is"
        raise refusal(linked.rule, f"a pipe of ES|QL cannot say {what}", "disable elastic for this rule", "correlation.type")
    conditions, lost = _conditions(meaning, tables)
    seen = window(linked.correlation, options)
    keys = _Keys(meaning, conditions, list(dict.fromkeys(linked.correlation.group_by)))
    figures, asked, more = _figures(meaning, conditions, keys, seen)
    lines = [
        from_indices(meaning.inputs[linked.parts[0].rule.id].rule, tuple(options.get("index", ()) or _indices(meaning))),
        f"| WHERE {_any(conditions)}",
        *keys.lines,
        *figures,
        f"| WHERE {asked}",
    ]
    return Made(
        LANGUAGE,
        {"query": "\n".join(lines)},
        (*lost, *keys.losses, *more),
        {"kind": "esql", **seen.settings},
    )


def _indices(meaning: Correlation) -> list[str]:
    needs = (one.rule.source.targets["elastic"] for one in meaning.inputs.values())
    return list(dict.fromkeys(index for one in needs for index in one.get("index", ())))


def _conditions(meaning: Correlation, tables: Mapping[str, Capabilities]) -> tuple[tuple[str, ...], tuple[Loss, ...]]:
    """Return the condition of each rule, in the correlation's order, and what they lose."""
    found = [where(one.rule, one.tree, tables[LANGUAGE]) for one in (input_of(meaning, part) for part in meaning.linked.parts)]
    return tuple(text for text, _ in found), tuple(one for _, several in found for one in several)


def _any(conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else "\n  OR ".join(f"({one})" for one in dict.fromkeys(conditions))


class _Keys:
    """The columns of a pipe's groups: the fields, or new columns where the rules have the values in different ones."""

    def __init__(self, meaning: Correlation, conditions: Sequence[str], names: Sequence[str]) -> None:
        self.meaning, self.conditions = meaning, conditions
        self.evals: list[str] = []
        self.losses: list[Loss] = []
        self.columns = [column for number, one in enumerate(names, 1) for column in self.of(one, f"group_{number}")]

    def of(self, name_: str, new: str) -> list[str]:
        """Return the columns of a name, a new one where it is not the same for all rules."""
        linked = self.meaning.linked
        several = [fields_of(self.meaning, linked, part, (name_,), SHOWN) for part in linked.parts]
        paths = [one[0].path for one in several]
        if all([one.path for one in found] == [one.path for one in several[0]] for found in several):
            return [name(one.path) for one in several[0]]
        alike(self.meaning, several)
        if len(several[0]) > 1:
            message = f"the rules have the parts of '{name_}' in different fields"
            raise refusal(linked.rule, message, "use a field that both have whole", "correlation.group-by")
        cases = ", ".join(f"{condition}, {name(path)}" for condition, path in zip(self.conditions, paths, strict=True))
        self.evals.append(f"| EVAL {new} = CASE({cases})")
        if not are_apart([input_of(self.meaning, part) for part in linked.parts]):
            message = f"'{name_}' is another field for each rule, and of an event that several rules match only one is taken"
            self.losses.append(loss(linked.rule, "T135", "correlation.group", Fidelity.NARROWER, message, "group-by"))
        return [new]

    @property
    def lines(self) -> list[str]:
        """The commands that make the columns, and leave out what is in no group."""
        present = [f"| WHERE {' AND '.join(f'{one} IS NOT NULL' for one in self.columns)}"] if self.columns else []
        return [*self.evals, *present]

    @property
    def by(self) -> str:
        """What stands behind the figures."""
        return f" BY {', '.join(dict.fromkeys(self.columns))}" if self.columns else ""


def _figures(meaning: Correlation, conditions: Sequence[str], keys: _Keys, seen: Window) -> tuple[list[str], str, tuple[Loss, ...]]:
    """Return the commands that count or measure, what is asked of the figure, and what is lost."""
    linked = meaning.linked
    correlation = linked.correlation
    if correlation.type == "temporal":
        return _together(meaning, conditions, keys, seen)
    if correlation.type == "event_count":
        lines = [f"| STATS {_FIGURE} = COUNT(*){keys.by}"]
    elif correlation.type == "value_count":
        columns = _columns(keys, linked)
        by = ", ".join(dict.fromkeys([*keys.columns, *columns]))
        present = " AND ".join(f"{one} IS NOT NULL" for one in columns)
        lines = [f"| WHERE {present}", f"| STATS events = COUNT(*) BY {by}", f"| STATS {_FIGURE} = COUNT(*){keys.by}"]
    else:
        return _measured(meaning, keys, seen)
    least = [one for one in correlation.criteria if one.operator in ("gt", "gte", "eq")]
    if not least:
        # Without a group there is a row for no events too.
        return lines, f"{_FIGURE} > 0 AND {_asked(correlation.criteria)}", _at_the_end(linked, seen, "the number is asked for")
    number, lost = lower_bound(linked)
    return lines, f"{_FIGURE} >= {number}", (*lost, *counted(linked.rule, seen, correlation.timespan))


def _columns(keys: _Keys, linked: Linked) -> list[str]:
    before = len(keys.evals)
    names = enumerate(dict.fromkeys(linked.correlation.fields), 1)
    columns = [column for number, one in names for column in keys.of(one, f"value_{number}")]
    if len(keys.evals) > before:
        message = "the rules have the values that are counted or measured in different fields"
        raise refusal(linked.rule, message, "correlate rules of one log source", "correlation.condition")
    return columns


def _measured(meaning: Correlation, keys: _Keys, seen: Window) -> tuple[list[str], str, tuple[Loss, ...]]:
    """Return a sum, a mean or a percentile of the numbers at a field."""
    linked = meaning.linked
    correlation = linked.correlation
    if len(correlation.fields) != 1:
        raise refusal(linked.rule, "ES|QL measures the numbers of one field", "name one field", "correlation.condition")
    column, *others = _columns(keys, linked)
    if others:
        raise refusal(linked.rule, "the values to measure are kept in parts, which are no numbers", "name a field of numbers")
    binding = fields_of(meaning, linked, linked.parts[0], correlation.fields, _NUMBERS)[0]
    number = column if binding.type == "long" else f"TO_DOUBLE({column})"
    single = not binding.many
    upward = any(one.operator in ("gt", "gte", "eq") for one in correlation.criteria)
    if correlation.type == "value_sum" and single and upward:
        least = [one for one in correlation.criteria if one.operator in ("gt", "gte", "eq")]
        asked = [Criterion("gte" if one.operator == "eq" else one.operator, one.value) for one in least]
        lost = counted(linked.rule, seen, correlation.timespan)
        if len(least) < len(correlation.criteria) or asked != least:
            message = "only the least sum is asked for: the upper bound of the condition is left out"
            lost = (loss(linked.rule, "T132", "correlation.bound", Fidelity.WIDER, message, "condition"), *lost)
        lines = [f"| EVAL amount = CASE({number} > 0, {number}, 0)", f"| STATS {_FIGURE} = SUM(amount){keys.by}"]
        return lines, _asked(asked), lost
    function = {
        "value_sum": f"SUM({number})",
        "value_avg": f"AVG({number})",
        "value_median": f"MEDIAN({number})",
        "value_percentile": f"PERCENTILE({number}, {correlation.percentile or 0:g})",
    }[correlation.type]
    return [f"| STATS {_FIGURE} = {function}{keys.by}"], _asked(correlation.criteria), _at_the_end(linked, seen, "the figure is taken")


def _asked(criteria: Sequence[Criterion]) -> str:
    return " AND ".join(f"{_FIGURE} {_OPERATORS[one.operator]} {one.value}" for one in criteria)


def _at_the_end(linked: Linked, seen: Window, what: str) -> tuple[Loss, ...]:
    """Return what is lost where a figure over more events can meet a condition less (T131)."""
    message = (
        f"{what} once, over all events since {seen.begin} at each run, every {seen.interval}, "
        f"and not at each event over the last {duration(linked.correlation.timespan)}"
    )
    return (loss(linked.rule, "T131", "correlation.window", Fidelity.MIXED, message, "timespan"),)


def _together(meaning: Correlation, conditions: Sequence[str], keys: _Keys, seen: Window) -> tuple[list[str], str, tuple[Loss, ...]]:
    """Return which rules have an event in the group."""
    linked = meaning.linked
    marks = [f"rule_{number}" for number in range(1, len(conditions) + 1)]
    evals = [f"| EVAL {mark} = CASE({condition}, 1, 0)" for mark, condition in zip(marks, conditions, strict=True)]
    lines = [*evals, f"| STATS {', '.join(f'{mark} = MAX({mark})' for mark in marks)}{keys.by}"]
    wider = counted(linked.rule, seen, linked.correlation.timespan)
    if linked.expression is not None:
        places = dict(zip((part.reference for part in linked.parts), marks, strict=True))
        lost = _at_the_end(linked, seen, "the condition is asked") if _negates(linked.expression) else wider
        return lines, _words(linked.expression, places), lost
    if linked.correlation.criteria:
        number, dropped = lower_bound(linked)
        return [*lines, f"| EVAL {_FIGURE} = {' + '.join(marks)}"], f"{_FIGURE} >= {number}", (*dropped, *wider)
    return lines, " AND ".join(f"{mark} == 1" for mark in marks), wider


def _negates(expression: Condition) -> bool:
    match expression:
        case Negation():
            return True
        case Junction():
            return any(map(_negates, expression.operands))
    return False


def _words(expression: Condition, places: Mapping[str, str]) -> str:
    """Return a condition in words over the columns that say which rules have an event."""
    match expression:
        case Name(reference):
            return f"{places[reference]} == 1"
        case Selector():
            chosen = [f"{places[one]} == 1" for one in selected(expression.pattern, tuple(places))]
            return f"({(' AND ' if expression.every else ' OR ').join(chosen)})"
        case Negation(operand):
            return f"NOT ({_words(operand, places)})"
        case Junction():
            return f"({f' {expression.word.upper()} '.join(_words(one, places) for one in expression.operands)})"
    assert_never(expression)
