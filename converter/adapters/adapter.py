"""A target of ours in the shape that pySigma's front ends ask for.

pySigma has read the rule, so there are no places in it but the file's name;
a pipeline, where one is given, has renamed its fields to the target's.  What
our target refuses is raised as pySigma's own error with our text, and
``allow=narrower,mixed,unknown`` lets losses pass.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sigma.conversion.base import TextQueryBackend
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import (
    SigmaBackendError,
    SigmaConfigurationError,
    SigmaError,
    SigmaFeatureNotSupportedByBackendError,
    SigmaTransformationError,
)
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

if TYPE_CHECKING:  # pySigma's front ends import every backend at every start; the converter is loaded when one converts
    from converter.model import Diagnostic, Fidelity
    from converter.pack import Outcome
    from converter.targets import Compilation

Callback = Callable[[Any, str | None, int, Any, Any], Any] | None


class Adapter(TextQueryBackend):
    """A backend of pySigma's that compiles with one of our targets.

    A subclass says which: ``base`` is the target, ``pinned`` are options of
    its that are not the user's, ``artifacts`` maps an output format to the
    target that makes its files: a package target, or ``base`` itself, of
    whose files ``shared`` names the one for all rules.
    """

    base: ClassVar[str] = ""
    pinned: ClassVar[Mapping[str, str]] = {}
    artifacts: ClassVar[Mapping[str, str]] = {}
    shared: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        processing_pipeline: ProcessingPipeline | None = None,
        collect_errors: bool = False,
        allow: str | Sequence[str] = (),
        **options: Any,  # noqa: ANN401 - whatever a front end hands over
    ) -> None:
        """Take options of the target's as a front end hands them over.

        Raises:
            TypeError: for an option that the target does not have, as a call with an unknown argument does.
        """
        super().__init__(processing_pipeline, collect_errors, **options)
        self._allow = allow
        self.flags = {**{name: self._option(name, value) for name, value in options.items()}, **self.pinned}
        self._done: list[tuple[Any, Compilation]] = []

    def _option(self, name: str, value: object) -> object:
        """Return an option's value in the type that the target has for it: one text or number, and nothing that a rule alone may say."""
        from converter.pack import RULES_ONLY
        from converter.readers import schema

        kind = schema("rule")["$defs"][self.base]["properties"].get(name, {}).get("type")
        if kind not in ("string", "integer", "number") or name in (*self.pinned, *RULES_ONLY):
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument '{name}'")
        if kind == "string":
            return str(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"the argument '{name}' is no number")
        return value

    def init_processing_pipeline(self, output_format: str | None = None) -> None:
        """Begin a conversion; a direction that ``allow`` does not have is told here, where front ends expect errors of pySigma's.

        Raises:
            SigmaConfigurationError: for such a direction.
        """
        self.allowed = _directions(self._allow)
        super().init_processing_pipeline(output_format)

    def convert_rule(self, rule: SigmaRule, output_format: str | None = None, callback: Callback = None) -> list[Any]:
        """Return the rule's query, or its artifact; one that is refused is pySigma's error, collected where that is wished."""
        form = output_format or self.default_format
        try:
            compilation = self._compiled(rule, form)
        except SigmaError as error:
            if not self.collect_errors:
                raise
            self.errors.append((rule, error))
            return []
        result: Any = self._text(compilation, form)
        if callback is not None:
            result = callback(rule, output_format, 0, rule.detection.parsed_condition[0], result)
        if result is None:
            return []
        rule.set_conversion_result([result])
        if not rule._output:
            return []
        self._done.append((result, compilation))
        return [result]

    def convert_correlation_rule(
        self, rule: SigmaCorrelationRule, output_format: str | None = None, method: str | None = None, callback: Callback = None
    ) -> list[Any]:
        """Refuse a correlation rule: it is one of several kinds of rule that a target has, or has not, and a front end asks for a query.

        A target that has them is reached by the converter's own commands.
        """
        from converter.targets import CORRELATING

        message = f"correlation rules are not supported by {self.base} yet"
        if self.base in CORRELATING:
            message = f"a correlation is no query of {self.base}'s but a kind of rule; 'converter convert FILE -t {self.base}' writes it"
        error = SigmaFeatureNotSupportedByBackendError(message, source=rule.source)
        if not self.collect_errors:
            raise error
        # pySigma's own code puts correlation rules there too, against its annotation.
        self.errors.append((rule, error))  # type: ignore[arg-type]
        return []

    def finalize(self, queries: list[Any], output_format: str) -> Any:  # noqa: ANN401 - pySigma's signature
        """Return the queries, or the artifacts; what is one file for all rules is made of all."""
        if output_format not in self.formats:
            raise SigmaBackendError(f"there is no output format '{output_format}', there are: {', '.join(self.formats)}")
        done, self._done = self._done, []
        whole = [text for text, _ in done] == queries
        return self._together([one for _, one in done], output_format) if whole and done and output_format in self.artifacts else queries

    def _compiled(self, rule: SigmaRule, form: str) -> Compilation:
        from converter.targets import pysigma

        piped = self.processing_pipeline is not None and bool(self.processing_pipeline.items)
        if self.processing_pipeline is not None:
            for one in pysigma.pipeline_problems(self.processing_pipeline):
                raise SigmaTransformationError(_told(one), source=rule.source)
        if getattr(self, "last_processing_pipeline", None) is None:
            self.init_processing_pipeline(form)
        before, logsource = set(rule.detection.detections), rule.logsource
        self.last_processing_pipeline.apply(rule)
        selected = set(rule.detection.detections) != before or rule.logsource != logsource
        outcome = self._outcome(rule, piped=piped, selected=selected)
        if not outcome.allowed or outcome.compilation is None:
            raise SigmaFeatureNotSupportedByBackendError(_refused(outcome, self.base), source=rule.source)
        return outcome.compilation

    def _outcome(self, sigma: SigmaRule, *, piped: bool, selected: bool) -> Outcome:
        """Return what our target makes of a rule, as ``converter build`` decides it."""
        from converter.model import Status
        from converter.pack import Loaded, Outcome, Policy, RuleFile, compile_resolved
        from converter.readers import derived_id
        from converter.targets import pysigma, resolve, target

        try:
            rule, tree = pysigma.from_sigma(sigma, derived_id)
        except ValueError as error:
            raise SigmaConfigurationError(str(error), source=sigma.source) from error
        path = Path(rule.source.path)
        loaded = Loaded(
            RuleFile(path, path.as_posix(), path.stem), rule, None if isinstance(tree, tuple) else tree, (), path.stem or "rule"
        )
        own = rule.target(self.base)
        if own.get("enabled") is False:
            return Outcome(loaded, self.base, Status.DISABLED, False, reason=str(own.get("reason", "")))
        if isinstance(tree, tuple):
            return Outcome(loaded, self.base, Status.ERROR, False, tree)
        resolved = pysigma.named(rule, tree, self.base, selected=selected) if piped else resolve(rule, tree, self.base)
        return compile_resolved(loaded, resolved, target(self.base), {**own, **self.flags}, self.allowed, Policy(), piped=piped)

    def _text(self, compilation: Compilation, form: str) -> str:
        """Return one rule's query or artifact as text."""
        if form not in self.artifacts:
            return self.query(compilation)
        return self._together([compilation], form)[0]

    def query(self, compilation: Compilation) -> str:
        """Return the query as a person pastes it; a subclass may say more."""
        parts = [part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in compilation.parts.values() if part]
        return "\n".join(parts)

    def _together(self, done: Sequence[Compilation], form: str) -> list[str]:
        """Return the artifacts of all rules: each rule's, or the one file that a package target makes."""
        from converter.targets import target

        paths = [f"rule{number}" for number in range(len(done))]
        files = target(self.artifacts[form]).package(done, paths, self.flags)
        if form in self.shared:
            files = [one for one in files if one.path == self.shared[form]]
        elif self.artifacts[form] == self.base:
            files = [one for one in files if one.path.rpartition(".")[0] in paths]
        return [one.data.decode("utf-8") for one in files]


