"""Our targets as backends of pySigma's: the classes below ``sigma/backends`` are thin, what they do is here."""

from converter.adapters.adapter import Adapter

__all__ = ["Adapter"]
