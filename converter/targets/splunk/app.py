"""splunk-app: the searches and macros of a pack as one app to install, a .tgz or a folder.

Splunk merges stanzas of one name in silence, so two rules that would share a
search, a filter macro or a macro with another definition are refused.

Source: app.conf, default.meta.conf and savedsearches.conf specifications
(Splunk 10.0); what Splunk AppInspect 4.3.1 asks of an app (precert).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from converter.model import Artifact, Diagnostic, Rule, Severity
from converter.targets.contract import VERSION, Capabilities, Compilation, Options, ResolvedRule, UnpackableError, checked
from converter.targets.envelope import render, stanza
from converter.targets.splunk import TARGET as SPLUNK
from converter.targets.splunk.archive import tgz
from converter.targets.splunk.stanza import filter_macro, macros_of, stanza_of

APP_ID: Final = r"(?!(search|launcher|learned|legacy|sample_app|splunk.*|con|prn|aux|nul|(com|lpt)[0-9])\Z)[a-z][a-z0-9_]{1,79}"
"""Letters, digits and underscores: AppInspect takes dots and hyphens, too, which packages of other kinds do not.

The names left out are Splunk's own apps and devices of Windows.
"""
LABEL: Final = r"[^\\]{5,80}"
"""5 to 80 characters on one line (AppInspect)."""
_MAIN: Final = "default/savedsearches.conf"
_ONE_LINE: Final = r"[^\\]{1,256}"


@dataclass(frozen=True, slots=True)
class App:
    """The package target.

    Options are ``form`` (``tgz`` or ``folder``), ``app_id``, ``app_label``,
    ``version``, ``pack_name`` and ``pack_author``.
    """

    name: str = "splunk-app"
    base: str = "splunk"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what a search can express."""
        return SPLUNK.capabilities(options)

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return what Splunk makes of a rule."""
        return SPLUNK.compile(rule, options)

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return the archive, or with ``form=folder`` the app's files."""
        if not done:
            return []
        form = checked(options, "form", "tgz", "tgz|folder", "use tgz or folder")
        about = _about(options)
        problems = [*_doubles(done), *_definitions(done)]
        if problems:
            raise UnpackableError(problems)
        files = _files(done, about)
        rules = tuple(one.rule.id for one in done)
        if form == "folder":
            return [
                Artifact(f"{about['app_id']}/{name}", files[name], rules) for name in sorted(files, key=lambda one: (one != _MAIN, one))
            ]
        return [Artifact(f"{about['app_id']}.tgz", tgz(about["app_id"], files), rules)]


TARGET: Final = App()


def _about(options: Options) -> dict[str, str]:
    """Return what is said about the app: the options over the pack's name, version and author."""
    name = str(options.get("pack_name") or "detection-rules")
    slug = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")
    slug = slug if re.fullmatch(APP_ID, slug) else f"detection_rules_{slug}"[:80].strip("_")
    words = " ".join(re.split("[^A-Za-z0-9]+", name)).strip()
    label = words[:1].upper() + words[1:80] if len(words) >= len("rules") else f"Detection rules {words}".strip()
    return {
        "app_id": checked(options, "app_id", slug, APP_ID, "use small letters, digits and underscores, none of Splunk's own names"),
        "label": checked(options, "app_label", label, LABEL, "use 5 to 80 characters on one line, without backslashes"),
        "version": checked(options, "version", "1.0.0", VERSION, "use three numbers, such as 1.2.0"),
        "author": checked(options, "pack_author", "the authors of its rules", _ONE_LINE, "use one line without backslashes"),
        "description": "Detection rules as saved searches, compiled from Sigma rules",
    }


def _files(done: Sequence[Compilation], about: Mapping[str, str]) -> dict[str, bytes]:
    """Return the app's files by path; the searches are those of the files that the target splunk writes, one after another."""
    searches = [render("splunk/savedsearch.conf.j2", stanza_of(one)) for one in done]
    rules = [
        {
            "name": stanza_of(one)["name"],
            "id": one.rule.id,
            "author": one.rule.author or "unknown",
            "license": one.rule.license or "not stated",
            "origin": f", adapted from {source}" if (source := one.rule.converter.get("source", "")) else ".",
        }
        for one in done
    ]
    return {
        "README.md": render("splunk/app/README.md.j2", {**about, "rules": rules}),
        "app.manifest": _manifest(about),
        "default/app.conf": render("splunk/app/app.conf.j2", about),
        "default/macros.conf": render("splunk/macros.conf.j2", {"macros": macros_of(done)}),
        _MAIN: b"\n".join(searches),
        "metadata/default.meta": render("splunk/app/default.meta.j2", {}),
    }


def _manifest(about: Mapping[str, str]) -> bytes:
    """Return ``app.manifest``, schema 2.0.0: where an app runs, for tools that deploy apps."""
    value: dict[str, Any] = {
        "schemaVersion": "2.0.0",
        "info": {
            "title": about["label"],
            "id": {"group": None, "name": about["app_id"], "version": about["version"]},
            "author": [{"name": about["author"], "email": None, "company": None}],
            "releaseDate": None,
            "description": about["description"],
            "releaseNotes": {"name": None, "text": "./README.md", "uri": None},
        },
        "supportedDeployments": ["_standalone", "_distributed", "_search_head_clustering"],
        "targetWorkloads": ["_search_heads"],
    }
    return (json.dumps(value, indent=2) + "\n").encode("ascii")


def _doubles(done: Sequence[Compilation]) -> Iterator[Diagnostic]:
    """Yield a finding for each rule whose search or filter macro has the name of an earlier rule's (B012)."""
    first: dict[str, Rule] = {}
    for one in done:
        for what, name in (("search", stanza(stanza_of(one)["name"])), ("filter macro", filter_macro(one.rule))):
            other = first.setdefault(f"{what} {name}", one.rule)
            if other is not one.rule:
                message = f"its {what} would have the name of that of rule {other.id}: '{name}'"
                help_text = "the name is made of title and the id's first eight characters: change one of them"
                yield Diagnostic("B012", Severity.ERROR, one.rule.span("title"), message, help=help_text)
                break


def _definitions(done: Sequence[Compilation]) -> Iterator[Diagnostic]:
    """Yield a finding for each rule that needs a macro with another definition than an earlier rule (B013)."""
    first: dict[str, tuple[str, Rule]] = {}
    for one in done:
        for name, definition in one.needs["macros"].items():
            known, other = first.setdefault(name, (definition, one.rule))
            if known != definition:
                message = f"the macro '{name}' stands for {definition!r} here, and for {known!r} in rule {other.id}"
                place = one.rule.span("x-converter.targets.splunk.macro")
                yield Diagnostic("B013", Severity.ERROR, place, message, help="give each log source a macro of its own")
