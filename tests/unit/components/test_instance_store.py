"""The script for a machine's own disks is one that a shell and cloud-init can read."""

from __future__ import annotations

import subprocess
from email import message_from_string

from tideform.backends.training.ec2.user_data import user_data
from tideform.components.jobs.instance_store import SCRIPT, boothook


def test_a_shell_can_read_the_scripts() -> None:
    for script in (SCRIPT, user_data()):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_it_is_a_part_that_runs_before_docker_starts() -> None:
    [part] = [one for one in message_from_string(boothook()).walk() if not one.is_multipart()]
    assert (part.get_content_type(), str(part.get_payload()).rstrip()) == ("text/cloud-boothook", SCRIPT.rstrip())
