"""The signals by which somebody asks a command to end, one list for plain commands and for bursts."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], None]

# Ctrl-C and Ctrl-\, a closed terminal, whoever stops services, and what schedulers of jobs send before they kill
# (Slurm's --signal, LSF's warnings, the soft limit of CPU time: see signal(7), setrlimit(2)).
ENDING = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGXCPU,
)


def hang_up_ignored() -> bool:
    """Whether it was started by nohup or the like, which means: go on when whoever looks on has gone."""
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@contextmanager
def heeding(handler: Handler, *, but_for: tuple[signal.Signals, ...] = ()) -> Iterator[None]:
    """Let ``handler`` have the ending signals while the block runs; outside the main thread nothing is caught."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ignored = (signal.SIGHUP,) if hang_up_ignored() else ()
    caught = [number for number in ENDING if number not in (*but_for, *ignored)]
    before = {number: signal.signal(number, handler) for number in caught}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def writing_in_the_background() -> Iterator[None]:
    """Let a background job write to its terminal whatever ``stty tostop`` says: stopped, it could end nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTTOU, signal.SIGTTIN)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
