"""What a job uses: the last checkpoint, whether it is time for the next, and saving it in one piece."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tideform.checkpoint.contract import LISTENING, NOTES, SAVE_NOW, SAVED, WRAPPED, Settings
from tideform.checkpoint.folder import Checkpoint, Folder


class Checkpoints:
    """The checkpoints of one job, in the folder that its burst gave it.

    Of several processes only rank 0 saves; every one of them finds the latest. ``keep`` is how many stay, ``every``
    the seconds between two (the pool's ``checkpoint.every`` unless it is given).
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        every: float | None = None,
        keep: int = 3,
        rank: int | None = None,
    ) -> None:
        settings = Settings.of()
        self.path = Path(folder) if folder is not None else settings.folder
        self.rank = settings.rank if rank is None else rank
        self.every = settings.seconds if every is None else every
        self._folder, self._keep = Folder(self.path), keep
        self._last = time.monotonic()
        self._signalled = False
        if self.rank == 0:
            (self.path / NOTES).mkdir(parents=True, exist_ok=True)
            self._folder.sweep()
            (self.path / LISTENING).touch()
            self._listen()

    def latest(self) -> Checkpoint | None:
        """The whole checkpoint of the highest step, or None; the same for every rank."""
        return self._folder.latest()

    def should_save(self) -> bool:
        """Whether it is time: the interval is over, or the machine is about to go. Always False but on rank 0.

        Cheap enough to ask after every batch.
        """
        if self.rank != 0:
            return False
        return self._signalled or time.monotonic() - self._last >= self.every or self._wish() != self._answered()

    def save(self, step: int, write: Callable[[Path], object], *, suffix: str = "") -> Checkpoint | None:
        """Have ``write`` make a file or a folder at a path; it appears whole or not at all. None but on rank 0.

        ``suffix`` ends the path's name where a framework insists (``.keras``). Raises what ``write`` raises.
        """
        if self.rank != 0:
            return None
        wish = self._wish()
        saved = self._folder.save(step, write, suffix)
        self._last = time.monotonic()
        self._folder.keep(self._keep)
        self._answer(wish)
        return saved

    def _wish(self) -> str:
        return _text(self.path / SAVE_NOW)

    def _answered(self) -> str:
        return _text(self.path / SAVED)

    def _answer(self, wish: str) -> None:
        if wish:
            aside = self.path / f"{SAVED}.new"
            aside.write_text(wish, encoding="utf-8")
            aside.replace(self.path / SAVED)
        if self._signalled:  # it was only put off until the checkpoint was there
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)

    def _listen(self) -> None:
        """Put SIGTERM off until the next checkpoint where no wrapper hears it first (SageMaker), and nobody else does.

        https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
        """
        alone = not os.environ.get(WRAPPED) and threading.current_thread() is threading.main_thread()
        if alone and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._signalled = True


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
