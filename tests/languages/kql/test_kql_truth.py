"""What the engine itself answered: needs the folder that CONVERTER_CORPORA names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converter.languages import kql
from converter.model import Diagnostic


@pytest.mark.corpus
def test_recorded_answers(corpora: Path) -> None:
    """Each recorded query matches the recorded documents, and what the engine refused is refused, where it stopped."""
    recorded = json.loads((corpora / "facts" / "kql_truth_elasticsearch_8.19.json").read_text(encoding="utf-8"))
    mapping = kql.compile_mapping(recorded["mappings"])
    assert isinstance(mapping, kql.Mapping), mapping
    wrong: list[str] = []
    count = 0
    for table in recorded["sets"]:
        documents = kql.index_all(table["events"], mapping)
        known = next(one.mapping for one in documents if isinstance(one, kql.Document))
        for case in table["cases"]:
            count += 1
            query = kql.read(case["kql"])
            answer = query if isinstance(query, Diagnostic) else kql.compile_query(query, known)
            if isinstance(answer, Diagnostic):
                place = case.get("error", "").rpartition("\n")[2].rpartition(" ")[2]
                column = answer.span.column if answer.span else 0
                if "error" not in case or (place.endswith("^") and column != len(place)):
                    wrong.append(f"{case['kql']}: {answer.message}")
                continue
            found = [at for at, one in enumerate(documents) if isinstance(one, kql.Document) and answer(one)]
            if found != case.get("matches"):
                wrong.append(f"{case['kql']}: {found} instead of {case.get('matches', 'an error')}")
    assert count >= 284
    assert not wrong


@pytest.mark.corpus
def test_published_queries_are_read_and_given_to_sigma(corpora: Path) -> None:
    """Every KQL query of the published rules is read, and all but the few that Sigma cannot say become conditions."""
    import tomllib

    read = said = 0
    for path in sorted((corpora / "corpora" / "elastic").rglob("*.toml")):
        rule = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", {})
        if rule.get("language") != "kuery" or not isinstance(rule.get("query"), str):
            continue
        query = kql.read(rule["query"], path.name)
        assert isinstance(query, kql.Query), query
        read += 1
        said += not isinstance(kql.to_sigma(query, kql.SigmaField), Diagnostic)
    assert read >= 700
    assert said >= read - 15
