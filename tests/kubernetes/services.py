"""Processes of the control plane: each under a supervisor that ends it when this process does, however that goes."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tideform_sandbox.nodes.process import RunningCommand

Answer = TypeVar("Answer")
_TAIL, _WIDTH = 5, 300  # lines of a log that tell why, and characters of each
_NO_PROXY = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


class Service:
    """One started program; its output goes to ``<folder>/<name>.log``."""

    def __init__(self, name: str, command: Sequence[str | Path], folder: Path, **environment: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._ended = threading.Event()
        self._file = self.log.open("w", encoding="utf-8")
        self._command = RunningCommand(
            [str(word) for word in command],
            environment={"PATH": os.defpath, "HOME": str(folder), **_NO_PROXY, **environment},
            folder=folder,
            on_line=self._write,
            on_exit=self._note,
        )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return not self._ended.is_set()

    def stop(self, seconds: float = 20.0) -> None:
        """Ask it to end, and end it after ``seconds``; returns when it is gone."""
        self._command.terminate()
        if not self._ended.wait(seconds):
            self._command.hang_up()
            self._ended.wait(seconds)

    def kill(self) -> None:
        """End it at once; returns when it is gone."""
        self._command.kill()
        self._ended.wait(20.0)

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
        return "\n".join([f"{self.name}:", *(line[:_WIDTH] for line in lines)])

    def _write(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()

    def _note(self, _: int) -> None:
        self._file.close()
        self._ended.set()


class NotReadyError(Exception):
    """What was waited for did not come; the text says what, and how the program's log ends."""


def wait_for(
    what: str, ask: Callable[[], Answer | None], seconds: float, needs: Mapping[str, Service] | None = None
) -> Answer:
    """The first answer of ``ask`` that is not empty; raises `NotReadyError` after ``seconds`` or when a need ends."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        for service in (needs or {}).values():
            if not service.alive:
                raise NotReadyError(f"{what}: {service.name} has ended:\n{service.last_words()}")
        if time.monotonic() > end:
            words = "\n".join(service.last_words() for service in (needs or {}).values())
            raise NotReadyError(f"{what}: not within {seconds:g} s\n{words}")
        time.sleep(0.05)
    return answer


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
