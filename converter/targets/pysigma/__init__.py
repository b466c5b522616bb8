"""pySigma: its installed backends as targets, its pipelines before our own targets, its rules as ours.

The only target package that imports pySigma, and only when one of these is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from converter.model import Diagnostic, Rule, Severity
from converter.targets.pysigma.backend import PREFIX, Bridge, backend_problem
from converter.targets.pysigma.piped import named, through, unlisted
from converter.targets.pysigma.piped_correlation import PipedPart, parts_through
from converter.targets.pysigma.pipeline import SIZE as PIPELINE_SIZE
from converter.targets.pysigma.pipeline import close_pipelines, installed_pipeline, meant_for_others, object_problems, read_pipeline

if TYPE_CHECKING:
    from converter.ir import Node

__all__ = [
    "PIPELINE_SIZE",
    "PREFIX",
    "Bridge",
    "PipedPart",
    "backend_formats",
    "backend_names",
    "backend_problem",
    "bridge",
    "broken_names",
    "close_pipelines",
    "from_sigma",
    "installed_pipeline",
    "meant_for_others",
    "named",
    "parts_through",
    "pipeline_names",
    "pipeline_problems",
    "plugin_problems",
    "read_pipeline",
    "through",
    "unlisted",
    "unusable",
]


def bridge(name: str) -> Bridge:
    """Return the target ``pysigma-<backend>``.

    Raises:
        KeyError: if no such backend is installed, or it cannot be used.
    """
    if name not in backend_names():
        raise KeyError(name)
    return Bridge(name, name)


def backend_names() -> Sequence[str]:
    """Return the targets that installed backends are, sorted."""
    from converter.targets.pysigma.plugins import plugins

    return sorted(PREFIX + name for name in plugins().backends)


def backend_formats(name: str) -> Sequence[str]:
    """Return the output formats of a backend, by its target's name."""
    from converter.targets.pysigma.plugins import plugins

    return list(plugins().backends[name.removeprefix(PREFIX)].formats)


def pipeline_names() -> Sequence[str]:
    """Return the names of installed pipelines, sorted."""
    from converter.targets.pysigma.plugins import plugins

    return sorted(plugins().pipelines)


def unusable(name: str, problem: str) -> Diagnostic:
    """Return what to tell of a backend that is there and cannot be used (T501)."""
    return Diagnostic("T501", Severity.WARNING, None, f"{name}: {problem}", help="reinstall or remove it; the other plugins are used")


def broken_names() -> Sequence[str]:
    """Return the targets that would be there if their plugin could be used."""
    from converter.targets.pysigma.plugins import plugins

    return sorted(PREFIX + name for name in plugins().broken)


def plugin_problems(*, versions: bool = False) -> tuple[Diagnostic, ...]:
    """Return what is wrong with installed plugins (T501); with ``versions`` also whose requirements are not met."""
    from converter.targets.pysigma.plugins import plugins, unmet

    return (*plugins().problems, *(unmet() if versions else ()))


def pipeline_problems(pipeline: Any) -> tuple[Diagnostic, ...]:  # noqa: ANN401 - a ProcessingPipeline, never imported here
    """Return what of a pipeline that pySigma made our own targets refuse (P031)."""
    return object_problems("", pipeline, ["own"])


def from_sigma(sigma: Any, id_of: Callable[[str], str]) -> tuple[Rule, Node | tuple[Diagnostic, ...]]:  # noqa: ANN401 - a SigmaRule, never imported here
    """Return a rule of pySigma's as ours, with its meaning as it is now; places are its file's beginning.

    ``id_of`` gives a rule without an id one by its title.

    Raises:
        ValueError: if its ``x-converter`` is not a map.
    """
    from converter.ir import lower_piped
    from converter.targets.pysigma.document import header_of, origin

    rule = header_of(sigma, id_of)
    return rule, lower_piped(sigma, rule, origin)
