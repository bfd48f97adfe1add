"""Walking programs in the order of what they read, several at a time.

`graphlib` keeps the order; a thread does one program, because the work is an engine process that we wait for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

from tideform.errors import TideformError

Done = TypeVar("Done")


def walk(
    needs: Mapping[str, Sequence[str]],
    work: Callable[[str], Done],
    *,
    workers: int | None = None,
    on_interrupt: Callable[[KeyboardInterrupt], None] = lambda _: None,
) -> tuple[dict[str, Done], dict[str, BaseException]]:
    """Run ``work`` on every key once what it needs is done.

    Returns results and failures by key. A key whose need failed is in neither: it was not begun. After a first
    failure nothing new begins, but what runs is waited for: an engine that is left alone leaves a lock. The same
    holds for Ctrl-C; ``on_interrupt`` then asks what runs to hurry.
    """
    sorter = TopologicalSorter({key: [n for n in before if n in needs] for key, before in needs.items()})
    sorter.prepare()
    done: dict[str, Done] = {}
    failed: dict[str, BaseException] = {}
    with ThreadPoolExecutor(workers or 2 * (os.cpu_count() or 1)) as pool:
        running: dict[Future[Done], str] = {}
        while sorter.is_active():
            if not failed:
                running |= {pool.submit(work, key): key for key in sorter.get_ready()}
            if not running:
                break
            try:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
            except KeyboardInterrupt as interrupt:
                on_interrupt(interrupt)
                raise  # leaving the pool waits for what runs
            for future in finished:
                key = running.pop(future)
                if error := future.exception():
                    failed[key] = error
                else:
                    done[key] = future.result()
                    sorter.done(key)
    return done, failed


def raise_all(failed: Mapping[str, BaseException]) -> None:
    """Raise what went wrong, all of it at once; a defect of ours goes before what the user can mend."""
    for error in failed.values():
        if not isinstance(error, TideformError):
            raise error
    errors = [error for error in failed.values() if isinstance(error, TideformError)]
    if errors:
        raise type(errors[0])([d for error in errors for d in error.diagnostics])
