"""What stands before a job's command where nothing of ours is in its image: a few lines for ``sh``. Pure.

The command itself follows as arguments, untouched, and takes the shell's place (``exec``), so that signals reach it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from shlex import quote

PORT = 29500  # torchrun's own default; each node of a Batch job has a network interface of its own
_NAME = "tideform"  # $0 of the script
# Batch tells the main node's address to the other nodes only.
# https://docs.aws.amazon.com/batch/latest/userguide/mnp-env-vars.html
_GATHER = f"""\
export RANK="$AWS_BATCH_JOB_NODE_INDEX" WORLD_SIZE="$AWS_BATCH_JOB_NUM_NODES"
export TIDEFORM_NODE_RANK="$RANK" TIDEFORM_NODES="$WORLD_SIZE"
export MASTER_ADDR="${{AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS:-127.0.0.1}}" MASTER_PORT="${{MASTER_PORT:-{PORT}}}"
export TIDEFORM_MASTER_ADDR="$MASTER_ADDR" TIDEFORM_MASTER_PORT="$MASTER_PORT"
exec "$@"
"""
_INDEX = '"${AWS_BATCH_JOB_ARRAY_INDEX:-0}"'
# Each member keeps its checkpoints in a place of its own.
_END = (
    f'[ -z "${{TIDEFORM_CHECKPOINT_URI:-}}" ] || export TIDEFORM_CHECKPOINT_URI="$TIDEFORM_CHECKPOINT_URI/"{_INDEX}',
    'exec "$@"',
    "",
)
Grid = Mapping[str, Sequence[str]]
Variables = Mapping[str, str]


def with_empty(command: Sequence[str], names: Iterable[str]) -> list[str]:
    """The command with these variables set and empty, which AWS Batch drops without a word where it is given them."""
    empty = "".join(f" {name}=" for name in sorted(names))
    return ["sh", "-c", f'export{empty}\nexec "$@"\n', _NAME, *command] if empty else list(command)


def gathered(command: Sequence[str]) -> list[str]:
    """The command of each node of a job: with its rank, how many there are, and where the main one listens."""
    return ["sh", "-c", _GATHER, _NAME, *command]


def grid_variables(grid: Mapping[str, Sequence[object]]) -> tuple[dict[str, str], ...]:
    """One set of variables for each combination, the last parameter moving fastest."""
    combinations = product(*grid.values())
    return tuple({n: str(v) for n, v in zip(grid, values, strict=True)} for values in combinations)


def swept(command: Sequence[str], array: Sequence[Variables]) -> list[str]:
    """The command of every member of an array job: with the variables of its own index.

    A whole grid is written as its values, so that ten thousand combinations of a few values stay short; anything else
    as one line a member.
    """
    grid = _grid_of(array)
    return ["sh", "-c", _by_grid(grid) if grid is not None else _by_list(array), _NAME, *command]


def _grid_of(array: Sequence[Variables]) -> Grid | None:
    """The grid whose combinations these are, in order; None if they are not those of one."""
    names = list(array[0]) if array else []
    grid = {name: list(dict.fromkeys(one.get(name, "") for one in array)) for name in names}
    whole = prod(len(values) for values in grid.values()) == len(array)
    return grid if names and whole and list(grid_variables(grid)) == [dict(one) for one in array] else None


def _by_grid(grid: Grid) -> str:
    """The index as a number whose digits choose the values: the last parameter has the lowest digit."""
    lines = [f"tideform_index={_INDEX}"]
    for name, values in reversed(list(grid.items())):
        cases = " ".join(f"{place}) {name}={quote(value)};;" for place, value in enumerate(values))
        lines += [
            f"case $((tideform_index % {len(values)})) in {cases} esac",
            f"export {name}",
            f"tideform_index=$((tideform_index / {len(values)}))",
        ]
    return "\n".join([*lines, "unset tideform_index", *_END])


def _by_list(array: Sequence[Variables]) -> str:
    cases = [
        f"{place}) {' '.join(f'export {name}={quote(value)};' for name, value in one.items())};"
        for place, one in enumerate(array)
    ]
    return "\n".join([f"case {_INDEX} in", *cases, "esac", *_END])
