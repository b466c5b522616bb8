"""``converter config``."""

from __future__ import annotations

import json

import click

from converter.cli.options import policy_of
from converter.cli.show import put


@click.command("config")
@click.argument("path", default=".", type=click.Path())
def command(path: str) -> None:
    """Print the configuration that holds for PATH, as JSON.

    It comes from the nearest converter.toml, or [tool.converter] in pyproject.toml, at PATH or above it.
    """
    from converter.pack import told
    from converter.targets import NAMES

    policy = policy_of([path])
    config = policy.config
    shown = {
        "file": config.file or None,
        "pack": {
            "name": config.name or None,
            "version": config.version or None,
            "author": config.author or None,
            "license": config.license or None,
            "rules": told(config.rules),
            "output": told(config.output),
            "targets": list(config.targets or NAMES),
        },
        "accept": [
            {"code": one.code, "targets": list(one.targets), "paths": list(one.paths), "until": one.until or None, "reason": one.reason}
            for one in config.accepts
        ],
        "check": {"select": list(config.select), "ignore": list(config.ignore)},
        "targets": {name: dict(options) for name, options in config.options.items()},
        "baseline": {
            "losses": len(policy.baseline.losses),
            "refused": len(policy.baseline.refused),
            "unread": len(policy.baseline.unread),
        },
    }
    put(json.dumps(shown, indent=2, ensure_ascii=False))
