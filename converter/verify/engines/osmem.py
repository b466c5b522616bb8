"""A search engine in one small process (osmem-server): documents in, the ids that a query finds out.

Each question has an index of its own, so that no document of another one adds
a field to it; what is costly is the number of calls and the size of the
mappings, so that questions go in batches and an index has the fields alone
that its documents or its query name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit

from converter.model import node
from converter.verify.engines.missing import EngineMissingError

CALL_S: Final = 30
BATCH: Final = 10
"""Questions of a batch: more make every search slower, as its cost grows with all that the engine holds (measured)."""


@node
class Question:
    """Documents, the ``mappings`` of their index, and a query."""

    documents: Sequence[Mapping[str, Any]]
    mappings: Mapping[str, Any]
    query: Mapping[str, Any]


class Engine:
    """A running server on the loopback interface; state is its address and the connection to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        address = urlsplit(url)
        self._connection = HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=CALL_S)

    def find(self, documents: Sequence[Mapping[str, Any]], mappings: Mapping[str, Any], query: Mapping[str, Any]) -> list[bool] | str:
        """Return for each document whether ``query`` finds it, or the engine's refusal of the query.

        A document that the engine does not take is not found.
        """
        (answer,) = self.answers([Question(documents, mappings, query)])
        return answer

    def answers(self, questions: Iterable[Question]) -> Iterator[list[bool] | str]:
        """Yield for each question what ``find`` returns; they are taken as they are needed."""
        pending = iter(questions)
        while batch := list(islice(pending, BATCH)):
            yield from self._batch(batch)

    def _batch(self, questions: Sequence[Question]) -> Iterator[list[bool] | str]:
        loaded: list[str] = []
        asked: list[tuple[str, str]] = []
        refused: dict[int, str] = {}
        for number, one in enumerate(questions):
            name = f"questions-{number}"
            documents = [json.dumps(document, ensure_ascii=False) for document in one.documents]
            query = json.dumps(one.query, ensure_ascii=False)
            created = self._call("PUT", f"/{name}", {"mappings": named(one.mappings, "\n".join((query.replace("\\", ""), *documents)))})
            if "error" in created:
                refused[number] = f"the index is refused: {_told(created)}"
                continue
            for at, document in enumerate(documents):
                loaded += (json.dumps({"index": {"_index": name, "_id": str(at)}}), document)
            asked.append((name, f'{{"size": 10000, "_source": false, "query": {query}}}'))
        if loaded:
            self._call("POST", "/_bulk?refresh=true", "\n".join(loaded) + "\n")
        responses = iter(self._searched(asked))
        self._call("DELETE", "/questions-*", None, allowed=(404,))
        for number, one in enumerate(questions):
            yield refused[number] if number in refused else _found(next(responses), len(one.documents))

    def _searched(self, asked: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        """Return the responses to queries, each with its index; a query that the engine cannot read makes it refuse all of a call."""
        lines = [line for name, query in asked for line in (json.dumps({"index": name}), query)]
        answer = self._call("POST", "/_msearch", "\n".join(lines) + "\n") if asked else {"responses": []}
        if "error" in answer:
            return [self._call("POST", f"/{name}/_search", json.loads(query)) for name, query in asked]
        responses: list[dict[str, Any]] = answer["responses"]
        return responses

    def _call(self, method: str, path: str, body: object, allowed: tuple[int, ...] = (400,)) -> dict[str, Any]:
        data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        kind = "application/x-ndjson" if isinstance(body, str) else "application/json"
        try:
            self._connection.request(method, path, data, {"Content-Type": kind})
            response = self._connection.getresponse()
            text = response.read()
            if response.status >= 400 and response.status not in (*allowed, 400):
                raise EngineMissingError(f"the search engine answered {response.status} to {method} {path}")
            loaded: dict[str, Any] = json.loads(text) if response.status < 400 else {"error": text.decode(errors="replace")}
        except (OSError, HTTPException, ValueError) as error:
            self._connection.close()
            raise EngineMissingError(f"the search engine stopped answering: {error}") from error
        return loaded


def named(mappings: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return mappings without the fields whose name ``text``, the documents and the query, does not hold; constants stay.

    A field that no document has and no query names changes no answer, but for
    a constant, which every document has.
    """
    if "properties" not in mappings:
        return dict(mappings)
    kept = {name: named(inner, text) for name, inner in mappings["properties"].items() if name in text or _has_constant(inner)}
    return {**mappings, "properties": kept}


def _has_constant(mappings: Mapping[str, Any]) -> bool:
    return mappings.get("type") == "constant_keyword" or any(map(_has_constant, mappings.get("properties", {}).values()))


def _found(answer: Mapping[str, Any], count: int) -> list[bool] | str:
    if "error" in answer:
        return _told(answer)
    found = {int(hit["_id"]) for hit in answer["hits"]["hits"]}
    return [number in found for number in range(count)]


def _told(answer: Mapping[str, Any]) -> str:
    return str(answer.get("error"))[:300]


@contextmanager
def running() -> Iterator[Engine]:
    """Start a server for the time of a ``with`` block.

    Raises:
        EngineMissingError: if the package osmem-server is not installed, or the server does not start.
    """
    try:
        import osmem_server
    except ImportError:
        raise EngineMissingError("the search engine is not installed; install the Python package osmem-server") from None
    try:
        with _collecting_less():
            server = osmem_server.OsmemServer.start(japanese=False)
    except (osmem_server.OsmemError, OSError) as error:
        raise EngineMissingError(f"the search engine did not start: {error}") from error
    try:
        yield Engine(server.url)
    finally:
        # The library's own close() lets the server say good-bye on the user's terminal.
        server.process.kill()
        server.process.communicate()


@contextmanager
def _collecting_less() -> Iterator[None]:
    """Let a process that starts now collect its garbage more seldom, which takes a third of its time (measured); its memory stays small."""
    before = os.environ.get("GOGC")
    os.environ["GOGC"] = "400"
    try:
        yield
    finally:
        if before is None:
            del os.environ["GOGC"]
        else:
            os.environ["GOGC"] = before


def osmem_version() -> str:
    """Return the version of the installed server package."""
    try:
        return version("osmem-server")
    except PackageNotFoundError:
        raise EngineMissingError("the search engine is not installed; install the Python package osmem-server") from None
