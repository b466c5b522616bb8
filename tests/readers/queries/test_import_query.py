"""Single queries become rules that mean them: held against our reading of the engine, and against what is printed of them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converter.ir import evaluate, lower
from converter.languages import eql, kql, lucene
from converter.model import Diagnostic, Rule, Severity
from converter.readers import read_rules
from converter.readers.elastic_rules import Imported, Outcome
from converter.readers.queries import import_query, import_query_bytes, mapped_types, read_logsource
from tests.cli.inprocess import run

WINDOWS = {"product": "windows", "category": "process_creation"}
MAPPINGS = {
    "properties": {
        "event": {"properties": {"category": {"type": "keyword"}, "type": {"type": "keyword"}}},
        "process": {
            "properties": {
                "name": {"type": "keyword"},
                "pid": {"type": "long"},
                "args": {"type": "keyword"},
                "path": {"type": "keyword", "normalizer": "lowercase"},
            }
        },
        "@timestamp": {"type": "date"},
        "source": {"properties": {"ip": {"type": "ip"}}},
    }
}
DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"event": {"category": "process", "type": "start"}, "process": {"name": "cmd.exe", "pid": 4, "args": ["cmd.exe", "/C", "whoami /all"]}},
    {"event": {"category": "process", "type": "end"}, "process": {"name": "CMD.EXE", "pid": 5, "args": ["CMD.EXE"]}},
    {"event": {"category": "network"}, "process": {"name": "curl", "pid": 80}, "source": {"ip": "10.1.2.3"}},
    {"event": {"category": "network"}, "source": {"ip": "192.0.2.1"}},
    {"process": {"name": "cmd", "args": []}},
    {},
)
QUERIES = {
    "kuery": [
        'process.name:"cmd.exe"',
        "process.name:cmd* and not process.args:*whoami*",
        'process.name:("cmd.exe" or curl) and process.pid >= 5',
        'source.ip:"10.0.0.0/8" or not process.name:*',
        'process.args:("cmd.exe" and "/C")',
    ],
    "lucene": [
        "process.name:cmd.exe",
        "process.name:cmd* AND NOT process.args:*whoami*",
        "process.pid:>=5 OR source.ip:192.0.2.1",
        "+process.name:/[cC].+/ -process.pid:4",
        "_exists_:source.ip AND NOT _exists_:process.pid",
    ],
    "eql": [
        'process where process.name : "cmd.exe"',
        'any where process.name : "cmd.exe" and not process.args : "*whoami*"',
        'network where cidrMatch(source.ip, "10.0.0.0/8")',
        "any where process.name != null and process.pid > 4",
        'any where process.name in ("curl", "cmd") or event.type == "end"',
    ],
}
CASES = [(language, text) for language, texts in QUERIES.items() for text in texts]


def answers(language: str, text: str) -> list[bool]:
    """Return which documents the engine finds, by our reading of it."""
    if language == "eql":
        read = eql.read(text, "q")
        assert isinstance(read, eql.Query)
        found = eql.run(read, DOCUMENTS, eql.compile_mapping(MAPPINGS))
        assert not isinstance(found, Diagnostic), found
        return [index in {one.events[0] for one in found} for index in range(len(DOCUMENTS))]
    language_ = kql if language == "kuery" else lucene
    answer = language_.run(language_.read(text, "q"), DOCUMENTS, MAPPINGS)  # type: ignore[arg-type]
    assert not isinstance(answer, Diagnostic), answer
    return answer


def imported(language: str, text: str, path: str = "rule.txt") -> Imported:
    """Return what becomes of a query on the fields of the documents."""
    types = mapped_types(MAPPINGS)
    assert not isinstance(types, Diagnostic)
    return import_query(language, text, path, WINDOWS, types)


def meaning(result: Imported) -> list[bool]:
    """Return which documents the imported rule finds, by the oracle."""
    rules, problems = read_rules(result.text.encode(), "rule.yml")
    assert problems == ()
    node = lower(rules[0])
    assert not isinstance(node, tuple), node
    return [evaluate(node, document) for document in DOCUMENTS]


@pytest.mark.parametrize(("language", "text"), CASES)
def test_a_rule_finds_what_its_query_finds(language: str, text: str) -> None:
    """The oracle on the rule and the language's evaluator on the query give the same answers, and both some of each."""
    result = imported(language, text)
    assert result.status is Outcome.CANONICAL
    found = answers(language, text)
    assert meaning(result) == found
    assert any(found)
    assert not all(found)


