"""Which log source a rule reads, and under which names its fields go.

A query names its data set by a constant field; that condition belongs to the
log source.  Where the tables of ``converter.data`` know the log source and
all fields of the query, the fields take the event's own names; else they keep
Elastic's, never both in one rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from converter.data import Binding, Source, bindings, indexed, sources
from converter.ir import And, FieldMatch, Node, Or, Shape, Text, atoms
from converter.readers.elastic_rules.facts import form

TARGET = "elastic"


@dataclass(frozen=True, slots=True)
class Choice:
    """A rule's log source.

    ``known`` is the tables' entry, ``bindings`` its fields by Elastic's names;
    ``is_native`` says that the rule uses the event's own names instead.
    ``is_shown`` says that the query names the data set, ``is_certain`` that
    the rule names the log source at all.
    """

    logsource: Mapping[str, str]
    known: Source | None = None
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    is_native: bool = False
    is_shown: bool = False
    is_certain: bool = True

    @property
    def guard(self) -> Mapping[str, tuple[str, ...]]:
        """The values, any of them, by which the target selects the log source, by field; both names of the data set mean the same."""
        if self.known is None:
            return {}
        guard = {name: _values(value) for name, value in self.known.targets[TARGET].get("guard", {}).items()}
        names = form().dataset_fields
        dataset = next((guard[name] for name in names if name in guard), None)
        return guard | (dict.fromkeys(names, dataset) if dataset else {})


def choose(index: Sequence[str], tags: Sequence[str], tree: Node | None) -> Choice:
    """Return the log source of a rule; ``tree`` is its query under Elastic's names, ``None`` when that was not read."""
    datasets = _datasets(tree) if tree is not None else ()
    for known in sources().values():
        if not _is_a_data_set(known):
            continue
        named = {one for value in known.targets[TARGET].get("guard", {}).values() for one in _values(value)}
        shown = bool(datasets) and set(datasets) == named
        if shown or (not datasets and _reads(index, known)):
            choice = _of(known, tree, shown)
            if choice.is_native or not _has_names(datasets):
                return choice
    names = form().logsources
    for dataset in datasets:
        if dataset in names.dataset:
            return Choice(names.dataset[dataset])
    telling = [one for one in index if not _says_nothing(one)]
    found = [next((source for start, source in names.index.items() if one.startswith(start)), None) for one in telling]
    agreed = [one for one in found if one is not None]
    if agreed and len(agreed) == len(found):
        common = {key: value for key, value in agreed[0].items() if all(one.get(key) == value for one in agreed)}
        if common:
            return Choice(common)
    systems = {names.tag[tag] for tag in tags if tag in names.tag}
    if len(systems) == 1:
        return Choice({"product": systems.pop()})
    return Choice(names.unknown, is_certain=False)


def _is_a_data_set(known: Source) -> bool:
    """Whether the log source is all of a data set, so that the data set's name says which log source a query reads."""
    return TARGET in known.targets and set(known.targets[TARGET].get("guard", {})) <= set(form().dataset_fields)


def _has_names(datasets: tuple[str, ...]) -> bool:
    """Whether Sigma's names for the data sets are known without the tables, so that a rule in Elastic's own names can have them."""
    return any(dataset in form().logsources.dataset for dataset in datasets)


def without_guard(tree: Node, choice: Choice) -> Node | None:
    """Return the tree without the log source's own condition, which the target adds to native names; ``None`` when nothing is left."""
    if not (choice.is_shown and choice.is_native):
        return tree
    guard = choice.guard
    rest = tuple(one for one in (tree.children if isinstance(tree, And) else (tree,)) if not _is_guard(one, guard))
    return (rest[0] if len(rest) == 1 else And(rest, tree.offsets)) if rest else None


def _values(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _is_guard(tree: Node, guard: Mapping[str, tuple[str, ...]]) -> bool:
    match tree:
        case FieldMatch(name, Text() as test):
            return test.shape is Shape.EQUALS and test.literal in guard.get(name, ())
        case Or(children):
            return all(_is_guard(one, guard) for one in children)
        case _:
            return False


def _of(known: Source, tree: Node | None, shown: bool) -> Choice:
    logsource = {"category": max(known.sigma["category"]), "product": known.sigma["product"], "service": known.sigma["service"]}
    by_path = _invertible(known)
    choice = Choice({key: value for key, value in logsource.items() if value}, known, by_path, is_shown=shown)
    rest = without_guard(tree, replace(choice, is_native=True)) if tree is not None else None
    used = {atom.field for atom in atoms(rest) if isinstance(atom, FieldMatch)} if rest is not None else set()
    return replace(choice, is_native=used <= set(by_path))


def _invertible(known: Source) -> dict[str, Binding]:
    """Return the fields of a log source by paths on the target that no other has, where their values are there as they are."""
    rows = [one for one in bindings(TARGET, known.id).values() if "*" not in one.path]
    count = Counter(path for one in rows for path in {part.path for part in indexed(one)})
    as_they_are = (one for one in rows if one.change is None and not (one.changed or one.digits or one.replaced))
    return {one.path: one for one in as_they_are if count[one.path] == 1}


def _says_nothing(index: str) -> bool:
    general = form().logsources.any_source
    return any(index == one if one.endswith("*") else index.startswith(one) for one in general)


def _reads(index: Sequence[str], known: Source) -> bool:
    """Whether every index of the rule is one of the log source's integration and one of them holds the log source."""
    own = [pattern.replace("*", "default") for pattern in known.targets[TARGET].get("index", ())]
    starts = tuple(f"logs-{integration}." for integration in known.targets[TARGET].get("integration", ()))
    return bool(index and starts) and all(one.startswith(starts) and any(fnmatchcase(name, one) for name in own) for one in index)


def _datasets(tree: Node) -> tuple[str, ...]:
    """Return the data sets to which the query's outermost conjunction restricts it, any of them when it names several."""
    names = form().dataset_fields
    for one in tree.children if isinstance(tree, And) else (tree,):
        alternatives = one.children if isinstance(one, Or) else (one,)
        values = tuple(
            alternative.test.literal
            for alternative in alternatives
            if isinstance(alternative, FieldMatch)
            and alternative.field in names
            and isinstance(alternative.test, Text)
            and alternative.test.shape is Shape.EQUALS
        )
        if values and len(values) == len(alternatives):
            return values
    return ()
