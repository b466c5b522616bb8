"""python-package: the modules of a pack as one package to install, whose ``match_all`` asks every rule.

The modules are those that the target python writes, byte for byte; the
package imports them by name, reads no file and evaluates no text.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from converter.model import Artifact
from converter.targets.contract import VERSION, Capabilities, Compilation, Options, ResolvedRule, checked
from converter.targets.envelope import render
from converter.targets.python import TARGET as PYTHON

_LENGTH: Final = 100
"""Characters of a module's name, before what makes it unique."""


@dataclass(frozen=True, slots=True)
class Package:
    """The package target; options are ``package`` (the name to import), ``version``, ``pack_name`` and ``pack_author``."""

    name: str = "python-package"
    base: str = "python"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what a module can express."""
        return PYTHON.capabilities(options)

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return what Python makes of a rule."""
        return PYTHON.compile(rule, options)

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return the package's files."""
        if not done:
            return []
        about = _about(options)
        modules = _modules(done, paths)
        rules = [_rule(one, module) for one, module in zip(done, modules, strict=True)]
        ids = tuple(one.rule.id for one in done)
        folder = about["package"]
        shared = {
            f"{folder}/__init__.py": "init.py",
            f"{folder}/rules/__init__.py": "rules.py",
            "README.md": "README.md",
            "pyproject.toml": "pyproject.toml",
        }
        values = {**about, "rules": rules}
        files = [Artifact(path, render(f"python/package/{template}.j2", values), ids) for path, template in shared.items()]
        return [*files, *PYTHON.package(done, [f"{folder}/rules/{module}" for module in modules], options)]


TARGET: Final = Package()


def _about(options: Options) -> dict[str, str]:
    """Return what is said about the package: the options over the pack's name, version and author."""
    name = checked(options, "pack_name", "detection-rules", "[A-Za-z][A-Za-z0-9_-]{0,63}", "use letters, digits and hyphens")
    name = name.rstrip("_-")
    pattern = rf"(?!({'|'.join(keyword.kwlist)})\Z)[a-z][a-z0-9_]{{1,69}}"
    slug = re.sub("[^a-z0-9]+", "_", name.lower())
    slug = slug if re.fullmatch(pattern, slug) else f"{slug}_rules"
    return {
        "name": name,
        "package": checked(options, "package", slug, pattern, "use small letters, digits and underscores, no word of Python's own"),
        "version": checked(options, "version", "1.0.0", VERSION, "use three numbers, such as 1.2.0"),
        "author": checked(options, "pack_author", "the authors of its rules", ".{1,256}", "use one line"),
    }


def _rule(done: Compilation, module: str) -> dict[str, Any]:
    rule = done.rule
    return {
        "module": module,
        "category": rule.logsource.category,
        "product": rule.logsource.product,
        "service": rule.logsource.service,
        "title": rule.title,
        "id": rule.id,
        "author": rule.author or "unknown",
        "license": rule.license or "not stated",
    }


def _modules(done: Sequence[Compilation], paths: Sequence[str]) -> list[str]:
    """Return a name for each module, all different: the rule's path in letters, digits and underscores."""
    slugs = [_slug(path) for path in paths]
    names = slugs
    # A name with all of its rule's id meets no other such name, so every round leaves fewer to change.
    for length in (8, *(32 for _ in done)):
        counts = Counter(names)
        names = [
            name if counts[name] == 1 else f"{slug}_{one.rule.id.replace('-', '')[:length]}"
            for name, slug, one in zip(names, slugs, done, strict=True)
        ]
        if len(set(names)) == len(names):
            break
    return names


def _slug(path: str) -> str:
    slug = re.sub("[^a-z0-9]+", "_", path.lower()).strip("_")[:_LENGTH].strip("_")
    return slug if slug[:1].isalpha() and not keyword.iskeyword(slug) else f"rule_{slug}".rstrip("_")
