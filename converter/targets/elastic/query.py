"""Elastic: print a resolved rule as KQL, in the subset that every known KQL parser reads alike.

Lower-case operators, every literal quoted unless it has a wildcard, no ``not``
inside a value list, parentheses around every mixed group.  KQL has neither
``?`` nor regular expressions nor a comparison without regard to case; a text
is asked of the field's caseless multi-field, in lower case, where it has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Network
from typing import Final, assert_never

from converter.data import Binding
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Test,
    Text,
    TimePart,
    Wild,
    feature,
    feature_of_test,
    fits,
    fold,
    scalar_text,
)
from converter.model import Diagnostic, Fidelity, Loss, Severity
from converter.targets.contract import Capabilities, Inexpressible, ResolvedRule

IGNORE_ABOVE: Final = 1024
"""Characters of a keyword that the index keeps; a longer value is not indexed."""
LONG: Final = 2**63
"""Where a long ends; Elasticsearch refuses a query that orders by a number beyond it, and finds none equal to it."""
WHOLE: Final = ("keyword", "wildcard")
"""Types whose index holds whole texts, with regard to case."""
TEXTUAL: Final = (*WHOLE, "flattened")
"""Types whose index holds every value as its text."""
_SPECIAL: Final = re.compile(r'[\\():<>"*{}]')
_WRAPPED: Final = "::ffff:0:0/96"
_OPERATORS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


FILTERS: Final = "neither KQL nor a filter can"
"""Who is named where a filter was the last resort."""
EVERYTHING: Final = "*:*"
"""The query of a rule whose filters say all of it."""


def query(resolved: ResolvedRule, parts: Sequence[Node]) -> str:
    """Return KQL of the log source's guard and these conjuncts, one a line.

    Raises:
        Inexpressible: for the first atom that KQL cannot say.
    """
    return joined(resolved, [operand(part, resolved) for part in parts])


def joined(resolved: ResolvedRule, parts: Sequence[str]) -> str:
    """Return KQL of the log source's guard and the texts of conjuncts (``operand``), one a line."""
    lines = [f"{_name(field)}:{_any(value)}" for field, value in resolved.guard.items()]
    return "\n  and ".join((*lines, *parts)) or EVERYTHING


def _any(value: str | Sequence[str]) -> str:
    """Return a value of the log source's guard, or any of several."""
    return _quoted(value) if isinstance(value, str) else f"({' or '.join(map(_quoted, value))})"


def conjuncts(tree: Node) -> tuple[Node, ...]:
    """Return the parts of a tree that must all hold."""
    return tuple(part for child in tree.children for part in conjuncts(child)) if isinstance(tree, And) else (tree,)


def _print(tree: Node, resolved: ResolvedRule) -> str:
    match tree:
        case FieldMatch(field):
            return _atom(tree, resolved.fields[field], resolved)
        case And(children):
            return _and(children, resolved)
        case Or(children):
            return _or(children, resolved)
        case Not(child):
            return _not(child, resolved)
        case Keyword():
            raise refused(tree, "a value without a field", "bind the value to a field", resolved)
    assert_never(tree)


def operand(tree: Node, resolved: ResolvedRule) -> str:
    """Return a part of a group: groups inside groups get parentheses.

    Raises:
        Inexpressible: for the first atom that KQL cannot say.
    """
    if isinstance(tree, Or) and (listed := _value_list(tree.children, resolved)) is not None:
        return listed
    text = _print(tree, resolved)
    return f"({text})" if isinstance(tree, And | Or) else text


def _and(children: tuple[Node, ...], resolved: ResolvedRule) -> str:
    return " and ".join(operand(child, resolved) for child in children)


def _or(children: tuple[Node, ...], resolved: ResolvedRule) -> str:
    return _value_list(children, resolved) or " or ".join(operand(child, resolved) for child in children)


def _not(child: Node, resolved: ResolvedRule) -> str:
    return f"not ({_print(child, resolved)})"


def _value_list(children: tuple[Node, ...], resolved: ResolvedRule) -> str | None:
    """Return texts on one field as ``field:(a or b)``, ``None`` for anything else."""
    same = [child for child in children if isinstance(child, FieldMatch) and isinstance(child.test, Text)]
    if len(same) < len(children) or len({child.field for child in same}) != 1:
        return None
    paths = {path_of(child.test, resolved.fields[child.field]) for child in same if isinstance(child.test, Text)}
    if len(paths) != 1:
        return None
    binding = resolved.fields[same[0].field]
    values = [_text(child, child.test, binding, resolved) for child in same if isinstance(child.test, Text)]
    return f"{_name(paths.pop())}:({' or '.join(values)})"


