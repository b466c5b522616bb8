"""The ways out: each target compiles resolved rules and packages files.  Targets never import each other."""

from converter.targets.contract import (
    Capabilities,
    Compilation,
    Correlation,
    Detection,
    Inexpressible,
    Input,
    Meaning,
    Opaque,
    Options,
    Pipeline,
    ResolvedRule,
    Target,
    UnpackableError,
)
from converter.targets.narrowed import narrowed
from converter.targets.registry import CORRELATING, NAMES, OPTIONS, PACKAGES, target
from converter.targets.resolve import named, resolve, untyped

__all__ = [
    "CORRELATING",
    "NAMES",
    "OPTIONS",
    "PACKAGES",
    "Capabilities",
    "Compilation",
    "Correlation",
    "Detection",
    "Inexpressible",
    "Input",
    "Meaning",
    "Opaque",
    "Options",
    "Pipeline",
    "ResolvedRule",
    "Target",
    "UnpackableError",
    "named",
    "narrowed",
    "resolve",
    "target",
    "untyped",
]
