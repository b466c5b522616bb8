"""A search engine in one small process (osmem-server): documents in, the ids that a query finds out."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from converter.verify.engines.missing import EngineMissingError

CALL_S = 30


class Engine:
    """A running server on the loopback interface; state is its address."""

    def __init__(self, url: str) -> None:
        self._base = url

    def find(self, documents: Sequence[Mapping[str, Any]], mappings: Mapping[str, Any], query: Mapping[str, Any]) -> list[bool] | str:
        """Return for each document whether ``query`` finds it, or the engine's refusal of the query.

        A document that the engine does not take is not found.
        """
        self._call("DELETE", "/questions?ignore_unavailable=true", None, allowed=(404,))
        created = self._call("PUT", "/questions", {"mappings": mappings})
        if "error" in created:
            return f"the index is refused: {_told(created)}"
        lines: list[str] = []
        for number, document in enumerate(documents):
            lines += (json.dumps({"index": {"_index": "questions", "_id": str(number)}}), json.dumps(document))
        self._call("POST", "/_bulk?refresh=true", "\n".join(lines) + "\n")
        answer = self._call("POST", "/questions/_search", {"query": query, "size": 10_000, "_source": False})
        if "error" in answer:
            return _told(answer)
        found = {int(hit["_id"]) for hit in answer["hits"]["hits"]}
        return [number in found for number in range(len(documents))]

    def _call(self, method: str, path: str, body: object, allowed: tuple[int, ...] = (400,)) -> dict[str, Any]:
        data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        kind = "application/x-ndjson" if isinstance(body, str) else "application/json"
        request = urllib.request.Request(self._base + path, data=data, method=method, headers={"Content-Type": kind})  # noqa: S310 - http on loopback
        try:
            with urllib.request.urlopen(request, timeout=CALL_S) as response:  # noqa: S310 - http on loopback
                loaded: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (*allowed, 400):
                raise EngineMissingError(f"the search engine answered {error.code} to {method} {path}") from error
            loaded = {"error": error.read().decode(errors="replace")}
        except (OSError, ValueError) as error:
            raise EngineMissingError(f"the search engine stopped answering: {error}") from error
        return loaded


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
        server = osmem_server.OsmemServer.start()
    except (osmem_server.OsmemError, OSError) as error:
        raise EngineMissingError(f"the search engine did not start: {error}") from error
    try:
        yield Engine(server.url)
    finally:
        # The library's own close() lets the server say good-bye on the user's terminal.
        server.process.kill()
        server.process.communicate()


def osmem_version() -> str:
    """Return the version of the installed server package."""
    try:
        return version("osmem-server")
    except PackageNotFoundError:
        raise EngineMissingError("the search engine is not installed; install the Python package osmem-server") from None
