"""Which backends and pipelines of pySigma are installed: each plugin is imported by itself, and a broken one costs only itself.

Found as pySigma finds them: modules below ``sigma.backends`` and
``sigma.pipelines``, by class and by exported name.  Our own adapters, which
are backends too, are left out: they are targets already.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Final

from sigma.conversion.base import Backend
from sigma.pipelines.base import Pipeline
from sigma.processing.pipeline import ProcessingPipeline

from converter.model import Diagnostic, Severity

ADAPTERS: Final = ("falco", "kuery", "converter_splunk", "converter_python")
"""Modules below ``sigma.backends`` that are this program's own targets in pySigma's clothes."""
_WORD: Final = re.compile(r"[A-Z](?:[A-Z0-9]*(?![a-z0-9])|[a-z0-9]*)")


@dataclass(frozen=True, slots=True)
class Plugins:
    """What is installed by the names that pySigma's command line uses, and what is wrong with the rest (T501)."""

    backends: Mapping[str, type[Backend]]
    pipelines: Mapping[str, Callable[[], ProcessingPipeline]]
    problems: tuple[Diagnostic, ...]
    broken: frozenset[str]
    """Names under which a broken or clashing plugin would be asked for."""


@cache
def plugins() -> Plugins:
    """Return the installed plugins; modules are imported once."""
    problems: list[Diagnostic] = []
    broken: set[str] = set()
    backends = _named(_backends(problems, broken), "backend", problems, broken)
    pipelines = _named(_pipelines(problems), "pipeline", problems, set())
    return Plugins(backends, pipelines, tuple(problems), frozenset(broken))


def _named(found: Iterator[tuple[str, str, Any]], kind: str, problems: list[Diagnostic], broken: set[str]) -> dict[str, Any]:
    """Return plugins by name; a name that two different ones claim belongs to neither."""
    known: dict[str, tuple[str, Any]] = {}
    for name, module, plugin in found:
        if name not in known:
            known[name] = (module, plugin)
        elif known[name][1] is not plugin:
            broken.add(name)
            message = f"{known[name][0]} and {module} both bring a {kind} called '{name}'; neither is used"
            problems.append(Diagnostic("T501", Severity.WARNING, None, message, help="uninstall one of the two packages"))
    return {name: plugin for name, (_, plugin) in known.items() if name not in broken}


def _backends(problems: list[Diagnostic], broken: set[str]) -> Iterator[tuple[str, str, type[Backend]]]:
    import sigma.backends

    for name, module in _modules(sigma.backends, ADAPTERS, problems):
        if module is None:
            broken.add(name)
            continue
        for value in list(vars(module).values()):
            if inspect.isclass(value) and issubclass(value, Backend) and not value.__module__.startswith("sigma.conversion"):
                yield identifier(value), module.__name__, value


def _pipelines(problems: list[Diagnostic]) -> Iterator[tuple[str, str, Callable[[], ProcessingPipeline]]]:
    import sigma.pipelines

    for _, module in _modules(sigma.pipelines, ("base", "common"), problems):
        if module is None:
            continue
        own = _table(vars(module).get("pipelines"))
        wanted = vars(module).get("__all__")
        exported = {name: value for name, value in vars(module).items() if (wanted is None or name in wanted) and not name.startswith("_")}
        for name, value in [*own.items(), *((name, value) for name, value in exported.items() if value not in own.values())]:
            made = _maker(value, module)
            if made is not None:
                yield str(name).replace("_pipeline", ""), module.__name__, made


def _table(value: object) -> Mapping[str, Any]:
    """Return a module's own table of its pipelines, as older plugins have one."""
    return value if isinstance(value, dict) else {}


def _maker(value: Any, module: ModuleType) -> Callable[[], ProcessingPipeline] | None:  # noqa: ANN401 - whatever a plugin exports
    """Return what makes a pipeline, if that is what was exported: a class, a decorated function, or a function without parameters."""
    if inspect.isclass(value):
        return _OfClass(value) if issubclass(value, Pipeline) and value is not Pipeline else None
    if isinstance(value, Pipeline):
        return value
    if inspect.isfunction(value) and value.__module__.startswith(module.__name__):
        needed = [
            one for one in inspect.signature(value).parameters.values() if one.default is one.empty and one.kind is not one.VAR_KEYWORD
        ]
        return None if needed else value
    return None


@dataclass(frozen=True, slots=True)
class _OfClass:
    """Makes the pipeline of a class; two are equal when their class is."""

    kind: type[Pipeline]

    def __call__(self) -> ProcessingPipeline:
        pipeline: ProcessingPipeline = self.kind()()
        return pipeline


def _modules(package: ModuleType, left_out: tuple[str, ...], problems: list[Diagnostic]) -> Iterator[tuple[str, ModuleType | None]]:
    """Yield the modules of a namespace package by name, ``None`` for one that cannot be imported."""
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        name = found.name
        if name in left_out or name == "test":
            continue
        try:
            yield name, importlib.import_module(f"{package.__name__}.{name}")
        except (Exception, SystemExit) as error:  # foreign code: whatever it raises is its own
            problems.append(broken_plugin(f"{package.__name__}.{name}", error))
            yield name, None


def broken_plugin(name: str, error: BaseException) -> Diagnostic:
    """Return what to tell of a plugin that raises where it should only be loaded."""
    text = " ".join(str(error).split())[:200]
    message = f"the pySigma plugin {name} cannot be used: {type(error).__name__}{': ' if text else ''}{text}"
    return Diagnostic("T501", Severity.WARNING, None, message, help="reinstall or remove it; the other plugins are used")


def identifier(kind: type[Backend]) -> str:
    """Return a backend's name in pySigma: the class's own, else its Python name in lower case with underscores."""
    given = getattr(kind, "identifier", None) or getattr(kind, "__identifier__", None) or kind.__name__
    text = str(given).removesuffix("Backend").removesuffix("backend").removesuffix("_")
    name = "_".join(_WORD.findall(text)).lower() or text.lower()
    return kind.__module__.rpartition(".")[2].lower() if name == "base" else name


def unmet() -> tuple[Diagnostic, ...]:
    """Return the installed plugins whose own requirement is another pySigma than the installed one."""
    from importlib.metadata import distributions, version

    from packaging.requirements import InvalidRequirement, Requirement

    present, found = version("pysigma"), []
    for one in distributions():
        for text in one.requires or ():
            try:
                wanted = Requirement(text)
            except InvalidRequirement:
                continue
            if wanted.name.lower() != "pysigma" or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
                continue
            if not wanted.specifier.contains(present, prereleases=True):
                message = f"{one.metadata['Name']} {one.version} asks for pysigma{wanted.specifier}; {present} is installed"
                found.append(Diagnostic("T501", Severity.WARNING, None, message, help="its queries are made, but nobody tested that pair"))
    return tuple(found)
