"""The callbacks, against stand-ins that call them as Lightning and Keras do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tideform.checkpoint import Checkpoints, keras_callback, lightning_callback
from tideform.checkpoint.contract import WRAPPED


@pytest.fixture(autouse=True)
def frameworks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(WRAPPED, "1")
    lightning, keras = ModuleType("lightning.pytorch"), ModuleType("keras")
    lightning.Callback = type("Callback", (), {})  # type: ignore[attr-defined]
    keras.callbacks = SimpleNamespace(Callback=type("Callback", (), {}))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lightning", ModuleType("lightning"))
    monkeypatch.setitem(sys.modules, "lightning.pytorch", lightning)
    monkeypatch.setitem(sys.modules, "keras", keras)
    yield


class Trainer:
    """Lightning's trainer as far as the callback goes; ``wanted`` is what rank 0 broadcasts."""

    def __init__(self, step: int, wanted: bool | None = None) -> None:
        self.global_step, self.saved = step, list[str]()
        self.strategy = SimpleNamespace(broadcast=lambda own: own if wanted is None else wanted)

    def save_checkpoint(self, path: str) -> None:
        self.saved.append(Path(path).name)
        Path(path).write_text("state")


def test_lightning_saves_the_trainers_step(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, every=0)
    lightning_callback(checkpoints).on_train_batch_end(Trainer(12), None, None, None, 0)
    found = checkpoints.latest()
    assert found is not None
    assert (found.step, found.path.suffix) == (12, ".ckpt")


def test_lightnings_other_ranks_take_part_and_leave_no_checkpoint(tmp_path: Path) -> None:
    trainer = Trainer(12, wanted=True)
    checkpoints = Checkpoints(tmp_path, every=0, rank=1)
    lightning_callback(checkpoints).on_train_batch_end(trainer, None, None, None, 0)
    assert (len(trainer.saved), checkpoints.latest()) == (1, None)


def test_keras_counts_on_from_the_latest_step(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, every=0)
    checkpoints.save(40, lambda path: path.write_text(""))
    callback: Any = keras_callback(checkpoints)
    callback.model = SimpleNamespace(save=lambda path: Path(path).write_text("model"))
    callback.on_train_batch_end(0)
    found = checkpoints.latest()
    assert found is not None
    assert (found.step, found.path.suffix) == (41, ".keras")
