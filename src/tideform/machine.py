"""What a machine may lack that programs take for granted: a name for the user, and a way to itself past a proxy.

Set right once, in our own environment, which the engine, its providers and the sandbox inherit.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import MutableMapping
from typing import Final

_ACTORS: Final = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "GRPC_PROXY")
_PAST: Final = (("no_proxy", "NO_PROXY"), ("NO_PROXY", "no_proxy"))  # each with where its value is, if it has none
_GRPC: Final = "no_grpc_proxy"  # where it is set, gRPC looks at no other


def settle(environ: MutableMapping[str, str]) -> None:
    """Make the environment whole: ``USER`` and ``HOME`` for a user id without a name, no proxy for loopback."""
    if not environ.get("USER") and not _is_known():
        environ["USER"] = account()
        environ.setdefault("HOME", "/")  # as container engines do: Go's os/user wants both
    if any(environ.get(name) or environ.get(name.lower()) for name in _PROXIES):
        before = dict(environ)
        for name, other in _PAST:
            environ[name] = past_proxy(before.get(name) or before.get(other) or "")
        if _GRPC in environ:
            environ[_GRPC] = past_proxy(environ[_GRPC])


def past_proxy(listed: str) -> str:
    """The hosts that are reached without a proxy, this machine among them."""
    hosts = [host.strip() for host in listed.split(",") if host.strip()]
    if "*" in hosts:
        return listed
    return ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])


def account() -> str:
    """The user's name; where nobody has given one (a container's user id), whoever CI works for, or ``uid-12345``."""
    if _is_known():
        return getpass.getuser()
    return next((os.environ[name] for name in _ACTORS if os.environ.get(name)), f"uid-{os.getuid()}")


def _is_known() -> bool:
    try:
        return bool(getpass.getuser())
    except (KeyError, OSError):  # the latter from Python 3.13 on
        return False
