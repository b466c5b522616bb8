"""Elastic's outputs in engines: Kibana's own parser, and a search engine over typed indices."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from converter.model import Evidence, Fidelity
from converter.pack import Request, build, load_pack
from converter.targets import target
from converter.verify import EngineMissingError, verify
from converter.verify.engines import Question, kibana_version, osmem_version, parse_kuery, running
from converter.verify.engines.osmem import named

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def engines(without_engine: Callable[[EngineMissingError], NoReturn]) -> None:
    """Node, Kibana's parser and the search engine; absent they are skipped, or fail where engines are required."""
    try:
        kibana_version()
        osmem_version()
    except EngineMissingError as error:
        without_engine(error)


def _leaves(dsl: Any) -> set[tuple[str, str, str]]:
    """Return the conjuncts of a query without alternatives: kind, field, value."""
    if "bool" in dsl:
        body = dsl["bool"]
        assert set(body) <= {"filter", "should", "minimum_should_match"}
        parts = [*body.get("filter", ()), *body.get("should", ())]
        assert len(body.get("should", ())) <= 1
        return {leaf for part in parts for leaf in _leaves(part)}
    (kind, body), *_ = dsl.items()
    (field, value), *_ = body.items()
    return {(kind, field, str(value))}


@pytest.mark.corpus
def test_first_rule_is_the_page(corpora: Path) -> None:
    """For Kibana's parser the built query and the page's are the same conjunction."""
    page = next((corpora / "seed").glob("*.md")).read_text(encoding="utf-8")
    theirs = re.search(r"```js\n(.*?)```", page, re.DOTALL)
    assert theirs is not None
    ours = tomllib.loads((ROOT / "output/elastic/kubernetes/audit/user_exec_into_pod.toml").read_text(encoding="utf-8"))["rule"]
    built, shown = parse_kuery([ours["query"], theirs[1]])
    assert _leaves(built["dsl"]) == _leaves(shown["dsl"])
    assert len(_leaves(built["dsl"])) == 5


@pytest.mark.corpus
def test_first_rule_gives_back_the_page(corpora: Path) -> None:
    """Every element that the page shows, but description and guide, stands in the built rule."""
    upstream = next((corpora / "corpora" / "elastic_docs").glob("*kubernetes-user-exec-into-pod.toml"))
    theirs = tomllib.loads(upstream.read_text(encoding="utf-8"))["rule"]
    ours = tomllib.loads((ROOT / "output/elastic/kubernetes/audit/user_exec_into_pod.toml").read_text(encoding="utf-8"))["rule"]
    for key in ("author", "index", "language", "license", "name", "references", "risk_score", "severity", "tags", "threat", "type"):
        assert ours[key] == theirs[key], key
    assert (ours["interval"], ours["max_signals"], ours["version"]) == ("5m", 100, 201)
    assert "from" not in ours


def test_outputs_in_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The committed queries find exactly the documents of the events that their rules match; CloudTrail's parameters are flattened."""
    monkeypatch.chdir(ROOT)
    done = verify(load_pack([Path("rules")]), ["elastic"], Path("output"), "osmem")
    left = {note.partition(" ")[0] for note in done.notes if "flattened" in note}
    assert len(done.verdicts) - len(left) >= 6
    for verdict in done.verdicts:
        assert not verdict.failed, [one.render() for one in verdict.diagnostics]
        assert verdict.evidence is (Evidence.READER if verdict.artifact in left else Evidence.ENGINE)


def test_cases_in_the_engine(tmp_path: Path) -> None:
    """What the cases declare of each feature holds in the engine too."""
    cases = [ROOT / "tests" / "cases"]
    build(Request(cases, [target("elastic")], tmp_path, {}, frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})))
    done = verify(load_pack(cases), ["elastic"], tmp_path, "osmem")
    assert sum(verdict.evidence is Evidence.ENGINE for verdict in done.verdicts) >= 20
    assert {verdict.artifact: verdict.diagnostics for verdict in done.verdicts if verdict.failed} == {}
    assert len([note for note in done.notes if "flattened" not in note]) <= 2


