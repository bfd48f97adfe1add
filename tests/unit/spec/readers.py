"""Who reads which key of the spec, told by types and not by names: mypy says whose attribute each one is.

https://mypy.readthedocs.io/en/stable/extending_mypy.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from mypy.build import BuildSource, build
from mypy.checker import TypeChecker
from mypy.options import Options
from mypy.plugin import AttributeContext, Plugin
from mypy.types import Type

ROOT = Path(__file__).parents[3]
_SPEC = "tideform.spec."
_READ_ELSEWHERE = ("sandbox", "views")  # which act on nothing


class _Noting(Plugin):
    """Notes the file of each read of an attribute of a class of the spec, as ``Pool.lease``."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.found: dict[str, set[Path]] = {}

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        if not fullname.startswith(_SPEC):
            return None
        key = ".".join(fullname.split(".")[-2:])

        def note(context: AttributeContext) -> Type:
            assert isinstance(context.api, TypeChecker)
            file = Path(context.api.path)
            self.found.setdefault(key, set()).add(file.relative_to(ROOT))
            return context.default_attr_type

        return note


@cache
def readers() -> dict[str, set[Path]]:
    """By key, ``Class.attribute``: the files that read it, from the repository's root."""
    options = Options()
    options.incremental, options.cache_dir = False, "/dev/null"
    options.follow_imports = "skip"  # nothing but our own files is looked at
    noting = _Noting(options)
    build([BuildSource(str(file), module) for module, file in _modules()], options, extra_plugins=[noting])
    return noting.found


def _modules() -> Iterator[tuple[str, Path]]:
    package = ROOT / "src" / "tideform"
    for file in package.rglob("*.py"):
        inside = file.relative_to(package)
        if inside.parts[0] not in _READ_ELSEWHERE:
            yield ".".join(("tideform", *inside.with_suffix("").parts)).removesuffix(".__init__"), file
    for file in (ROOT / "stacks").rglob("*.py"):
        yield f"stacks_{file.parent.name}", file
