"""The ways out: each target compiles resolved rules and packages files.  Targets never import each other."""

from converter.targets.contract import Capabilities, Compilation, Detection, Inexpressible, Meaning, Opaque, Options, ResolvedRule, Target
from converter.targets.registry import NAMES, target
from converter.targets.resolve import resolve

__all__ = [
    "NAMES",
    "Capabilities",
    "Compilation",
    "Detection",
    "Inexpressible",
    "Meaning",
    "Opaque",
    "Options",
    "ResolvedRule",
    "Target",
    "resolve",
    "target",
]
