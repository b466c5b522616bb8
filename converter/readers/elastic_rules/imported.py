"""What became of one rule: a row of the import report, and the canonical rule's text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from converter.ir import fingerprint
from converter.model import Diagnostic, Fidelity, Loss, joined
from converter.readers.elastic_rules.source import TARGET
from converter.readers.elastic_rules.write import yaml_text
from converter.readers.sigma import read_rules


class Outcome(Enum):
    """What a rule became: one with a detection, one that keeps its query as it is, or nothing."""

    CANONICAL = "canonical"
    OPAQUE = "opaque"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Imported:
    """One rule.  ``text`` is the canonical rule as YAML and ``file`` where it should lie below the output folder; both empty when refused.

    ``kind`` is the rule's type, ``sequence`` or ``sample`` for EQL over
    several events; ``reason`` says why an opaque rule is one, from the closed
    list of ``form.yml``.  ``exact`` says that the rule means what the source
    shows and lacks no parameter; what the source cannot show is told in
    ``diagnostics``.  ``line`` is where the rule stands in a file of several,
    else 0.

    ``documents`` are those of the text, and ``own`` the query of a rule that
    has a detection too, with its language and the filters that the detection
    says (``keeping``).
    """

    source: str
    name: str
    kind: str
    language: str
    status: Outcome
    exact: bool
    text: str = ""
    file: str = ""
    losses: tuple[Loss, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    reason: str = ""
    line: int = 0
    documents: tuple[Mapping[str, Any], ...] = ()
    own: Mapping[str, object] = field(default_factory=dict)

    @property
    def keeps(self) -> bool:
        """Whether the canonical rule keeps the query beside its detection."""
        return bool(self.documents) and "kept" in self.documents[0].get("x-converter", {}).get("targets", {}).get(TARGET, {})


def keeping(one: Imported, losses: Iterable[Loss] = ()) -> Imported:
    """Return a rule that keeps its query beside the detection, which has these losses: what is built is the query as it was."""
    rules, _ = read_rules(one.text.encode("utf-8", "replace"), one.file)
    if not rules or not one.own.get("query"):
        return one
    lost = [loss for loss in losses if loss.direction is not Fidelity.EXACT]
    kept = {
        **one.own,
        "of": fingerprint(rules[0], rules[1:]),
        "fidelity": joined(lost).negated.value if lost else None,
        "why": "; ".join(dict.fromkeys(loss.message for loss in lost)),
    }
    first, *others = one.documents
    documents = ({**first, "x-converter": _with(first.get("x-converter", {}), kept)}, *others)
    return replace(one, documents=documents, text=text_of(documents))


def text_of(documents: Iterable[Mapping[str, object]]) -> str:
    """Return the text of a file with these documents."""
    return "---\n".join(map(yaml_text, documents))


def _with(extension: Mapping[str, Any], kept: Mapping[str, object]) -> dict[str, Any]:
    targets = extension.get("targets", {})
    own = {**targets.get(TARGET, {}), "kept": {key: value for key, value in kept.items() if value}}
    return {**extension, "targets": {**targets, TARGET: own}}
