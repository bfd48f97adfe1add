"""Importing only those parts of the AWS SDK for Pulumi that a program uses.

An area of ``pulumi_aws`` such as ``ec2`` is hundreds of modules beside two of 30,000 lines that define every
argument type; importing it whole takes most of a second, and a plan needs ten areas. With `install`, an area loads a
resource's module when the resource is asked for, and an argument type when something names it. The classes are the
SDK's own, cut from its own files; what does not fit the expected layout is imported in the ordinary way.
"""

from __future__ import annotations

import importlib
import re
import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from tideform.engine.sdk_classes import QUOTED, SdkClasses

_PACKAGE = "pulumi_aws"
_TYPE_MODULES = ("_inputs", "outputs")
_WHOLE = "__tideform_whole__"
_lock = threading.RLock()


def install() -> None:
    """Import the SDK leanly from now on, in this process. Doing it twice is harmless.

    Where the SDK was imported already nothing changes: its areas then wait for Python's own loader, and half of each
    would be missing.
    """
    if _PACKAGE not in sys.modules and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Stands before Python's own finder, for ``pulumi_aws.<area>`` and what is below it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parts = fullname.split(".")
        if parts[0] != _PACKAGE or not 2 <= len(parts) <= 3:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None and (loader := _loader(parts, spec.origin)) is not None:
            spec.loader = loader(fullname, spec.origin)
        return spec


def _loader(parts: list[str], origin: str) -> type[SourceFileLoader] | None:
    folder = Path(origin).parent
    if not all((folder / f"{name}.py").is_file() for name in _TYPE_MODULES) or folder.name != parts[1]:
        return None
    if len(parts) == 2:
        return _AreaLoader
    return _TypesLoader if parts[2] in _TYPE_MODULES else _ResourceLoader


class _AreaLoader(SourceFileLoader):
    """An area whose resources are imported when they are asked for."""

    def exec_module(self, module: ModuleType) -> None:
        folder = Path(self.path).parent

        def lookup(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            with _lock:
                home = _home(folder, name)
                if home is None:  # not where the SDK's naming puts it: import the area whole, once
                    if _WHOLE not in vars(module):
                        super(_AreaLoader, self).exec_module(module)
                        vars(module)[_WHOLE] = True
                    return vars(module)[name] if name in vars(module) else _missing(module, name)
                found = importlib.import_module(f"{module.__name__}.{home}")
                return found if home == name else getattr(found, name)

        vars(module)["__getattr__"] = lookup


def _home(folder: Path, name: str) -> str | None:
    """The module of an area that defines a name: ``bucket_policy`` for ``BucketPolicy``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    for candidate in (name, snake, snake.removesuffix("_output")):
        if (folder / f"{candidate}.py").is_file():
            return candidate
    return "_inputs" if name.endswith(("Args", "ArgsDict")) else None


def _missing(module: ModuleType, name: str) -> Any:
    raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")


class _TypesLoader(SourceFileLoader):
    """``_inputs`` or ``outputs``: a class is made when it is asked for, and with it the classes that it names."""

    def exec_module(self, module: ModuleType) -> None:
        classes = SdkClasses(Path(self.path))
        exec(classes.head, vars(module))  # noqa: S102  # the SDK's own code
        vars(module)["__all__"] = []  # a star import takes nothing: _ResourceLoader hands over what is needed
        made = dict(vars(module))
        vars(module)["__getattr__"] = lambda name: _make(module, classes, made, name)


def _make(module: ModuleType, classes: SdkClasses, made: dict[str, Any], name: str) -> Any:
    """Make a class where nobody sees it, in ``made``, and show it together with all that it names.

    A thread that finds it in the module goes on to evaluate its annotations there, and waits for nobody.
    """
    with _lock:
        waiting = [name]
        while waiting:
            one = waiting.pop()
            if one in made or (found := classes.get(one)) is None:
                continue
            code, needs = found
            exec(code, made)  # noqa: S102  # the SDK's own code
            waiting += needs
        vars(module).update({key: value for key, value in made.items() if key not in vars(module)})
        return vars(module)[name] if name in vars(module) else _missing(module, name)


class _ResourceLoader(SourceFileLoader):
    """A resource's module; the argument types of its properties are put where the SDK looks for them.

    The typed dictionaries (``…ArgsDict``) stand in signatures alone, which nothing evaluates.
    """

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        inputs = importlib.import_module(f"{module.__name__.rpartition('.')[0]}._inputs")
        source = Path(self.path).read_text(encoding="utf-8")
        for name in set(QUOTED.findall(source)) - vars(module).keys():
            if name.endswith("Args") and (found := getattr(inputs, name, None)) is not None:
                setattr(module, name, found)
