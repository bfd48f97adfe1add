"""Checkpoints that outlive the machine: saved in one piece, mirrored to S3, brought back before the job starts again.

Jobs import this package, so it needs nothing but the standard library, and boto3 where it mirrors. No framework is
imported. ``docs/how-to/checkpoints.md`` is the contract.

    checkpoints = Checkpoints()
    if found := checkpoints.latest():
        state = torch.load(found.path)
    for step in range(first, last):
        ...
        if checkpoints.should_save():
            checkpoints.save(step, lambda path: torch.save(state, path))
"""

from tideform.checkpoint.checkpoints import Checkpoints
from tideform.checkpoint.folder import Checkpoint
from tideform.checkpoint.frameworks import keras_callback, lightning_callback

__all__ = ["Checkpoint", "Checkpoints", "keras_callback", "lightning_callback"]
