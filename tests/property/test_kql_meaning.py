"""Laws of KQL's evaluator and of its way to Sigma."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from converter.ir import evaluate
from converter.languages import kql
from converter.model import Diagnostic, Fidelity, joined

MAPPINGS = {
    "properties": {
        "word": {"type": "keyword"},
        "low": {"type": "keyword", "normalizer": "lowercase"},
        "count": {"type": "long"},
        "flag": {"type": "boolean"},
        "ip": {"type": "ip"},
        "text": {"type": "text"},
        "at": {"type": "date"},
        "flat": {"type": "flattened"},
        "list": {"type": "nested", "properties": {"a": {"type": "keyword"}}},
    }
}
FIELDS = {
    "word": kql.SigmaField("word", "keyword"),
    "low": kql.SigmaField("low", "keyword", cased=False),
    "count": kql.SigmaField("count", "long"),
    "flag": kql.SigmaField("flag", "boolean"),
    "ip": kql.SigmaField("ip", "ip"),
    "text": kql.SigmaField("text", "text"),
    "flat.a": kql.SigmaField("flat.a", "flattened"),
}
WORDS = ["get", "Get", "create", "GET it", "a*b", "a\\b", "", "7", "true", "é", "É"]
NUMBERS = [0, 7, -3, 42]
ADDRESSES = ["10.0.0.1", "10.0.1.1", "192.168.7.7"]


def mapping() -> kql.Mapping:
    found = kql.compile_mapping(MAPPINGS)
    assert isinstance(found, kql.Mapping)
    return found


def some(values: list[Any]) -> st.SearchStrategy[Any]:
    one = st.sampled_from(values) | st.none()
    return one | st.lists(one, max_size=3)


documents = st.fixed_dictionaries(
    {},
    optional={
        "word": some([*WORDS, 7, 7.0, True]),
        "low": some(WORDS),
        "count": some(NUMBERS),
        "flag": some([True, False]),
        "ip": some(ADDRESSES),
        "text": some(WORDS),
        "flat": st.fixed_dictionaries({}, optional={"a": some(WORDS), "b": some(WORDS)}),
    },
)
written = st.sampled_from(['"{}"', "{}*", "*{}", "*{}*"])


def _text(field: str) -> st.SearchStrategy[str]:
    value = st.sampled_from([word for word in WORDS if " " not in word]).map(lambda word: word.replace("\\", "\\\\").replace("*", "\\*"))
    wild = st.builds(lambda form, word: f"{field}:{form.format(word)}", st.sampled_from(["{}*", "*{}", "*{}*"]), value.filter(bool))
    whole = st.builds(lambda word: f'{field}:"{word}"', st.sampled_from(WORDS).map(lambda word: word.replace("\\", "\\\\")))
    return wild | whole | st.just(f"{field}:*")


exact = (
    _text("word")
    | _text("low")
    | st.builds(lambda form, number: f"count{form}{number}", st.sampled_from([":", " < ", " <= ", " > ", " >= "]), st.sampled_from(NUMBERS))
    | st.sampled_from(["flag:true", 'flag:"false"', "flag:*", "count:*", "ip:*", 'ip:"10.0.0.0/24"', "ip:10.0.0.1", "word:7", "word:true"])
)
lossy = exact | _text("text").filter(lambda one: not one.endswith('""')) | _text("flat.a") | st.sampled_from(["get", "cre*", "word:G* x"])


def joined_queries(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(lambda one: f"not ({one})", inner)
            | st.builds(lambda left, word, right: f"({left}) {word} ({right})", inner, st.sampled_from(["and", "or"]), inner)
        ),
        max_leaves=5,
    )


def answers(text: str, document: dict[str, Any]) -> tuple[bool, bool, Fidelity] | None:
    """Return what the engine and Sigma say of a document, and the promised fidelity."""
    query = kql.read(text)
    assert isinstance(query, kql.Query)
    known = mapping()
    said = kql.to_sigma(query, FIELDS.__getitem__)
    if isinstance(said, Diagnostic):
        return None
    run = kql.compile_query(query, known)
    indexed = kql.index(document, known)
    assert not isinstance(run, Diagnostic), run.render()
    assert isinstance(indexed, kql.Document), indexed
    return run(indexed), evaluate(said[0], document), joined(said[1])


@settings(max_examples=300)
@given(joined_queries(exact), documents)
@example("word:7", {"word": 7.0})
@example("word:7", {"word": [7]})
@example("word:true", {"word": True})
def test_sigma_means_the_same_without_a_loss(text: str, document: dict[str, Any]) -> None:
    """A condition without a loss selects the events whose documents the engine finds."""
    found = answers(text, document)
    assert found is not None
    engine, sigma, fidelity = found
    assert fidelity is Fidelity.EXACT
    assert sigma is engine


@settings(max_examples=300)
@given(joined_queries(lossy), documents)
def test_losses_tell_their_direction(text: str, document: dict[str, Any]) -> None:
    """What is only wider selects all that the engine finds, what is only narrower nothing else."""
    found = answers(text, document)
    if found is not None:
        engine, sigma, fidelity = found
        if fidelity in (Fidelity.EXACT, Fidelity.WIDER):
            assert sigma or not engine
        if fidelity in (Fidelity.EXACT, Fidelity.NARROWER):
            assert engine or not sigma


def test_a_field_that_the_rule_does_not_have_is_told() -> None:
    """A name that resolves to nothing ends the import at its place."""
    query = kql.read("word:a and other:b")
    assert isinstance(query, kql.Query)
    found = kql.to_sigma(query, FIELDS.get)
    assert isinstance(found, Diagnostic)
    assert found.span is not None
    assert (found.code, found.span.column) == ("R206", 12)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*MAPPINGS["properties"], "x", "x.y", "", "."]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json)
def test_any_document_is_indexed_or_refused(document: Any) -> None:
    """No JSON value raises, and what is indexed can be asked."""
    found = kql.index(document, mapping())
    if isinstance(found, Diagnostic):
        assert found.code == "R203"
        return
    query = kql.read('word:* or x:a or x.y > 1 or "a" or list:{ a:* } or *b*')
    assert isinstance(query, kql.Query)
    kql.matches(query, found)


mappings = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 2)
    | st.sampled_from(["keyword", "text", "nested", "object", "alias", "a.b", "lowercase", "strict", "true"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "properties",
                    "type",
                    "fields",
                    "dynamic",
                    "path",
                    "ignore_above",
                    "normalizer",
                    "format",
                    "a",
                    "a.b",
                    ".",
                    "dynamic_templates",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(mappings)
def test_any_mapping_is_compiled_or_refused(raw: Any) -> None:
    """No JSON value raises as a mapping, also when a document adds fields to it."""
    found = kql.compile_mapping(raw)
    if isinstance(found, Diagnostic):
        assert found.code == "R204"
    else:
        kql.index({"a": "x", "new": {"deep": 1}}, found)


def test_deep_documents_are_told() -> None:
    """A document of ten thousand levels is refused, in objects and in lists."""
    for shell in (lambda inner: {"x": inner}, lambda inner: [inner], lambda inner: {"flat": {"a": inner}}):
        document: Any = 1
        for _ in range(10_000):
            document = shell(document)
        assert isinstance(kql.index({"flat": {"deep": document}, "x": document}, mapping()), Diagnostic)