@pytest.mark.parametrize(("language", "text"), CASES)
def test_a_rule_is_printed_as_a_query_that_gives_the_rule_again(tmp_path: Path, language: str, text: str) -> None:
    """Import, convert to the same language, import: the detection stays what it was."""
    (tmp_path / "one.txt").write_text(text, encoding="utf-8")
    words = ["--logsource", "windows/process_creation", "-o", "rules"]
    assert run(tmp_path, "import", language, "one.txt", *words).returncode in (0, 1)
    name = "rules/windows/process_creation/one.yml"
    shown = run(tmp_path, "convert", name, "-t", "elastic", "-O", f"language={language}")
    assert shown.returncode == 0, shown.stderr
    again = shown.stdout.split("query = '''\n")[1].split("\n'''")[0]
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "one.txt").write_text(again, encoding="utf-8")
    assert run(tmp_path, "import", language, "again/one.txt", *words[:2], "-o", "second").returncode in (0, 1)
    first, second = (read_rules((tmp_path / root / name[6:]).read_bytes(), name)[0][0] for root in ("rules", "second"))
    assert _evaluated(first) == _evaluated(second)
    assert (first.id, first.title, first.taxonomy) == (second.id, second.title, second.taxonomy)


def _evaluated(rule: Rule) -> list[bool]:
    node = lower(rule)
    assert not isinstance(node, tuple)
    return [evaluate(node, document) for document in DOCUMENTS]


@pytest.mark.parametrize(
    ("language", "text", "place", "said"),
    [
        ("kuery", "process.name: (a or\n  b and", (2, 8), "R200"),
        ("eql", "process where\n  process.name == ", (2, 19), "R280"),
        ("eql", "sequence with maxspan=1m\n [process where true]\n [process where a ==]", (3, 21), "R280"),
        ("lucene", "a:b AND\n (c:d", (2, 6), "R290"),
    ],
)
def test_a_mistake_is_told_at_its_place_in_the_file(language: str, text: str, place: tuple[int, int], said: str) -> None:
    """A query that cannot be read is refused with line and column in the file it stands in."""
    result = imported(language, text, "bad.txt")
    assert (result.status, result.text) == (Outcome.REFUSED, "")
    (told,) = result.diagnostics
    assert (told.code, told.severity) == (said, Severity.ERROR)
    assert told.span is not None
    assert (told.span.path, told.span.line, told.span.column) == ("bad.txt", *place)


@pytest.mark.parametrize(
    ("language", "text", "reason", "place"),
    [
        ("kuery", "process.name: a and\nfoo: b", "field", (2, 1)),
        ("kuery", "*:*", "every document", (1, 1)),
        ("kuery", "process.name: a and\n  @timestamp < 5", "date", (2, 3)),
        ("kuery", "process.*: a", "field wildcard", (1, 1)),
        ("eql", "process where length(process.args) + 1 == 3", "arithmetic", (1, 15)),
        ("eql", "any where true", "every document", (1, 1)),
        ("lucene", "process.name:cmd~1", "fuzzy", (1, 1)),
        ("eql", "sequence by process.pid with maxspan=1m\n [process where true]\n ![network where true]\n [any where true]", "", None),
        ("eql", "sequence by process.pid\n [process where process.pid == 1]\n [network where process.pid == 1]", "time span", (1, 1)),
        (
            "eql",
            "sequence by process.pid with maxspan=1m\n [process where process.pid == 1]\n [network where process.pid == 1]\n"
            "until [process where process.pid == 2]",
            "until",
            (4, 7),
        ),
    ],
)
def test_what_sigma_cannot_say_is_kept_with_its_reason_and_place(
    language: str, text: str, reason: str, place: tuple[int, int] | None
) -> None:
    """No detection is made up: the rule holds the query verbatim, for a reason of the closed list, told where it is."""
    result = imported(language, text)
    assert result.status is Outcome.OPAQUE
    assert not result.exact
    if place is None:
        return
    assert result.reason == reason
    told = next(one for one in result.diagnostics if one.code == "R124")
    assert told.span is not None
    assert (told.span.line, told.span.column) == place
    rules, problems = read_rules(result.text.encode(), "rule.yml")
    assert problems == ()
    elastic = rules[0].converter["targets"]["elastic"]
    assert (elastic["opaque"], elastic["language"], elastic["query"]) == (reason, language, text)


def test_what_is_no_text_is_refused_at_its_place() -> None:
    """A byte that is no UTF-8 is told by line and column; a byte order mark is none of the query."""
    (told,) = import_query_bytes("kuery", b"a: b and\n  c: \xff", "q", WINDOWS).diagnostics
    assert told.span is not None
    assert (told.code, told.span.line, told.span.column) == ("R200", 2, 6)
    assert import_query_bytes("kuery", b"\xef\xbb\xbfprocess.name: a", "q", WINDOWS).status is Outcome.CANONICAL
    (told,) = import_query_bytes("eql", b" " * (2 << 20), "q", WINDOWS).diagnostics
    assert told.code == "R280"


def test_a_field_without_case_is_compared_without_it() -> None:
    """Where the index folds case, so does the rule; where it does not, the rule asks for the case that was written."""
    assert "process.path: c:" in imported("kuery", 'process.path:"c:\\\\a"').text
    assert "process.name|cased: a" in imported("kuery", "process.name: a").text


