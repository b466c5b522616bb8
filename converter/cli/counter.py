"""Show the event that speaks against a refused translation."""

from __future__ import annotations

import json

from converter.cli.show import say
from converter.data import SHIPPED, Tables
from converter.pack import Outcome


def show_counter_example(outcome: Outcome, tables: Tables = SHIPPED) -> None:
    """Print a counter-example, when the rule's events hold one."""
    from converter.verify import counter_example

    found = counter_example(outcome, tables)
    if found is None:
        return
    answers = ("matches", "would not match") if found.expected else ("does not match", "would match")
    say(f"counter-example on {outcome.target} ({found.label}): the rule {answers[0]}, the output {answers[1]}")
    say(f"  {json.dumps(found.event, ensure_ascii=False)}\n")
