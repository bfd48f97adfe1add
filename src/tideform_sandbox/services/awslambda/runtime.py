"""The process in which a function's handler runs: ``python -I runtime.py REQUEST.json RESULT.json``.

A plain script that needs nothing of tideform's. The request says where the code is, which handler, the event, the
context's words and the memory in MB; the result is ``{"result": …}`` or ``{"error": …}`` in Lambda's form.
https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

import importlib
import json
import logging
import os
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

OUT_OF_MEMORY = 137  # as if it had been killed with SIGKILL, which is what happens on AWS


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, words: dict[str, Any]) -> None:
        self.identity = None
        self.client_context = None
        self.__dict__.update(words)
        self._end = time.monotonic() + float(words["timeout"])

    def get_remaining_time_in_millis(self) -> int:
        """Until the function is ended."""
        return max(0, int((self._end - time.monotonic()) * 1000))


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Run the handler."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="[%(levelname)s]\t%(message)s")
    try:
        handler = find(request["handler"], request["code"])
        limit(int(request["memory"]))
        result = handler(request["event"], Context(request["context"]))
        return {"result": json.dumps(result)}
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException as error:  # noqa: BLE001  # a handler may raise anything, SystemExit too
        return {"error": told(error, request["context"]["aws_request_id"])}


def find(handler: str, code: str) -> Any:
    """The handler: ``package/module.function`` below the code's folder."""
    sys.path.insert(0, code)
    module, _, name = handler.rpartition(".")
    try:
        found = importlib.import_module(module.replace("/", "."))
    except ModuleNotFoundError as error:
        raise ImportModuleError(f"Unable to import module '{module}': {error}") from error
    if not hasattr(found, name):
        raise HandlerNotFound(f"Handler '{name}' missing on module '{module}'")
    return getattr(found, name)


class ImportModuleError(Exception):
    """``Runtime.ImportModuleError``."""


class HandlerNotFound(Exception):  # noqa: N818  # Lambda's name
    """``Runtime.HandlerNotFound``."""


def limit(megabytes: int) -> None:
    """Bound the memory that the handler takes on top of the interpreter's; Linux counts private pages alone."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    bound = used + megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def told(error: BaseException, request_id: str) -> dict[str, Any]:
    """An error as Lambda tells it."""
    kind = type(error).__name__
    lines = traceback.format_tb(error.__traceback__)[1:]
    sys.stdout.write(f"[ERROR] {kind}: {error}\nTraceback (most recent call last):\n{''.join(lines)}\n")
    ours = isinstance(error, ImportModuleError | HandlerNotFound)
    return {
        "errorMessage": str(error),
        "errorType": f"Runtime.{kind}" if ours else kind,
        "requestId": request_id,
        "stackTrace": [] if ours else lines,
    }


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answer = main(asked)
    sys.stdout.flush()
    partial = Path(sys.argv[2] + ".partial")
    partial.write_text(json.dumps(answer), encoding="utf-8")
    partial.replace(sys.argv[2])
