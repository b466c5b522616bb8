"""The command line: one file per command, imported when it is called."""

from __future__ import annotations

import importlib
from typing import Any

import click

_COMMANDS = {
    "init": "Start a rule pack with one rule, its tests and a CI workflow.",
    "build": "Compile a pack's rules into output/, and show what each translation means.",
    "convert": "Compile one rule and print its artifact.",
    "import": "Turn rules of other formats into canonical rules.",
    "check": "Look for mistakes in rules.",
    "test": "Run the events in the rules.",
    "verify": "Hold the outputs against their rules on example events.",
    "ci": "Run check, test, build --check and verify: one summary, one exit code.",
    "match": "Run rules over events.",
    "query": "Run a query of a target's language over events.",
    "bundle": "Make one archive of a pack: rules, outputs, licences, manifest, checksums.",
    "verify-bundle": "Say whether a bundle is exactly as it was made.",
    "fields": "Bring in the fields of your own systems, ask about one, hold them against the rules.",
    "targets": "List the targets and what each can express.",
    "explain": "Explain a code, or a rule's answer on an event.",
    "schema": "Print a JSON Schema.",
    "config": "Print the configuration of a pack.",
}


class _Lazy(click.Group):
    """Knows its commands by name and first line, so that --help imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"converter.cli.{name.replace('-', '_')}{'_' if name in ('import', 'match') else ''}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:  # noqa: ANN401 - click's own type
        name = args[0] if args else ""
        if name and name not in _COMMANDS and not name.startswith("-"):
            import difflib

            close = difflib.get_close_matches(name, _COMMANDS, n=1)
            ctx.fail(f"No such command '{name}'." + (f" Did you mean '{close[0]}'?" if close else ""))
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="sigma-converter", message="%(prog)s %(version)s")
def cli() -> None:
    """Compile detection rules for several SIEMs, say what each translation means, and show it.

    Exit codes: 0 fine · 1 findings, failed tests, a loss beyond what is allowed · 2 wrong usage · 3 input that
    cannot be read or compiled · 4 environment.
    """


def main() -> None:
    """Run the command line; nothing but a bug of ours leaves a traceback."""
    import sys

    try:
        cli(prog_name="converter")
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except RecursionError:
        print("error: the input nests too deeply; please report it with the input", file=sys.stderr)
        sys.exit(3)