def _directions(allow: str | Sequence[str]) -> frozenset[Fidelity]:
    from converter.model import Fidelity

    allowed = {one.value: one for one in (Fidelity.WIDER, Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN)}
    words = [word.strip() for text in ([allow] if isinstance(allow, str) else allow) for word in str(text).split(",") if word.strip()]
    for word in words:
        if word not in allowed:
            raise SigmaConfigurationError(f"allow takes narrower, mixed, unknown, not '{word}'")
    return frozenset(allowed[word] for word in words)


def _refused(outcome: Outcome, name: str) -> str:
    """Return why a rule is refused as one text: each error and each advice once."""
    from converter.model import Severity, Status

    errors = [one for one in outcome.diagnostics if one.severity is Severity.ERROR]
    if errors:
        lifts = "" if outcome.status in (Status.UNSUPPORTED, Status.ERROR) else f"; -O allow={outcome.status.value} lets it pass"
        helps = dict.fromkeys(one.help for one in errors if one.help)
        return "; ".join(dict.fromkeys(f"{one.code}: {one.message}" for one in errors)) + f" ({'; '.join(helps)})" * bool(helps) + lifts
    if outcome.status is Status.NO_SOURCE:
        return f"{name} has no log source ({outcome.loaded.rule.logsource})"
    return f"the rule is {outcome.status.value} on {name}" + (f": {outcome.reason}" if outcome.reason else "")


def _told(one: Diagnostic) -> str:
    return f"{one.code}: {one.message}" + (f" ({one.help})" if one.help else "")