def _atom(tree: FieldMatch, binding: Binding, resolved: ResolvedRule) -> str:
    name = _name(binding.path)
    match tree.test:
        case Text():
            return f"{_name(path_of(tree.test, binding))}:{_text(tree, tree.test, binding, resolved)}"
        case Number(value):
            return f"{name}:{scalar_text(value) if binding.type not in TEXTUAL else _quoted(scalar_text(value))}"
        case Boolean(value):
            return f"{name}:{scalar_text(value)}"
        case Null():
            return f"not {name}:*"
        case Compare(operator, value):
            return f"{name} {_OPERATORS[operator]} {scalar_text(value)}"
        case Cidr(network):
            return f"{_name(binding.ip or binding.path)}:{_quoted(network)}"
        case Exists(present):
            return f"{name}:*" if present else f"not {name}:*"
        case Regex() | FieldRef() | TimePart():
            raise refused(tree, f"'{feature_of_test(tree.test)}'", "use another test, or disable elastic for this rule", resolved)
    assert_never(tree.test)


def _text(tree: FieldMatch, test: Text, binding: Binding, resolved: ResolvedRule) -> str:
    closed = () if test.cased or all(part is Wild.MANY for part in test.parts) else binding.field.values
    if Wild.MANY in test.parts and (listed := [_quoted(value) for value in closed if fits(test.parts, value, cased=False)]):
        # A part of a value has no spelling of its own: response* is two of the stages, and neither begins with an r.
        return listed[0] if len(listed) == 1 else f"({' or '.join(listed)})"
    # '*' beside '*' means no more, and parsers of KQL read it differently.
    merged = [part for at, part in enumerate(test.parts) if part is not Wild.MANY or test.parts[at - 1 : at] != (Wild.MANY,)]
    parts = [part if isinstance(part, Wild) else _spelled(part, test, binding) for part in merged]
    if sum(len(part) for part in parts if isinstance(part, str)) > IGNORE_ABOVE:
        raise refused(tree, f"a value of more than {IGNORE_ABOVE} characters, which the index does not keep", "shorten it", resolved)
    if all(isinstance(part, str) for part in parts):
        return _quoted("".join(part for part in parts if isinstance(part, str)))
    if Wild.ONE in parts:
        raise refused(tree, "'?' for one character", "use '*', or list the values", resolved)
    if any(isinstance(part, str) and re.search(r"\s", part) for part in parts):
        raise refused(
            tree, "white space beside a wildcard: it would split the value in two", "leave the wildcard or the white space out", resolved
        )
    text = "".join("*" if isinstance(part, Wild) else _escaped(part) for part in parts)
    # "not" and white space end a value even inside a word (Kibana's grammar; measured): a parenthesis keeps them apart.
    return f"({text})" if text.lower().endswith("not") else text


def path_of(test: Text, binding: Binding) -> str:
    """Return where a text is looked for: in the caseless multi-field when case does not matter and lower case is the oracle's fold.

    The normalizer folds each character by itself, the Kelvin sign and the
    dotted capital I to ASCII letters, which the oracle never does.
    """
    literals = [part for part in test.parts if isinstance(part, str)]
    if test.cased or not binding.caseless or binding.field.one_spelling or not literals:
        return binding.path
    plain = all(part.isascii() or all(fold(char) == char.lower() for char in part) for part in literals)
    return binding.caseless if plain else binding.path


