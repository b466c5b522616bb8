"""``converter schema``."""

from __future__ import annotations

import json

import click

from converter.cli.show import put


@click.command("schema")
@click.argument("name", type=click.Choice(["rule", "config", "fields"]))
def command(name: str) -> None:
    """Print the JSON Schema of canonical rules, of converter.toml, or of a pack's fields/*.yml, for editors."""
    from converter.readers import schema

    put(json.dumps(schema(name), indent=2, ensure_ascii=False))
