"""A small network trained on all of the job's machines together; interrupted, it goes on with the same numbers.

Everything that decides a number is in the checkpoint or follows from the step: the weights, the optimizer's state,
and the data of each step. So a run that was interrupted ends with the very loss of one that was not.
"""

import argparse
import os
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from tideform.checkpoint import Checkpoints

BATCH = 64


def batch_of(step: int, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """This rank's part of the data of one step."""
    made = torch.Generator().manual_seed(1_000_003 * step + rank)
    x = torch.rand(BATCH, 8, generator=made)
    return x, torch.sin(x.sum(dim=1, keepdim=True))


def main(steps: int, seconds: float) -> None:
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1:
        dist.init_process_group("gloo")  # nccl on GPUs
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    checkpoints = Checkpoints()
    found = checkpoints.latest()
    if found is not None:
        state = torch.load(found.path)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    first = 0 if found is None else found.step
    if rank == 0:
        print(f"from {first} of {steps}, {world} together", flush=True)

    trained = DistributedDataParallel(model) if world > 1 else model
    loss = torch.tensor(0.0)
    for step in range(first + 1, steps + 1):
        x, y = batch_of(step, rank)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(trained(x), y)
        loss.backward()
        optimizer.step()
        time.sleep(seconds)
        if checkpoints.should_save() or step == steps:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
            checkpoints.save(step, lambda path, state=state: torch.save(state, path))

    x, y = batch_of(steps + 1, 0)  # the same question to every run, also to one that had nothing left to do
    with torch.no_grad():
        loss = nn.functional.mse_loss(model(x), y)
    if rank == 0:
        print(f"loss {loss.item():.17g}", flush=True)
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--steps", type=int, default=2000)
    words.add_argument("--seconds", type=float, default=0.0, help="how long a step takes beside its arithmetic")
    given = words.parse_args()
    main(given.steps, given.seconds)
