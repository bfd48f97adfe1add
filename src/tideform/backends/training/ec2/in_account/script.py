"""The shell script that one SSM command runs on every node of a job. Pure.

It ends in ``tideform-run COMMAND…``, which the machine brought along (`tideform.backends.training.ec2.user_data`): that
fetches the secrets as the machine's role and starts the image. The script itself holds no secret.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PORT = 29500
_OWN_RENDEZVOUS = ("--nnodes", "--rdzv", "--standalone", "--master", "--node")
# torchrun's static rendezvous: the first node's address and a port. https://pytorch.org/docs/stable/elastic/run.html
_RENDEZVOUS = '--nnodes="$NNODES" --node-rank="$NODE_RANK" --master-addr="$MASTER_ADDR" --master-port="$MASTER_PORT"'
_RANKS = ("NODE_RANK", "RANK", "TIDEFORM_NODE_RANK", "NNODES", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")

# How the lines begin that name machines; no line of a job's own variables begins so, since those are quoted.
_RANK_LINE = 'case "${AWS_SSM_INSTANCE_ID:-$(cloud-init query instance_id)}"'
_MEETING_LINE = 'export MASTER_ADDR="${TIDEFORM_MASTER_ADDR:-'


@dataclass(frozen=True)
class Node:
    """One machine of a job: its instance id and its private address."""

    id: str
    address: str


@dataclass(frozen=True)
class Task:
    """What a job runs on its nodes. ``secrets`` are variables and the ARNs of what is in them."""

    command: Sequence[str]
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


def script(task: Task, nodes: Sequence[Node]) -> list[str]:
    """The lines; the first node has rank 0, and the others come to its address.

    A machine may know a better address for it (``TIDEFORM_MASTER_ADDR``): in the sandbox all nodes are one machine.
    """
    names = sorted({*task.environment, *_RANKS})
    return [
        "exec 2>&1",  # one log, in the order of what happened
        # Before the job's variables, a PATH of its own among them: the machine may still be getting ready.
        "until command -v tideform-run >/dev/null; do sleep 1; done",
        "TIDEFORM_RUN=$(command -v tideform-run)",
        _ranks(nodes),
        *(f"export {name}={_quoted(value)}" for name, value in sorted(task.environment.items())),
        'export NODE_RANK="$TIDEFORM_RANK" RANK="$TIDEFORM_RANK" TIDEFORM_NODE_RANK="$TIDEFORM_RANK"',
        f"export NNODES={len(nodes)} WORLD_SIZE={len(nodes)}",
        _meeting(nodes),
        f'export MASTER_PORT="${{TIDEFORM_MASTER_PORT:-{PORT}}}"',
        f"export TIDEFORM_IMAGE={_quoted(task.image)}",
        f"export TIDEFORM_VARIABLES={shlex.quote(' '.join(names))}",
        f"export TIDEFORM_SECRETS={shlex.quote(' '.join(f'{n}={arn}' for n, arn in sorted(task.secrets.items())))}",
        f'exec "$TIDEFORM_RUN" {_words(task.command)}',
    ]


def moved(lines: Sequence[str], nodes: Sequence[Node]) -> list[str]:
    """The same job on as many other machines: the lines of `script` that name machines are those of ``nodes``."""
    there = {_RANK_LINE: _ranks(nodes), _MEETING_LINE: _meeting(nodes)}
    return [next((new for old, new in there.items() if line.startswith(old)), line) for line in lines]


def unplaced(lines: Sequence[str]) -> tuple[str, ...]:
    """What a script says but for its machines: alike for all attempts at a job, and for none at another of a sweep."""
    return tuple(line for line in lines if not line.startswith((_RANK_LINE, _MEETING_LINE)))


def _ranks(nodes: Sequence[Node]) -> str:
    ranks = " ".join(f"{node.id}) TIDEFORM_RANK={rank} ;;" for rank, node in enumerate(nodes))
    return f"{_RANK_LINE} in {ranks} esac"


def _meeting(nodes: Sequence[Node]) -> str:
    return f'{_MEETING_LINE}{nodes[0].address}}}"'


def _words(command: Sequence[str]) -> str:
    """The command for the shell; a torchrun that does not say where its nodes meet is told."""
    words = [_quoted(word) for word in command]
    places = [at for at, word in enumerate(command) if word.rpartition("/")[2] == "torchrun"]
    if places and not any(word.startswith(_OWN_RENDEZVOUS) for word in command):
        words.insert(places[0] + 1, _RENDEZVOUS)
    return " ".join(words)


def _quoted(text: str) -> str:
    """A word for the shell, with nothing in it that SSM itself reads: it puts parameters in the place of ``{{…}}``.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-param-runcommand.html
    """
    return re.sub(r"\{(?=\{)", "{''", shlex.quote(text))
