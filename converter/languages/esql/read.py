"""Read a query of ES|QL: a source, then commands behind ``|``.

Source: elastic/elasticsearch EsqlBaseParser.g4 (8.18, 9.2); ES|QL commands reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from converter.languages.esql.problem import COMMANDS, SIZE, Stop
from converter.languages.esql.read_expression import Tokens, constant, expression, mapped, primary, qualified, string
from converter.languages.esql.syntax import (
    Column,
    Command,
    Completion,
    Eval,
    Expand,
    Expression,
    Extract,
    Field,
    From,
    Key,
    Limit,
    Project,
    Query,
    Rename,
    Row,
    Scalar,
    Sort,
    Stats,
    Where,
)
from converter.languages.esql.tokens import Mode
from converter.model import Diagnostic, Severity, Source, unpack

_UNREAD: Final = {
    "enrich": "a policy's columns",
    "lookup": "a second index's columns",
    "join": "a second index's columns",
    "fork": "several pipes",
    "fuse": "ranked results",
    "rerank": "ranked results",
    "sample": "a random part",
    "change_point": "a model of figures",
    "ts": "time series",
    "show": "the engine's own facts",
    "explain": "the engine's plan",
    "insist": "fields without a mapping",
    "set": "settings of a query",
    "promql": "another language",
}
"""Commands that this reader does not read, and what they would need."""


def read(text: str, path: str = "<query>") -> Query | Diagnostic:
    """Return the query, or ``R300`` where the text is none, ``R301`` beyond the bounds, ``R302`` at a command that is not read."""
    source = Source(path, text)
    if len(text) > SIZE:
        message = f"the query has {len(text)} characters, more than {SIZE}"
        return Diagnostic("R301", Severity.ERROR, source.start, message, "split the query into several rules")
    try:
        return _query(Tokens(text), source)
    except Stop as stop:
        return stop.diagnostic(source)


def read_condition(text: str, path: str = "<query>") -> Expression | Diagnostic:
    """Return the expression that a text is, as behind ``WHERE``."""
    source = Source(path, text)
    try:
        tokens = Tokens(text[:SIZE])
        found = expression(tokens)
        if tokens.next.kind != "end":
            tokens.fail("`AND`, `OR` or the end of the condition")
        return found
    except Stop as stop:
        return stop.diagnostic(source)


def _query(tokens: Tokens, source: Source) -> Query:
    word = tokens.next.text.lower()
    if tokens.next.kind != "word" or word not in ("from", "row"):
        _refuse_unread(tokens)
        tokens.fail("`FROM` or `ROW`", "a query begins with the indices that it searches")
    head = _from(tokens) if word == "from" else _row(tokens)
    commands: list[Command] = []
    while True:
        tokens.enter(Mode.EXPRESSION)
        if tokens.next.kind == "end":
            return Query(source, head, tuple(commands))
        if not tokens.skip("|"):
            tokens.fail("`|` or the end of the query", "commands stand behind each other, a `|` between them")
        if len(commands) >= COMMANDS:
            raise Stop("R301", tokens.next.offsets, f"more than {COMMANDS} commands", "split the query")
        commands.append(_command(tokens))


def _command(tokens: Tokens) -> Command:
    token = tokens.next
    reader = _COMMANDS.get(token.text.lower()) if token.kind == "word" else None
    if reader is None:
        _refuse_unread(tokens)
        tokens.fail("a command", "the commands are WHERE, EVAL, STATS … BY, KEEP, DROP, RENAME, SORT, LIMIT, DISSECT, GROK, MV_EXPAND")
    start = tokens.start
    tokens.take()
    return reader(tokens, start)


def _refuse_unread(tokens: Tokens) -> None:
    token = tokens.next
    why = _UNREAD.get(token.text.lower()) if token.kind == "word" else None
    if why is not None:
        raise Stop("R302", token.offsets, f"the command {token.text.upper()} is not read: it needs {why}", "keep the query as it is")


def _from(tokens: Tokens) -> From:
    start = tokens.start
    tokens.take()
    tokens.enter(Mode.SOURCE)
    indices = [_index(tokens)]
    while tokens.skip(","):
        indices.append(_index(tokens))
    metadata: list[str] = []
    bracket = tokens.skip("[")
    if tokens.skip("metadata"):
        metadata.append(_metadata(tokens))
        while tokens.skip(","):
            metadata.append(_metadata(tokens))
    if bracket:
        tokens.expect("]")
    return From(tuple(indices), tuple(metadata), tokens.since(start))


def _index(tokens: Tokens) -> str:
    """Read an index: ``cluster:index``, ``index::selector``, or a text."""
    if tokens.is_("("):
        raise Stop("R302", tokens.next.offsets, "a query inside of FROM is not read", "keep the query as it is")
    found = _source_word(tokens)
    while tokens.is_(":", "::"):
        found += tokens.take().text
        found += _source_word(tokens)
    return found


def _source_word(tokens: Tokens) -> str:
    if tokens.next.kind not in ("index", "string", "raw"):
        tokens.fail("an index", "indices stand behind FROM, commas between them")
    return tokens.take().text


def _metadata(tokens: Tokens) -> str:
    if tokens.next.kind != "index":
        tokens.fail("a field of METADATA", "such as _id, _index, _version")
    return tokens.take().text


def _row(tokens: Tokens) -> Row:
    start = tokens.start
    tokens.take()
    return Row(_columns(tokens), tokens.since(start))


def _columns(tokens: Tokens, *, aggregates: bool = False) -> tuple[Column, ...]:
    found = [_column(tokens, aggregates)]
    while tokens.skip(","):
        found.append(_column(tokens, aggregates))
    return tuple(found)


def _column(tokens: Tokens, aggregates: bool) -> Column:
    """Read ``name = expression``, or an expression alone, whose text is then the name."""
    start, name = tokens.start, ""
    if tokens.next.kind in ("word", "quoted"):
        before = tokens.at
        try:
            name = qualified(tokens).name
        except Stop:
            name = ""
        if not name or not tokens.skip("="):
            name, tokens.at = "", before
            tokens.enter(tokens.mode)
    value = expression(tokens)
    written = tokens.text[slice(*unpack(tokens.since(start)))]
    own = value.name if isinstance(value, Field) else written
    where = expression(tokens) if aggregates and tokens.skip("where") else None
    return Column(name or own, value, where, tokens.since(start))


def _where(tokens: Tokens, start: int) -> Where:
    return Where(expression(tokens), tokens.since(start))


def _eval(tokens: Tokens, start: int) -> Eval:
    return Eval(_columns(tokens), tokens.since(start))


def _stats(tokens: Tokens, start: int) -> Stats:
    return _figures(tokens, start, inline=False)


def _inline(tokens: Tokens, start: int) -> Stats:
    if not tokens.skip("stats"):
        tokens.fail("`STATS`", "write INLINE STATS")
    return _figures(tokens, start, inline=True)


def _inlinestats(tokens: Tokens, start: int) -> Stats:
    return _figures(tokens, start, inline=True)


def _figures(tokens: Tokens, start: int, *, inline: bool) -> Stats:
    aggregates = () if tokens.is_("by") else _columns(tokens, aggregates=True)
    groups = _columns(tokens) if tokens.skip("by") else ()
    return Stats(aggregates, groups, inline, tokens.since(start))


def _keep(tokens: Tokens, start: int) -> Project:
    return Project(True, _names(tokens), tokens.since(start))


def _drop(tokens: Tokens, start: int) -> Project:
    return Project(False, _names(tokens), tokens.since(start))


def _names(tokens: Tokens) -> tuple[Field, ...]:
    tokens.enter(Mode.PROJECT)
    found = [qualified(tokens)]
    while tokens.skip(","):
        found.append(qualified(tokens))
    return tuple(found)


def _rename(tokens: Tokens, start: int) -> Rename:
    """Read ``old AS new``, or ``new = old`` (since 9.1)."""
    tokens.enter(Mode.PROJECT)
    pairs = []
    while True:
        first = qualified(tokens)
        if tokens.skip("="):
            pairs.append((qualified(tokens), first))
        else:
            tokens.expect("as", "write RENAME old AS new")
            pairs.append((first, qualified(tokens)))
        if not tokens.skip(","):
            return Rename(tuple(pairs), tokens.since(start))


def _sort(tokens: Tokens, start: int) -> Sort:
    keys = [_key(tokens)]
    while tokens.skip(","):
        keys.append(_key(tokens))
    return Sort(tuple(keys), tokens.since(start))


def _key(tokens: Tokens) -> Key:
    start = tokens.start
    value = expression(tokens)
    descending = tokens.is_("desc")
    if tokens.is_("asc", "desc"):
        tokens.take()
    nulls_first: bool | None = None
    if tokens.skip("nulls"):
        nulls_first = tokens.is_("first")
        if not tokens.is_("first", "last"):
            tokens.fail("`FIRST` or `LAST`")
        tokens.take()
    return Key(value, descending, nulls_first, tokens.since(start))


def _limit(tokens: Tokens, start: int) -> Limit:
    token = tokens.next
    if token.kind != "integer" or len(token.text) > 9:
        tokens.fail("a whole number", "write LIMIT 10")
    tokens.take()
    return Limit(int(token.text), tokens.since(start))


def _extract(kind: str) -> Callable[[Tokens, int], Extract]:
    def reader(tokens: Tokens, start: int) -> Extract:
        value = primary(tokens)
        patterns = [string(tokens, "a pattern in double quotes")]
        while kind == "GROK" and tokens.skip(","):
            patterns.append(string(tokens, "a pattern in double quotes"))
        options: list[tuple[str, Scalar]] = []
        while kind == "DISSECT" and tokens.next.kind == "word":
            name = qualified(tokens).name
            tokens.expect("=")
            given = constant(tokens).value
            options.append((name, given if not isinstance(given, tuple) else None))
            if not tokens.skip(","):
                break
        return Extract(kind, value, tuple(patterns), tuple(options), tokens.since(start))

    return reader


def _expand(tokens: Tokens, start: int) -> Expand:
    return Expand(qualified(tokens), tokens.since(start))


def _completion(tokens: Tokens, start: int) -> Completion:
    column = _column(tokens, aggregates=False)
    tokens.expect("with", "a model is named behind WITH")
    options = mapped(tokens) if tokens.is_("{") else (("inference_id", qualified(tokens).name),)
    named = column.offsets and tokens.text[slice(*unpack(column.offsets))] != tokens.text[slice(*unpack(column.value.offsets))]
    return Completion(column.name if named else "completion", column.value, options, tokens.since(start))


_COMMANDS: Final[Mapping[str, Callable[[Tokens, int], Command]]] = {
    "where": _where,
    "eval": _eval,
    "stats": _stats,
    "inline": _inline,
    "inlinestats": _inlinestats,
    "keep": _keep,
    "drop": _drop,
    "rename": _rename,
    "sort": _sort,
    "limit": _limit,
    "dissect": _extract("DISSECT"),
    "grok": _extract("GROK"),
    "mv_expand": _expand,
    "completion": _completion,
}
