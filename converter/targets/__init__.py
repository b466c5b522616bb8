"""The ways out: each target compiles resolved rules and packages files.  Targets never import each other."""

from converter.targets.contract import (
    Capabilities,
    Compilation,
    Detection,
    Inexpressible,
    Meaning,
    Opaque,
    Options,
    Pipeline,
    ResolvedRule,
    Target,
    UnpackableError,
)
from converter.targets.registry import NAMES, OPTIONS, PACKAGES, target
from converter.targets.resolve import resolve, untyped

__all__ = [
    "NAMES",
    "OPTIONS",
    "PACKAGES",
    "Capabilities",
    "Compilation",
    "Detection",
    "Inexpressible",
    "Meaning",
    "Opaque",
    "Options",
    "Pipeline",
    "ResolvedRule",
    "Target",
    "UnpackableError",
    "resolve",
    "target",
    "untyped",
]
