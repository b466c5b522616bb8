"""``converter targets``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from converter.cli.options import targets_of
from converter.cli.show import put, table


@click.command("targets")
@click.argument("names", nargs=-1)
def command(names: tuple[str, ...]) -> None:
    """List the targets and their log sources; with NAMES what each can express."""
    from converter.data import sources
    from converter.ir import FEATURES
    from converter.targets import NAMES, PACKAGES

    if not names:
        rows = [[name, ", ".join(sorted(targets_of([name])[0].capabilities({}))), ", ".join(_sources(name))] for name in NAMES]
        put(table(["target", "languages", "log sources"], rows))
        put("\npackage target, built by name only")
        put(table(["target", "the rules of", "what it makes"], [[name, targets_of([name])[0].base, _MAKES[name]] for name in PACKAGES]))
        _pysigma()
        put("")
        rows = [[source.id, *(_said(source.sigma[part]) for part in ("category", "product", "service"))] for source in sources().values()]
        put(table(["log source", "category", "product", "service"], rows))
        return
    for target in targets_of(names):
        if target.name.startswith("pysigma-"):
            put(f"{target.name}: what it expresses is the backend's own; what its queries mean is not known\n")
            continue
        for language, capabilities in target.capabilities({}).items():
            put(f"{target.name} · {language}")
            rows = []
            for feature in FEATURES:
                entry = capabilities.features.get(feature, {})
                since = entry.get("since", {})
                shown = ", ".join(
                    (f"{kind} {value}" if kind != "any" else str(value)) + (f" (since {since[kind]})" if kind in since else "")
                    for kind, value in entry.items()
                    if kind not in ("case", "source", "since") and not kind.startswith("why")
                )
                reasons = sorted((kind, str(text)) for kind, text in entry.items() if kind.startswith("why"))
                why = [text if kind == "why" else f"{kind.removeprefix('why_')}: {text}" for kind, text in reasons]
                rows.append([feature, shown or "unsupported", "; ".join(why)])
            put(table(["feature", "fidelity by field type", "why"], rows) + "\n")


def _said(part: str | Sequence[str]) -> str:
    return " or ".join(one or "(none)" for one in ([part] if isinstance(part, str) else part))


def _pysigma() -> None:
    """List what is installed of pySigma; a plugin that cannot be used is told and left out."""
    from converter.cli.show import tell
    from converter.targets import pysigma

    problems = [*pysigma.plugin_problems(versions=True)]
    rows = []
    for name in pysigma.backend_names():
        problem = pysigma.backend_problem(name, {})
        if problem:
            problems.append(pysigma.unusable(name, problem))
        else:
            rows.append([name, ", ".join(pysigma.backend_formats(name))])
    tell(problems)
    if rows:
        put("\ninstalled pySigma backends, built by name only; what their queries mean is not known")
        put(table(["target", "formats (-O format=…)"], rows))
    if pysigma.pipeline_names():
        put("\ninstalled pySigma pipelines (-p): " + ", ".join(pysigma.pipeline_names()))


_MAKES = {
    "elastic-ndjson": "one file that Kibana imports",
    "splunk-app": "one app, a .tgz or with -O form=folder a folder",
    "falco-rules": "one rules file, loaded instead of the files of single rules",
    "python-package": "one package to install, with match_all(event)",
}


def _sources(target: str) -> list[str]:
    from converter.data import sources

    return [source.id for source in sources().values() if target in source.targets]
