"""The ways out: each target compiles resolved rules and packages files.  Targets never import each other."""

from converter.targets.contract import Capabilities, Compilation, Detection, Inexpressible, Meaning, Opaque, Options, ResolvedRule, Target
from converter.targets.resolve import resolve

__all__ = [
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
]
