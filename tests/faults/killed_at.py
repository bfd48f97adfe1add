"""A command line that dies, or stops, at a chosen moment.

python -m tests.faults.killed_at 'after call batch.SubmitJob' burst run fit

The moment is ``before`` or ``after``, then one of

- ``call SERVICE.Operation``: a call to AWS,
- ``kube VERB RESOURCE``: a call to the Kubernetes API (``kube POST jobs``),
- ``MODULE:NAME`` or ``MODULE:CLASS.NAME``: one of our own functions,
- ``event``: an engine event,

and at the end perhaps ``#N``: not the first time, but the N-th. The process kills itself with SIGKILL then and there:
no handler, no finally, no exit hook runs. ``--record FILE`` kills nothing and writes down each moment that comes by.

``--stop 'before …'`` stops the process with SIGSTOP instead, as a laptop that sleeps, until somebody continues it.
With ``--die`` it then dies right after what it was stopped before: a call that is late by as long as it was stopped.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

_MOMENT = re.compile(r"(?P<when>before|after) (?P<what>.+?)(#(?P<nth>\d+))?")
_EVENT = "tideform.engine.pulumi:progress_of"
_ENDED = "tideform.burst.session:Session._end"


@dataclass
class Moment:
    """When to die; ``left`` counts down."""

    when: str
    what: str
    left: int = 1
    signal: signal.Signals = signal.SIGKILL

    @classmethod
    def parse(cls, text: str) -> Moment:
        """Read it from the command line. Raises `SystemExit` where it says nothing."""
        found = _MOMENT.fullmatch(text)
        if found is None:
            raise SystemExit(f"no moment: {text!r}")
        return cls(found["when"], found["what"], int(found["nth"] or 1))

    def passes(self, when: str) -> None:
        """One of the two sides of what the moment is about has come."""
        if when == self.when:
            self.left -= 1
            if self.left == 0:
                signal.pthread_kill(threading.get_ident(), self.signal)  # acts before this thread goes on


@dataclass
class Recorder:
    """Writes down each call and engine event, in their order."""

    file: Path
    seen: list[str] = field(default_factory=list)

    def note(self, what: str) -> None:
        """One more."""
        with self.file.open("a", encoding="utf-8") as out:
            out.write(f"{what}\n")


def arm(moment: Moment) -> None:
    """Put the moment where it belongs. Raises `AttributeError` for a name that is not there."""
    if moment.what.startswith("call "):
        service, _, operation = moment.what.removeprefix("call ").partition(".")
        _on_call(lambda s, o, when: moment.passes(when) if (s, o) == (service, operation) else None)
    elif moment.what.startswith("kube "):
        _on_kube(lambda what, when: moment.passes(when) if what == moment.what else None)
    else:
        _wrap(_EVENT if moment.what == "event" else moment.what, moment.passes)


def record(file: Path) -> None:
    """Note every call and engine event instead."""
    recorder = Recorder(file)
    _on_call(lambda s, o, when: recorder.note(f"call {s}.{o}") if when == "after" else None)
    _on_kube(lambda what, when: recorder.note(what) if when == "after" else None)
    _wrap(_EVENT, lambda when: recorder.note("event") if when == "after" else None)
    _wrap(_ENDED, lambda when: recorder.note("job ended") if when == "before" else None)


def _wrap(where: str, passes: Callable[[str], None]) -> None:
    module, _, name = where.partition(":")
    owner: Any = import_module(module)
    *owners, last = name.split(".")
    for step in owners:
        owner = getattr(owner, step)
    original = getattr(owner, last)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        passes("before")
        try:
            return original(*args, **kwargs)
        finally:
            passes("after")

    setattr(owner, last, wrapped)


def _on_call(passes: Callable[[str, str, str], None]) -> None:
    from botocore import client

    base: Any = client.BaseClient  # the stubs do not know what every call goes through
    original = base._make_api_call

    def call(self: Any, operation: str, arguments: Any) -> Any:
        service = self.meta.service_model.service_name
        passes(service, operation, "before")
        try:
            return original(self, operation, arguments)
        finally:  # a refused call is a step as well: it may have been carried out
            passes(service, operation, "after")

    base._make_api_call = call


def _on_kube(passes: Callable[[str, str], None]) -> None:
    from tideform.kube import Kube

    owner: Any = Kube
    original = owner._call

    def call(self: Any, method: str, path: str, *rest: Any) -> Any:
        what = f"kube {method} {_resource(path)}"
        passes(what, "before")
        result = original(self, method, path, *rest)
        passes(what, "after")
        return result

    owner._call = call


def _resource(path: str) -> str:
    """``jobs`` of ``/apis/batch/v1/namespaces/fit/jobs/one?…``; of a question for what a group has, nothing."""
    group, *rest = path.partition("?")[0].strip("/").split("/")
    inside = rest[2 if group == "apis" else 1 :]
    named = inside[2:] if inside[:1] == ["namespaces"] and len(inside) > 2 else inside
    return named[0] if named else "-"


def stop(text: str, *, die: bool) -> None:
    """Stop at the moment, and with ``die`` be killed after it, too."""
    moment = Moment.parse(text)
    arm(replace(moment, signal=signal.SIGSTOP))
    if die:
        arm(replace(moment, when="after"))


def main(arguments: list[str] | None = None) -> int:
    """Arm, and run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--stop")
    parser.add_argument("--die", action="store_true")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    asked = parser.parse_args(arguments)
    words = asked.words
    if asked.record:
        record(asked.record)
    elif asked.stop:
        stop(asked.stop, die=asked.die)
    else:
        arm(Moment.parse(words[0]))
        words = words[1:]
    from tideform.cli.app import main as tideform

    sys.argv = ["tideform", *words]
    return tideform()


if __name__ == "__main__":
    sys.exit(main())
