"""Callbacks for PyTorch Lightning and Keras; a framework is imported when its callback is made, not before."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from tideform.checkpoint.checkpoints import Checkpoints


def lightning_callback(checkpoints: Checkpoints) -> Any:
    """A callback for Lightning's ``Trainer``; go on with ``trainer.fit(model, ckpt_path=checkpoints.latest().path)``.

    Every rank takes part, as ``Trainer.save_checkpoint`` wants it; only rank 0 writes.
    https://lightning.ai/docs/pytorch/stable/common/trainer.html#save-checkpoint
    """
    base = _either("lightning.pytorch", "pytorch_lightning").Callback

    def after_batch(_self: Any, trainer: Any, *_: Any, **__: Any) -> None:
        if not trainer.strategy.broadcast(checkpoints.should_save()):
            return
        if checkpoints.rank == 0:
            checkpoints.save(trainer.global_step, lambda path: trainer.save_checkpoint(str(path)), suffix=".ckpt")
        else:
            trainer.save_checkpoint(str(Path(checkpoints.path) / ".other-ranks.ckpt"))

    return type("SaveCheckpoints", (base,), {"on_train_batch_end": after_batch})()


def keras_callback(checkpoints: Checkpoints) -> Any:
    """A callback for Keras' ``fit``; go on with ``keras.models.load_model(checkpoints.latest().path)``.

    A step is one batch, counted from the start of this process' training on top of the latest checkpoint's step.
    https://keras.io/api/callbacks/base_callback/
    """
    base = _either("keras", "tensorflow.keras").callbacks.Callback
    found = checkpoints.latest()
    steps = {"done": 0 if found is None else found.step}

    def after_batch(self: Any, _batch: int, _logs: Any = None) -> None:
        steps["done"] += 1
        if checkpoints.should_save():
            checkpoints.save(steps["done"], lambda path: self.model.save(str(path)), suffix=".keras")

    return type("SaveCheckpoints", (base,), {"on_train_batch_end": after_batch})()


def _either(*names: str) -> Any:
    """The first of these modules that is installed. Raises `ImportError` of the last if none is."""
    for name in names[:-1]:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return importlib.import_module(names[-1])
