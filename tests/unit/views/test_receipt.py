"""Receipts as people and programs read them."""

from __future__ import annotations

import pytest

from tideform.burst.receipt import Receipt
from tideform.reaper.reserved import Reservation
from tideform.resources.inventory import Leftover
from tideform.unasked import Unasked
from tideform.views.receipt import receipt_json, receipt_lines

DISK = Leftover("ec2", "volume", "vol-1", name="scratch", hourly_usd=0.011)
GROUP = Leftover("ec2", "security group", "sg-1", note="still referenced")
IDLE = Reservation("cr-1", "p5.48xlarge", "us-east-1a", total=4, free=1, usd=98.32, state="active")
SILENT = Unasked("queues", "access denied")
DENIED = Unasked("idle reservations", "access denied")


@pytest.mark.parametrize(
    ("receipt", "words"),
    [
        (Receipt("x", asked=1), "Receipt for x: nothing is left (1 question asked)."),
        (Receipt("x", leftovers=(DISK, GROUP)), "Receipt for x: 2 left, 0.0110 USD an hour."),
        (Receipt("x", leftovers=(DISK,)), "  - ec2 volume vol-1 (scratch), 0.0110 USD an hour"),
        (Receipt("x", leftovers=(GROUP,)), "  - ec2 security group sg-1: still referenced"),
        (Receipt("x", unasked=(SILENT,)), "Receipt for x: it is not certain that nothing is left."),
        (Receipt("x", unasked=(SILENT,)), "  ? queues: could not be asked: access denied"),
        (Receipt("x", asked=1, idle=(IDLE,)), "Receipt for x: nothing is left (1 question asked)."),
        (Receipt("x", asked=1, idle_unasked=(DENIED,)), "Receipt for x: nothing is left (1 question asked)."),
        (Receipt("x", idle_unasked=(DENIED,)), "Idle reservations: could not be asked: access denied"),
        (
            Receipt("x", idle=(IDLE,)),
            "    reservation cr-1: 1 of 4 p5.48xlarge in us-east-1a stand idle, 98.32 USD an hour paid for nothing",
        ),
    ],
)
def test_a_receipt_says(receipt: Receipt, words: str) -> None:
    assert words in [str(line) for line in receipt_lines(receipt)]


def test_json_tells_whether_it_is_empty() -> None:
    data = receipt_json(Receipt("x", leftovers=(DISK,), unasked=(SILENT,), asked=4))
    assert (data["empty"], data["hourly_usd"], data["unasked"]) == (
        False,
        0.011,
        [{"what": "queues", "why": "access denied"}],
    )