def _spelled(text: str, test: Text, binding: Binding) -> str:
    """Return a literal as the index holds it, where its field has one spelling or a caseless index; regard to case then loses nothing."""
    if path_of(test, binding) != binding.path:
        return fold(text)
    if test.cased or not binding.field.one_spelling:
        return text
    return binding.spelling(text) if binding.field.values else fold(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")
    return f'"{escaped}"'


def _escaped(text: str) -> str:
    r"""Return a literal beside a wildcard: special characters with a backslash.

    ``and``, ``or`` and ``not`` need none without white space around them, and
    must have none: Kibana reads ``\not*`` as a line end and ``ot*`` (measured
    with its 7.x parser).
    """
    return _SPECIAL.sub(r"\\\g<0>", text)


def _name(path: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", path)


def refused(tree: Node, what: str, help_text: str, resolved: ResolvedRule, who: str = "KQL cannot") -> Inexpressible:
    """Return the refusal (T110) of a part that a language cannot say."""
    span = resolved.rule.source.span(tree.offsets)
    return Inexpressible(Diagnostic("T110", Severity.ERROR, span, f"{who} express {what}", help=help_text))


def no_mixed_network(tree: FieldMatch, test: Test, resolved: ResolvedRule, who: str) -> None:
    """Refuse a network of version 6 with addresses of version 4 in it: the index keeps those as ``::ffff:0:0/96``.

    Raises:
        Inexpressible: as it would find them, or some of them, which the rule does not mean.
    """
    if isinstance(test, Cidr) and ":" in test.network and IPv6Network(test.network).overlaps(IPv6Network(_WRAPPED)):
        what = "a network of version 6 that has addresses of version 4 in it"
        raise refused(tree, what, "name the networks that are meant", resolved, who)


def losses(tree: Node, resolved: ResolvedRule, table: Capabilities, *, negated: bool = False) -> tuple[Loss, ...]:
    """Return a loss for each atom that the table's language only approximates.

    Raises:
        Inexpressible: for a feature that the table does not list.
    """
    return tuple(each_loss(tree, resolved, table, negated=negated))


def each_loss(tree: Node, resolved: ResolvedRule, table: Capabilities, *, negated: bool = False) -> Iterator[Loss]:
    """Yield what ``losses`` returns, one by one: who only asks whether there is any need not wait for all."""
    who = _WHO.get(table.language, FILTERS)
    match tree:
        case FieldMatch(field, test):
            binding = resolved.fields[field]
            stars = isinstance(test, Text) and bool(test.parts) and all(part is Wild.MANY for part in test.parts)
            name = "value.present" if stars else feature_of_test(test)
            kind = _kind(test, binding, name, resolved)
            fidelity = table.fidelity(name, kind)
            if fidelity is None:
                raise refused(
                    tree,
                    f"'{name}' on {_article(binding.type)} field ('{binding.path}')",
                    "use another test, or disable elastic for this rule",
                    resolved,
                    who,
                )
            no_mixed_network(tree, test, resolved, who)
            if isinstance(test, Compare) and binding.type == "long" and not -LONG <= test.value < LONG:
                raise refused(tree, "a number beyond those that the field holds", "use a smaller one", resolved, who)
            if fidelity is Fidelity.EXACT:
                return
            code = "T118" if fidelity is Fidelity.NARROWER and isinstance(test, Text) and name != "value.present" else "T119"
            message = f"{_LEFT_OUT if kind == 'left_out' else table.why(name)} (field '{field}')"
            direction = fidelity.negated if negated else fidelity
            yield Loss(code, name, direction, message, resolved.rule.source.span(tree.offsets))
            return
        case And(children) | Or(children):
            for child in children:
                yield from each_loss(child, resolved, table, negated=negated)
            return
        case Not(child):
            yield from each_loss(child, resolved, table, negated=not negated)
            return
        case Keyword():
            raise refused(tree, f"'{feature(tree)}'", "bind the value to a field", resolved, who)
    assert_never(tree)


def _kind(test: Test, binding: Binding, name: str, resolved: ResolvedRule) -> str:
    """Return the column of the table: the field's type, or what makes its type not matter."""
    if isinstance(test, Exists) and not test.present:
        return "absent"
    if isinstance(test, Cidr) and binding.ip:
        return "ip"
    if isinstance(test, FieldRef):
        return _pair_kind(binding, resolved.fields[test.field], resolved)
    if name in _EMPTINESS and (binding.gone or not resolved.guard or resolved.source.targets["elastic"].get("keeps_empty")):
        return "left_out" if binding.changed and name != "value.empty" else "as_is"
    if binding.type not in TEXTUAL:
        return binding.type
    own = "flattened" if binding.type == "flattened" else "keyword"
    if isinstance(test, Regex) and binding.lowered:
        return "lowered"
    if not isinstance(test, Text) or name in _EMPTINESS:
        return own
    kind = _text_kind(test, binding)
    return kind if own == "keyword" or kind == "lowered" else "flattened" if kind == "keyword" else "flattened_cased"


def _pair_kind(binding: Binding, other: Binding, resolved: ResolvedRule) -> str:
    """Return the column for two fields that are compared; an empty text, which is dropped, begins and ends every text."""
    if not (binding.type in WHOLE and other.type in WHOLE):
        return "others"
    kept = other.gone or not resolved.guard or resolved.source.targets["elastic"].get("keeps_empty")
    return "texts" if kept else "dropped"


def _text_kind(test: Text, binding: Binding) -> str:
    """Return the column for a text on a field that holds whole texts: what becomes of its case there."""
    letters = any(part.lower() != part.upper() for part in test.parts if isinstance(part, str))
    if letters and test.cased and binding.lowered:
        return "lowered"
    if test.cased or not letters:
        return "cased"
    if binding.field.one_spelling:
        return "one_spelling"
    return "caseless" if path_of(test, binding) != binding.path else "keyword"


_WHO: Final = {"kuery": "KQL cannot", "eql": "EQL cannot", "lucene": "Lucene cannot", "esql": "ES|QL cannot"}
"""Who is named where a language's table does not list a feature; filters beside KQL otherwise."""
_LEFT_OUT: Final = "the target leaves out the producer's word for what it does not know, which then counts as missing"
_EMPTINESS: Final = ("value.empty", "value.present", "value.null", "value.exists")
"""Features that a pipeline which drops empty values changes; a rule in the documents' own names has none before it."""


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
