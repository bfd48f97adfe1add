"""One parse of Python source at a time.

CPython up to 3.12 counts how deep the constructor of syntax trees is once for the whole process, so that two threads
that parse at once can fail with a SystemError (https://github.com/python/cpython/issues/106905). Requests do so:
werkzeug for the routes of a service that is asked for the first time, Jinja for the templates of moto's answers.
"""

from __future__ import annotations

import ast
import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


def install() -> None:
    """Let `ast.parse`, and all that calls it there, wait for each other; harmless when done already."""
    if not hasattr(ast.parse, "__wrapped__"):
        ast.parse = one_at_a_time(ast.parse)


def one_at_a_time(parse: Callable[..., Result]) -> Callable[..., Result]:
    """The function under a lock."""
    lock = threading.Lock()

    @functools.wraps(parse)
    def waiting(*args: Any, **options: Any) -> Result:
        with lock:
            return parse(*args, **options)

    return waiting