def test_titles_and_ids_come_from_the_file_and_stay() -> None:
    """The title is the file's name in words; the id is the same whatever the query says, and another for another log source."""
    one = import_query("kuery", "process.name: a", "in/user_exec-into.pod.kql", WINDOWS)
    two = import_query("kuery", "process.name: b", "elsewhere/user_exec-into.pod.kql", WINDOWS)
    other = import_query("kuery", "process.name: a", "user_exec-into.pod.kql", {"product": "linux"})
    assert (one.name, one.file) == ("User exec into.pod", "windows/process_creation/user_exec_into_pod.yml")
    assert _id(one) == _id(two) != _id(other)
    assert import_query("kuery", "process.name: a", "-", WINDOWS).name == "Query from standard input"
    assert import_query("kuery", "process.name: a", "\n\t.kql", WINDOWS).name == "Query"


def _id(result: Imported) -> str:
    return read_rules(result.text.encode(), "r.yml")[0][0].id


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("windows/process_creation", {"product": "windows", "category": "process_creation"}),
        ("kubernetes/application/audit", {"product": "kubernetes", "category": "application", "service": "audit"}),
        ("okta//okta", {"product": "okta", "service": "okta"}),
        ("linux", {"product": "linux"}),
        ("", None),
        ("//", None),
        ("a/b/c/d", None),
        ("a b", None),
        ("../x", None),
    ],
)
def test_log_sources_are_written_as_product_category_service(text: str, parts: dict[str, str] | None) -> None:
    """Parts may be missing; what is none of them is refused."""
    assert read_logsource(text) == parts


def test_the_command_reads_files_and_standard_input(tmp_path: Path) -> None:
    """A file, standard input, types from a mapping; wrong usage, a missing file and a broken mapping have their exit codes."""
    (tmp_path / "q.kql").write_text("process.pid: 07", encoding="utf-8")
    (tmp_path / "m.json").write_text(json.dumps({"mappings": MAPPINGS}), encoding="utf-8")
    words = ["-o", "rules", "--logsource", "windows/process_creation"]
    plain = run(tmp_path, "import", "kuery", "q.kql", *words, "--fields", "m.json", "--report", "r.json")
    assert (plain.returncode, "1 canonical" in plain.stderr) == (0, True)
    assert "process.pid: 7" in (tmp_path / "rules/windows/process_creation/q.yml").read_text(encoding="utf-8")
    (row,) = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["results"]
    assert (row["status"], row["exact"], row["language"]) == ("canonical", True, "kuery")
    assert run(tmp_path, "import", "kuery", "q.kql", "-o", "rules").returncode == 2
    assert run(tmp_path, "import", "kuery", "q.kql", "-o", "rules", "--logsource", "a b").returncode == 2
    assert run(tmp_path, "import", "elastic-toml", "q.kql", *words).returncode == 2
    assert run(tmp_path, "import", "eql", "missing.eql", *words).returncode == 3
    double = run(tmp_path, "import", "kuery", "q.kql", "./q.txt", *words)
    assert (double.returncode, "of one id" in double.stderr) == (2, True)
    (tmp_path / "m.json").write_text("[", encoding="utf-8")
    assert run(tmp_path, "import", "kuery", "q.kql", *words, "--fields", "m.json").returncode == 3


def test_losses_are_told_where_they_are(tmp_path: Path) -> None:
    """A rule that is not exact says why, with line and column of the query, and the exit code is 1."""
    (tmp_path / "q.kql").write_text("process.name: a and\n  some words", encoding="utf-8")
    told = run(tmp_path, "import", "kuery", "q.kql", "-o", "rules", "--logsource", "windows/process_creation")
    assert told.returncode == 1
    assert "warning[R207]: mixed: free text" in told.stderr
    assert "q.kql:2:3" in told.stderr


@pytest.mark.parametrize(
    "text",
    [
        'sequence by user.id with maxspan=30s\n  [process where process.name : "a.exe"] by process.entity_id\n'
        "  [network where destination.port == 443] by process.parent.entity_id",
        'sequence with maxspan=2h\n  [process where process.name == "a"]\n  [process where process.name == "b"]\n  '
        "[any where process.pid == 4]",
        'sequence by host.id with maxspan=5m\n  [process where process.name : "a*"] with runs=7',
    ],
)
def test_a_sequence_comes_back_as_the_same_correlation(tmp_path: Path, text: str) -> None:
    """Import, build, import: the correlation and its rules are the same; a count comes back as a threshold, which is told."""
    first = import_query("eql", text, "one.eql", WINDOWS)
    assert (first.status, first.exact, first.losses) == (Outcome.CANONICAL, True, ())
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "one.yml").write_text(first.text, encoding="utf-8")
    done = run(tmp_path, "build", "rules", "-t", "elastic", "-o", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    built = (tmp_path / "out" / "elastic" / "one.toml").read_text(encoding="utf-8")
    if "runs" in text:
        assert 'type = "threshold"' in built
        return
    query = built.split("query = '''\n")[1].split("\n'''")[0]
    again = import_query("eql", query, "one.eql", WINDOWS)
    assert again.exact
    one, other = (read_rules(result.text.encode(), "one.yml")[0] for result in (first, again))
    assert [rule.correlation for rule in one] == [rule.correlation for rule in other]
    assert [rule.id for rule in one] == [rule.id for rule in other]
    assert [rule.detection for rule in one] == [rule.detection for rule in other]
