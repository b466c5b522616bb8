"""Python modules of rules: admitted construct by construct, and only then run in a child process."""

from converter.languages.python.read import Module, read
from converter.languages.python.run import run

__all__ = ["Module", "read", "run"]
