"""Processing pipelines: read from files that nobody vouches for, judged part by part, and made afresh for every rule.

A file is data to pySigma, but some of its parts read files, use the network,
run commands or Python code: those are refused before pySigma sees them.  A
pipeline object is never used twice, because ``set_field`` hands its own list
to the rule, and later items change it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from converter.data import read_facts
from converter.formats import Document, Map, Seq, read
from converter.model import Diagnostic, Severity, Source, Span
from converter.targets.contract import Pipeline
from converter.targets.pysigma.patterns import slow_patterns

SIZE: Final = 1 << 20
"""Bytes of a pipeline file; the largest published one has a twentieth."""
_KEYS: Final = ("name", "priority", "allowed_backends", "vars", "transformations", "postprocessing", "finalizers")
_PARTS: Final = ("transformations", "postprocessing", "finalizers")


@cache
def facts() -> Mapping[str, Any]:
    """Return ``pipelines.yml``."""
    loaded: dict[str, Any] = read_facts(Path(__file__).with_name("pipelines.yml"))
    return loaded


def read_pipeline(data: bytes, path: str, kinds: Sequence[str]) -> Pipeline | tuple[Diagnostic, ...]:
    """Return the pipeline of a file, or all that is wrong with it (R for its YAML, P030, P031, P033).

    ``kinds`` are ``own`` and ``bridge``, for whom it must do.
    """
    if len(data) > SIZE:
        place = Source(path, "").start
        return (Diagnostic("P030", Severity.ERROR, place, f"the pipeline has more than {SIZE} bytes", help="split it"),)
    documents = read(data, path)
    if isinstance(documents, Diagnostic):
        return (documents,)
    if len(documents) != 1 or not isinstance(documents[0].value, Map):
        help_text = "a pipeline is one map with name, priority and transformations"
        return (Diagnostic("P030", Severity.ERROR, Source(path, "").start, "the file is no pipeline", help=help_text),)
    problems = tuple(_file_problems(documents[0], kinds))
    if problems:
        return problems
    pipeline = Pipeline(path, documents[0].value)
    try:
        made(pipeline)
    except Exception as error:  # whatever pySigma raises, it is about this file
        message = f"pySigma cannot read the pipeline: {told(error)}"
        return (Diagnostic("P030", Severity.ERROR, documents[0].source.span(documents[0].offsets), message, help="correct it"),)
    return pipeline


def installed_pipeline(name: str, kinds: Sequence[str]) -> Pipeline | tuple[Diagnostic, ...] | None:
    """Return an installed pipeline by its name, what is wrong with it, or ``None`` when there is none of this name."""
    from converter.targets.pysigma.plugins import broken_plugin, plugins

    if name not in plugins().pipelines:
        return None
    try:
        pipeline = made(Pipeline(name))
    except Exception as error:  # foreign code
        return (broken_plugin(f"pipeline {name}", error),)
    return object_problems(name, pipeline, kinds) or Pipeline(name)


def close_pipelines(name: str) -> list[str]:
    """Return the names of installed pipelines that are like ``name``."""
    from converter.targets.pysigma.plugins import plugins

    return difflib.get_close_matches(name, plugins().pipelines, n=1)


def made(pipeline: Pipeline) -> Any:  # noqa: ANN401 - a ProcessingPipeline, imported lazily
    """Return a fresh object of pySigma's.

    Raises:
        Exception: whatever pySigma or the plugin raises.
    """
    from sigma.processing.pipeline import ProcessingPipeline

    from converter.targets.pysigma.document import plain_value
    from converter.targets.pysigma.plugins import plugins

    if pipeline.content is None:
        return plugins().pipelines[pipeline.name]()
    return ProcessingPipeline.from_dict(plain_value(pipeline.content))


def combined(pipelines: Sequence[Pipeline]) -> Any:  # noqa: ANN401 - a ProcessingPipeline, imported lazily
    """Return the pipelines as one, the lowest priority first, as pySigma's command line does.

    Raises:
        Exception: whatever pySigma or the plugin raises.
    """
    from sigma.processing.pipeline import ProcessingPipeline

    from converter.targets.pysigma.bound import bounded

    each = sorted(((made(one), one.name) for one in pipelines), key=lambda pair: (pair[0].priority, pair[1]))
    whole = sum((one for one, _ in each), ProcessingPipeline())
    if all(one.content is None for one in pipelines):
        return whole
    whole._clear_pipeline()
    return ProcessingPipeline(bounded(whole.items), whole.postprocessing_items, whole.finalizers, whole.vars)


def meant_for_others(pipeline: Pipeline, target: str) -> str:
    """Return the backends that a pipeline is meant for when the target is none of them, else ``""``."""
    allowed = sorted(made(pipeline).allowed_backends)
    names = facts()["meant_for"].get(target, [target.removeprefix("pysigma-")])
    return "" if not allowed or set(allowed) & set(names) else ", ".join(allowed)


def told(error: BaseException) -> str:
    """Return a foreign exception's text as one of our sentences: one line, lower case, no full stop."""
    text = " ".join(str(error.args[0] if error.args else error).split())
    if not text or type(error).__name__ in ("KeyError", "AttributeError", "IndexError", "AssertionError"):
        text = f"{type(error).__name__} {text}".strip()
    first = text[:1] if text[1:2].isupper() else text[:1].lower()
    return (first + text[1:400]).rstrip(". ")


