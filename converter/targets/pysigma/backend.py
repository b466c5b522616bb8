"""The bridge: a rule's query as an installed backend of pySigma makes it.

What such a query means is not known to this program, so its status is always
``unknown``.  Each rule gets its own rule object, pipeline and backend: all
three are changed by a conversion.  One process, no threads: backends swap
attributes of their class while they print a ``not``.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from converter.model import Artifact, Diagnostic, Fidelity, Loss, Rule, Severity, Span, node
from converter.targets.contract import Capabilities, Compilation, Options, ResolvedRule
from converter.targets.pysigma.pipeline import combined, told

PREFIX: Final = "pysigma-"
OWN_OPTIONS: Final = ("format", "correlation_method", "accept", "enabled", "reason")
"""Options that are not the constructor's: what is asked of a conversion, and what a rule may say of any target."""


@node
class Bridge:
    """A target ``pysigma-<backend>``; options go to the backend, but for ``format`` and ``correlation_method``."""

    name: str
    base: str

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return the backend's language without features: nothing is known of what it can express."""
        return {self.name.removeprefix(PREFIX): Capabilities(self.name.removeprefix(PREFIX), {})}

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return the backend's query, or its error as ours (T503, T504)."""
        backend, form = self.name.removeprefix(PREFIX), str(options.get("format", "default"))
        language = backend if form == "default" else f"{backend}/{form}"
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # a backend's chatter is no product of ours
                text = _text(_converted(backend, rule, options, form))
        except Exception as error:  # foreign code: pySigma itself collects its own errors only
            return Compilation(rule.rule, self.name, language, diagnostics=(refusal(rule.rule, self.name, error),), resolved=rule)
        if text is None or not text.strip():
            place = rule.rule.span("detection")
            message = f"{self.name} made no query of the rule, and gave no error"
            told_here = Diagnostic(
                "T504", Severity.ERROR, place, message, help="report it to the backend, or disable the target for this rule"
            )
            return Compilation(rule.rule, self.name, language, diagnostics=(told_here,), resolved=rule)
        loss = Loss(
            "T502", "pysigma", Fidelity.UNKNOWN, "what the query of a pySigma backend matches is not known", rule.rule.span("detection")
        )
        return Compilation(rule.rule, self.name, language, {"query": text}, (loss,), resolved=rule, options=options)

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return a text file for each rule."""
        return [
            Artifact(f"{path}.txt", (one.parts["query"].rstrip("\n") + "\n").encode("utf-8", "backslashreplace"), (one.rule.id,))
            for one, path in zip(done, paths, strict=True)
        ]


def refusal(rule: Rule, name: str, error: BaseException) -> Diagnostic:
    """Return what pySigma raised as a diagnostic at the rule's place, the item's where pySigma knows it."""
    help_text = "see the backend's documentation; -p gives pipelines, -O options; or disable the target for this rule"
    text = re.sub(r" \(while \w+ .*?rule .*\)$", "", told(error))
    return Diagnostic("T503", Severity.ERROR, _place(rule, error), f"{name}: {text}", help=help_text)


def _place(rule: Rule, error: BaseException) -> Span:
    offsets = getattr(getattr(error, "source", None), "offsets", 0)
    return rule.source.span(offsets) if offsets else rule.span("detection")


def backend_problem(name: str, options: Options) -> str:
    """Return why a backend cannot be constructed with these options, or ``""``.

    Raises:
        KeyError: if there is no backend of this name.
    """
    from converter.targets.pysigma.plugins import plugins

    backend = name.removeprefix(PREFIX)
    kind = plugins().backends[backend]
    form = str(options.get("format", "default"))
    if form not in kind.formats:
        return f"there is no format '{form}': it has {', '.join(kind.formats)}"
    try:
        kind(processing_pipeline=None, collect_errors=False, **_arguments(options))
    except Exception as error:  # foreign code
        return f"it cannot be constructed: {type(error).__name__}: {told(error)}"
    return ""


def _converted(backend: str, rule: ResolvedRule, options: Options, form: str) -> Any:  # noqa: ANN401 - whatever a backend returns
    from sigma.collection import SigmaCollection

    from converter.targets.pysigma.document import collection, fresh
    from converter.targets.pysigma.plugins import plugins

    kind = plugins().backends[backend]
    maker = kind(processing_pipeline=combined(rule.pipelines), collect_errors=False, **_arguments(options))
    rules = collection(rule.linked) if rule.linked else SigmaCollection([fresh(rule.rule)])
    method = options.get("correlation_method")
    return maker.convert(rules, form, method) if method else maker.convert(rules, form)


def _arguments(options: Options) -> dict[str, Any]:
    """Return options as pySigma's command line hands them over: whole numbers as numbers."""
    return {name: _number(value) for name, value in options.items() if name not in OWN_OPTIONS}


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value) else value


def _text(result: object) -> str | None:
    """Return a backend's output as pySigma's command line writes it; ``None`` for what is no text."""
    if isinstance(result, str):
        return result
    if isinstance(result, bytes):
        return result.decode("utf-8", "replace")
    if isinstance(result, list) and all(isinstance(one, str) for one in result):
        return "\n\n".join(result)
    if isinstance(result, list) and all(isinstance(one, dict) for one in result):
        return "\n".join(map(json.dumps, result))
    return json.dumps(result) if isinstance(result, dict) else None