KEYWORD: dict[str, Any] = {"properties": {"a": {"type": "keyword"}}}
QUESTIONS = [
    Question([{"a": "x"}, {"a": "y"}, {"a": {"b": 1}}], KEYWORD, {"term": {"a": "x"}}),
    Question([{"a": "x"}], KEYWORD, {"no_such_query": {}}),
    Question([{"n": 5}], {}, {"range": {"n": {"gt": 4}}}),
    Question([{"n": "five"}], {}, {"match": {"n": "five"}}),
    Question([{"a": "x"}], {"properties": {"a": {"type": "no_such_type"}}}, {"match_all": {}}),
    Question([{"b": 1}], {"properties": {"c": {"type": "constant_keyword", "value": "it"}}}, {"term": {"c": "it"}}),
    Question([{"b": 1}], KEYWORD, {"query_string": {"query": "NOT _exists_:a"}}),
]


def test_questions_of_a_batch_do_not_meet() -> None:
    """A question is answered in a batch as alone: what another's documents or mistakes are changes nothing."""
    with running() as engine:
        together = list(engine.answers(QUESTIONS * 3))
        alone = [engine.find(one.documents, one.mappings, one.query) for one in QUESTIONS]
    assert together == alone * 3
    assert [one for one in alone if isinstance(one, list)] == [[True, False, False], [True], [True], [True], [True]]
    assert [at for at, one in enumerate(alone) if isinstance(one, str)] == [1, 4]


def test_fields_that_nothing_names_change_no_answer() -> None:
    """Of mappings there stay constants, and what the documents or the query hold."""
    mappings = {"dynamic": True, "properties": {name: {"type": "keyword"} for name in ("a", "b/c", "d")}}
    inner = {"properties": {"dataset": {"type": "constant_keyword", "value": "x"}, "other": {"type": "keyword"}}}
    mappings["properties"]["event"] = inner
    kept = named(mappings, '{"a": 1} b/c:2')
    assert kept["dynamic"] is True
    assert kept["properties"].keys() == {"a", "b/c", "event"}
    assert kept["properties"]["event"]["properties"].keys() == {"dataset"}


def test_lucene_in_the_engine(tmp_path: Path) -> None:
    """Cases built in Lucene hold in the engine, which has no flattened fields: those are the reader's."""
    for one in sorted((ROOT / "tests" / "cases").glob("value_*"))[::6]:
        (tmp_path / "cases" / one.name).mkdir(parents=True)
        shutil.copy(one / "rule.yml", tmp_path / "cases" / one.name)
    cases = [tmp_path / "cases"]
    losses = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
    build(Request(cases, [target("elastic")], tmp_path / "output", {"language": "lucene"}, losses))
    done = verify(load_pack(cases), ["elastic"], tmp_path / "output", "osmem")
    left = {note.partition(" ")[0] for note in done.notes if "flattened" in note or "match_only_text" in note}
    assert len(done.verdicts) >= 8
    for one in done.verdicts:
        assert not one.failed, [told.render() for told in one.diagnostics]
        assert one.evidence is (Evidence.READER if one.artifact in left else Evidence.ENGINE)


def test_many_values_stay_flat() -> None:
    """A list of many values, and many conjuncts, are one group each: the parser's own nesting would end in the engine's bound."""
    values = " or ".join(f'"v{number}"' for number in range(400))
    (answer,) = parse_kuery([f"a:({values}) and not b:x and " + " and ".join(f"c:{number}" for number in range(400))])
    outer = answer["dsl"]["bool"]["filter"]
    assert len(outer) == 402
    assert len(outer[0]["bool"]["should"]) == 400
    assert outer[1]["bool"]["must_not"]["bool"]["should"]
