"""What moto lacks and this project needs, put inside moto: every client, the provider or plain boto3, sees it.

Each folder of `tideform_sandbox.services` brings its own, under names that are looked for there:

- ``rows.ROWS``: resources out of botocore's own shapes (`nouns`), members that moto takes and forgets
  (`remembered`), names that it gives to a second thing (`taken`);
- ``extension.install(store)``: what needs behaviour; the store has what was made of the nouns.

Whatever is stored without behaviour also gets a row in `tideform.local.stored_only`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from tideform_sandbox import services
from tideform_sandbox.extension import nouns, remembered, taken
from tideform_sandbox.extension.rows import Rows


def install(service: str) -> None:
    """Extend moto's classes of one service, before it serves; only then are they imported."""
    store = nouns.Store()
    if module := _module(service, "rows"):
        rows: Rows = module.ROWS
        for noun in rows.nouns:
            nouns.install(noun, store)
        for row in rows.remembered:
            remembered.install(row)
        for name in rows.taken:
            taken.install(name)
    if behaviour := _module(service, "extension"):
        behaviour.install(store)


def _module(service: str, name: str) -> ModuleType | None:
    package = f"{services.__name__}.{service}"
    if find_spec(package) is None or find_spec(f"{package}.{name}") is None:
        return None
    return import_module(f"{package}.{name}")