def _file_problems(document: Document, kinds: Sequence[str]) -> Iterator[Diagnostic]:
    value, source = document.value, document.source
    for index, key in enumerate(value):
        if key not in _KEYS:
            place = source.span(value.offsets[2 * index])
            close = difflib.get_close_matches(str(key), _KEYS, n=1)
            yield Diagnostic(
                "P030", Severity.ERROR, place, f"unknown key '{key}' in a pipeline", help=f"did you mean '{close[0]}'?" if close else ""
            )
        elif not _fits(str(key), value[key]):
            place = source.span(value.offsets[2 * index + 1])
            yield Diagnostic("P030", Severity.ERROR, place, f"'{key}' of a pipeline is not {_FORMS[str(key)]}", help="correct it")
    for part in _PARTS:
        if part in value:
            yield from _items(part, value[part], source, value.offsets[2 * list(value).index(part) + 1], kinds)


_FORMS: Final = {"name": "a text", "priority": "a whole number", "allowed_backends": "a list of names", "vars": "a map"}


def _fits(key: str, value: object) -> bool:
    """Whether a key of the head has a value of its form."""
    match key:
        case "name":
            return isinstance(value, str)
        case "priority":
            return isinstance(value, int) and not isinstance(value, bool)
        case "allowed_backends":
            return isinstance(value, Seq) and all(isinstance(one, str) for one in value)
        case "vars":
            return isinstance(value, Map)
    return True


def _items(part: str, items: object, source: Source, offsets: int, kinds: Sequence[str]) -> Iterator[Diagnostic]:
    if not isinstance(items, Seq):
        yield Diagnostic("P030", Severity.ERROR, source.span(offsets), f"{part} is no list", help="write '- type: …' for each item")
        return
    for item, place in zip(items, items.offsets, strict=True):
        kind = item.get("type") if isinstance(item, Map) else None
        if not isinstance(item, Map) or not isinstance(kind, str):
            yield Diagnostic("P030", Severity.ERROR, source.span(place), f"an item of {part} has no type", help="write 'type: …'")
            continue
        where = source.span(item.offsets[2 * list(item).index("type") + 1])
        yield from _refused(part, kind, where, kinds)
        for key, why in facts()["keys"].items():
            if part != "transformations" and key in item:
                span = source.span(item.offsets[2 * list(item).index(key)])
                yield _refusal(f"'{key}' of {kind}", why, span)
        for pattern, at, why in slow_patterns(item):
            message = f"the pattern {pattern[:40]!r} of a pipeline could take endless time: {why}"
            yield Diagnostic("P033", Severity.ERROR, source.span(at), message, help="write it without nested or overlapping repetitions")
        inner = next((key for key in ("items", "finalizers") if kind in ("nest", "nested") and key in item), None)
        if inner:
            yield from _items(part, item[inner], source, item.offsets[2 * list(item).index(inner) + 1], kinds)


def _refused(part: str, kind: str, span: Span | None, kinds: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield why a part cannot be used, once, if one of those for whom it must do refuses it."""
    known = facts()[part]
    if kind not in known:
        close = difflib.get_close_matches(kind, known, n=1)
        help_text = f"did you mean '{close[0]}'?" if close else "known are: " + ", ".join(known)
        yield Diagnostic("P031", Severity.ERROR, span, f"'{kind}' is not among the {part} that the converter knows", help=help_text)
        return
    whys = [(one, known[kind][one]) for one in kinds if known[kind][one] != "honoured"]
    if whys:
        yield _refusal(f"'{kind}' of {part}", whys[0][1], span, "" if whys[0][0] == "bridge" else "on the converter's own targets")


def _refusal(what: str, why: str, span: Span | None, where: str = "") -> Diagnostic:
    message = f"{what} is refused{' ' if where else ''}{where}: {why}"
    help_text = "take it out, or use a target pysigma-<backend>" if where else "take it out of the pipeline"
    return Diagnostic("P031", Severity.ERROR, span, message, help=help_text)


def object_problems(name: str, pipeline: Any, kinds: Sequence[str]) -> tuple[Diagnostic, ...]:  # noqa: ANN401 - a ProcessingPipeline
    """Return what of an installed pipeline is refused on our own targets; a backend of pySigma's takes installed code as it is."""
    if "own" not in kinds:
        return ()
    named = _class_names()
    parts: tuple[tuple[str, Sequence[Any], Callable[[Any], Any]], ...] = (
        ("transformations", pipeline.items, lambda item: item.transformation),
        ("postprocessing", pipeline.postprocessing_items, lambda item: item.transformation),
        ("finalizers", pipeline.finalizers, lambda item: item),
    )
    whose = f"pipeline {name}: " if name else "the pipeline: "
    return tuple(
        Diagnostic(one.code, one.severity, None, whose + one.message, help=one.help)
        for part, items, subject in parts
        for kind in dict.fromkeys(_kinds(part, items, subject, named))
        for one in _refused(part, kind, None, ["own"])
    )


def _kinds(part: str, items: Sequence[Any], subject: Callable[[Any], Any], named: Mapping[type, str]) -> Iterator[str]:
    for item in items:
        one = subject(item)
        yield named.get(type(one), type(one).__name__)
        if part == "transformations" and hasattr(one, "_nested_pipeline"):
            yield from _kinds(part, one._nested_pipeline.items, subject, named)


def _class_names() -> Mapping[type, str]:
    from sigma.processing.finalization import finalizers
    from sigma.processing.postprocessing import query_postprocessing_transformations
    from sigma.processing.transformations import transformations

    tables: tuple[Mapping[str, type], ...] = (transformations, query_postprocessing_transformations, finalizers)
    return {kind: name for table in tables for name, kind in table.items()}
