"""What ES|QL cannot say."""

from __future__ import annotations

from typing import Final

from converter.ir import Node
from converter.targets.contract import Inexpressible, ResolvedRule
from converter.targets.elastic.losses import refused

WHO: Final = "ES|QL cannot"


def no(tree: Node, what: str, help_text: str, resolved: ResolvedRule) -> Inexpressible:
    """Return the refusal (T110) of a part that ES|QL cannot say."""
    return refused(tree, what, help_text, resolved, WHO)
