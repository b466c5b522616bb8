"""The fixtures of ``tests_publish_support``, for the tests of this folder."""

from tests_publish_support import work

__all__ = ["work"]
