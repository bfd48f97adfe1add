"""The shell script that one SSM command runs on every node of a job. Pure.

It ends in ``tideform-run COMMAND…``, which the machine brought along (`tideform.components.ec2_user_data`): that
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
    ranks = " ".join(f"{node.id}) TIDEFORM_RANK={rank} ;;" for rank, node in enumerate(nodes))
    names = sorted({*task.environment, *_RANKS})
    return [
        "exec 2>&1",  # one log, in the order of what happened
        # Before the job's variables, a PATH of its own among them: the machine may still be getting ready.
        "until command -v tideform-run >/dev/null; do sleep 1; done",
        "TIDEFORM_RUN=$(command -v tideform-run)",
        f'case "${{AWS_SSM_INSTANCE_ID:-$(cloud-init query instance_id)}}" in {ranks} esac',
        *(f"export {name}={_quoted(value)}" for name, value in sorted(task.environment.items())),
        'export NODE_RANK="$TIDEFORM_RANK" RANK="$TIDEFORM_RANK" TIDEFORM_NODE_RANK="$TIDEFORM_RANK"',
        f"export NNODES={len(nodes)} WORLD_SIZE={len(nodes)}",
        f'export MASTER_ADDR="${{TIDEFORM_MASTER_ADDR:-{nodes[0].address}}}"',
        f'export MASTER_PORT="${{TIDEFORM_MASTER_PORT:-{PORT}}}"',
        f"export TIDEFORM_IMAGE={_quoted(task.image)}",
        f"export TIDEFORM_VARIABLES={shlex.quote(' '.join(names))}",
        f"export TIDEFORM_SECRETS={shlex.quote(' '.join(f'{n}={arn}' for n, arn in sorted(task.secrets.items())))}",
        f'exec "$TIDEFORM_RUN" {_words(task.command)}',
    ]


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
