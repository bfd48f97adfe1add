"""Loading parts of the SDKs when they are first used, by programs that run in threads side by side.

The SDKs put off the import of their parts with modules of their own making. While one thread loads such a module,
another one finds it half full, and asks it in vain for what is not there yet. A `_Deferred` imports in the ordinary
way instead, at the first use: who comes second waits on Python's own lock for that module, until it is whole.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


def install() -> None:
    """Have the SDKs put off imports by `_Deferred` from now on. Doing it twice is harmless.

    What an SDK has put off before stays as it is, so this goes before the first import of one.
    """
    from pulumi import _utils

    _utils.lazy_import = _Deferred  # every SDK asks the core one for it, at each import that it puts off


class _Deferred(ModuleType):
    """Stands for a module that may not be imported yet; it is never in ``sys.modules`` itself."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)
