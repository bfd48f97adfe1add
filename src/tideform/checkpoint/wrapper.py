"""The process above a job's command that mirrors its checkpoints, hears notices, and passes wishes on.

It brings the copy back before the command starts, sends each new checkpoint at once and everything else at each
interval, asks for a checkpoint when the machine is about to go, and sends what there is when the command has ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from tideform.checkpoint.contract import (
    FOLDER,
    LISTENING,
    NOTES,
    RESUME,
    SAVE_NOW,
    SAVED,
    SECONDS,
    URI,
    WRAPPED,
    Settings,
)
from tideform.checkpoint.folder import Folder
from tideform.checkpoint.mirror import Mirror
from tideform.checkpoint.notice import Metadata

CANNOT_START = 127
CANNOT_RESTORE = 97  # the copy is there and cannot be read: starting from nothing would throw work away
_LOOK = 0.2  # seconds between two looks at the command and its folder
_ASK = 5.0  # seconds between two questions to the metadata service and to S3
_TRIES = 3
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass
class Wrapper:
    """One command under a wrapper. ``mirror`` is None where nothing is mirrored; ``say`` gets remarks."""

    settings: Settings
    mirror: Mirror | None
    metadata: Metadata
    say: Callable[[str], None]
    _terminated: float = field(default=0.0, init=False)
    _wish: str = field(default="", init=False)
    _heard: set[str] = field(default_factory=set, init=False)
    _pushed: float = field(default=0.0, init=False)
    _newest: object = field(default=None, init=False)
    _next_question: float = field(default=0.0, init=False)

    @classmethod
    def of_environment(cls, say: Callable[[str], None]) -> Wrapper:
        """From the contract's variables; a folder that they do not name is made anew, as on a new machine."""
        settings = Settings.of()
        if not os.environ.get(FOLDER):
            settings = replace(settings, folder=Path(tempfile.mkdtemp(prefix="checkpoints-")))
        mirror = None
        if settings.uri:
            import boto3
            from botocore.config import Config

            client = boto3.client("s3", config=Config(retries={"mode": "standard", "total_max_attempts": 6}))
            mirror = Mirror(client, settings.uri, settings.folder)
        return cls(settings, mirror, Metadata.of(), say)

    def run(self, command: Sequence[str]) -> int:
        """Run the command to its end; its exit code, 128 + the signal that ended it, or one of ours."""
        (self.settings.folder / NOTES).mkdir(parents=True, exist_ok=True)
        if not self._restore():
            return CANNOT_RESTORE
        before = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            child = subprocess.Popen(
                command,
                env={**os.environ, **self._variables()},
                start_new_session=True,  # signals of the group reach the wrapper alone, which passes them on in time
                preexec_fn=_die_with_parent,  # no thread runs yet, so code between fork and exec is safe
            )
        except OSError as error:
            self.say(f"cannot start {command[0]!r}: {error.strerror}")
            return CANNOT_START
        try:
            code = self._follow(child)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return code if code >= 0 else 128 - code

    def _restore(self) -> bool:
        if self.mirror is None:
            return True
        try:
            came = self.mirror.pull()
            self._heard |= {place.wish() for place in self._asked_at()}  # an old wish is no reason to save now
        except Exception as error:  # noqa: BLE001  # whatever boto3 raises: told, and the job does not start from nothing
            self.say(f"the checkpoints under {self.settings.uri} could not be brought back: {error}")
            return False
        if came:
            self.say(f"{came} files came back from {self.settings.uri}")
        return True

    def _variables(self) -> dict[str, str]:
        entries = [entry for entry in self.settings.folder.iterdir() if not entry.name.startswith(".")]
        return {
            FOLDER: str(self.settings.folder.absolute()),
            URI: self.settings.uri,
            SECONDS: f"{self.settings.seconds:g}",
            RESUME: "1" if entries else "0",
            WRAPPED: "1",
        }

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._terminated = self._terminated or time.monotonic()

    def _follow(self, child: subprocess.Popen[bytes]) -> int:
        forwarded = False
        self._pushed, self._newest = time.monotonic(), Folder(self.settings.folder).latest()
        with ThreadPoolExecutor(1) as sender:
            sending: Future[bool] | None = None
            while child.poll() is None:
                if sending is None or sending.done():
                    sending = self._send_if_due(sender)
                self._listen()
                if self._terminated and not forwarded and self._may_end(sending):
                    child.terminate()
                    forwarded = True
                time.sleep(_LOOK)
        for _ in range(_TRIES):
            if self._push(checkpoints_only=False):
                break
        return child.returncode

    def _send_if_due(self, sender: ThreadPoolExecutor) -> Future[bool] | None:
        """A new checkpoint goes at once, plain files at each interval; on the other machines nothing goes."""
        if self.mirror is None or self.settings.node != 0:
            return None
        newest = Folder(self.settings.folder).latest()
        due = time.monotonic() - self._pushed >= self.settings.seconds
        if not due and newest == self._newest:
            return None
        self._newest = newest
        if due:
            self._pushed = time.monotonic()
        return sender.submit(self._push, checkpoints_only=not due)

    def _push(self, *, checkpoints_only: bool) -> bool:
        """Send what changed; a failure is told and tried again with the next change."""
        if self.mirror is None or self.settings.node != 0:
            return True
        try:
            self.mirror.push(checkpoints_only=checkpoints_only)
        except Exception as error:  # noqa: BLE001  # the job goes on; what was not sent stays to be sent
            self.say(f"the checkpoints could not be sent to {self.settings.uri}: {error}")
            self._newest = None
            return False
        return True

    def _listen(self) -> None:
        """Pass a signal, a notice or a wish on to the job, each once."""
        if self._terminated and "SIGTERM" not in self._heard:
            self._ask("SIGTERM")
        if time.monotonic() < self._next_question:
            return
        self._next_question = time.monotonic() + _ASK
        if (notice := self.metadata.notice()) and notice not in self._heard:
            self.say(f"this machine is about to go ({notice}); asking for a checkpoint")
            self._ask(notice)
            self._pushed = 0.0  # what plain files there are go now
            if self.settings.node != 0 and self.mirror is not None:
                self._elsewhere(notice)
        if self.settings.node == 0 and self.mirror is not None and (wish := self._remote_wish()):
            self.say(f"asked for a checkpoint: {wish}")
            self._ask(wish)
            self._pushed = 0.0

    def _remote_wish(self) -> str:
        try:
            wishes = [place.wish() for place in self._asked_at()]
        except Exception:  # noqa: BLE001  # asked again in a moment
            return ""
        return next((wish for wish in wishes if wish not in self._heard), "")

    def _asked_at(self) -> list[Mirror]:
        """Where wishes come from outside: beside the copy, and for a member of a sweep beside the sweep's."""
        if self.mirror is None:
            return []
        uris = dict.fromkeys((self.settings.uri, self.settings.run_uri))
        return [Mirror(self.mirror.s3, uri, self.settings.folder) for uri in uris if uri]

    def _elsewhere(self, notice: str) -> None:
        """The first machine saves for all: tell it through S3."""
        try:
            if self.mirror is not None:
                self.mirror.ask(f"machine {self.settings.node}: {notice}"[:256])
        except Exception as error:  # noqa: BLE001  # the other machines' own notices may still come
            self.say(f"the first machine could not be told: {error}")

    def _ask(self, wish: str) -> None:
        """Leave a wish where `Checkpoints.should_save` looks."""
        self._heard.add(wish)
        self._wish = wish
        aside = self.settings.folder / f"{SAVE_NOW}.new"
        aside.write_text(wish, encoding="utf-8")
        aside.replace(self.settings.folder / SAVE_NOW)

    def _may_end(self, sending: Future[bool] | None) -> bool:
        """Whether a command that was asked to end may get its signal: it has saved, cannot save, or took too long."""
        if time.monotonic() - self._terminated >= self.settings.grace:
            return True
        folder = self.settings.folder
        if self.settings.node != 0 or not (folder / LISTENING).exists():
            return True
        saved = folder / SAVED
        answered = saved.exists() and saved.read_text(encoding="utf-8") == self._wish
        return answered and (sending is None or sending.done()) and Folder(folder).latest() == self._newest


def _die_with_parent() -> None:
    """Have the command killed when the wrapper is (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
