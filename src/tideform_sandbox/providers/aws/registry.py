"""Which types the sandbox emulates: the ``kinds*`` modules of `tideform_sandbox.services`, found by that name.

A service's modules are loaded when a resource of it is met.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from tideform_sandbox import services
from tideform_sandbox.providers.aws.kind import Kind
from tideform_sandbox.providers.aws.refusal import Refusal

# Where the vendor's name of a service is not ours: the folders that have its types.
_FOLDERS = {
    "appautoscaling": ("applicationautoscaling",),
    "cloudwatch": ("cloudwatch", "events", "logs"),
    "lambda": ("awslambda",),
    "vpc": ("ec2",),
}


def kind_of(token: str) -> Kind:
    """The kind of a type token. Raises `Refusal` TD503 for a type that is not emulated."""
    service = token.split(":")[1].split("/")[0] if token.startswith("aws:") else ""  # ec2 of ``aws:ec2/vpc:Vpc``
    for folder in _FOLDERS.get(service, (service,)):
        if found := _kinds(folder).get(token):
            return found
    raise Refusal(
        "TD503",
        f"{token} is not emulated by the sandbox. Deploy this part to an environment with `target: aws`, "
        "or leave it out of the local one.",
    )


def all_kinds() -> dict[str, Kind]:
    """Every emulated type by its token."""
    return {token: kind for folder in _names(services.__name__) for token, kind in _kinds(folder).items()}


@cache
def _kinds(folder: str) -> dict[str, Kind]:
    """The kinds of one folder of `tideform_sandbox.services`; none where there is no such folder."""
    if folder not in _names(services.__name__):
        return {}
    package = f"{services.__name__}.{folder}"
    modules = (import_module(f"{package}.{name}") for name in _names(package) if name.startswith("kinds"))
    return {kind.type: kind for module in modules for kind in module.KINDS}


@cache
def _names(package: str) -> tuple[str, ...]:
    return tuple(sorted(module.name for module in iter_modules(import_module(package).__path__)))
