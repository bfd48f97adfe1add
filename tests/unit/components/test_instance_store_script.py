"""The script for a machine's own disks goes with the Deep Learning image's service, whichever of them comes first.

It runs here in a real shell, with the machine's programs in the place of its own: each writes down how it was called.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tideform.components.jobs.instance_store import SCRIPT

MOUNT = "/opt/dlami/nvme"
_PROGRAMS = {
    "mountpoint": 'grep -qx -- "$2" "$M/mounted"',
    "systemctl": """case "$1" in
  is-active) echo inactive ;;
  cat) [ -e "$M/service" ] ;;
  start) [ "$2" = dlami-nvme.service ] && [ -e "$M/works" ] && echo /opt/dlami/nvme >>"$M/mounted" ;;
esac""",
    "timeout": 'shift; exec "$@"',
    "lsblk": 'case "$*" in *MODEL*) cat "$M/disks" ;; *) cat "$M/on${!#//\\//.}" ;; esac',
    "mdadm": "true",
    "mkfs.xfs": "true",
    "mount": "true",
    "mkdir": "true",
}


@dataclass
class Machine:
    """A machine as the script finds it; ``did`` is what it changed, a line a call."""

    folder: Path
    disks: dict[str, str] = field(default_factory=lambda: {"/dev/nvme1n1": "nvme1n1"})

    def run(self, *, service: bool, works: bool, mounted: bool) -> list[str]:
        """Run the script; ``service`` is there, ``works`` when it is started, has ``mounted`` already."""
        (self.folder / "mounted").write_text(f"{MOUNT}\n" if mounted else "")
        for name, there in (("service", service), ("works", works)):
            if there:
                (self.folder / name).touch()
        lines = [f"{disk} Amazon EC2 NVMe Instance Storage" for disk in self.disks]
        (self.folder / "disks").write_text("/dev/nvme0n1 Amazon Elastic Block Store\n" + "\n".join(lines) + "\n")
        for disk, told in self.disks.items():
            (self.folder / f"on{disk.replace('/', '.')}").write_text(f"{told}\n")
        for name, body in _PROGRAMS.items():
            program = self.folder / name
            program.write_text(f'#!/bin/bash\necho "{name} $*" >>"$M/calls"\n{body}\n')
            program.chmod(0o755)
        environ = {"M": str(self.folder), "PATH": f"{self.folder}:{os.environ['PATH']}"}
        subprocess.run(["bash"], input=SCRIPT, text=True, check=True, env=environ, timeout=30)
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


BOUND = f"mount --bind {MOUNT}/docker /var/lib/docker"
TAKEN = "mount -o noatime /dev/nvme1n1 /var/lib/docker"


def test_what_the_image_has_mounted_is_used(machine: Machine) -> None:
    did = machine.run(service=True, works=True, mounted=True)
    assert BOUND in did
    assert not [one for one in did if one.startswith("mkfs")]


def test_a_service_that_comes_later_is_waited_for(machine: Machine) -> None:
    did = machine.run(service=True, works=True, mounted=False)
    assert BOUND in did
    assert not [one for one in did if one.startswith("mkfs")]


def test_a_service_that_does_nothing_does_not_come_behind_us_either(machine: Machine) -> None:
    did = machine.run(service=True, works=False, mounted=False)
    assert did.index("systemctl mask --runtime --now dlami-nvme.service") < did.index(TAKEN)


def test_without_the_service_the_disk_is_taken_at_once(machine: Machine) -> None:
    did = machine.run(service=False, works=False, mounted=False)
    assert TAKEN in did
    assert not [one for one in did if one.startswith(("timeout", "systemctl mask"))]


@pytest.mark.parametrize("told", ["nvme1n1\n└─vg.01-lv_ephemeral", "nvme1n1 /scratch"])
def test_a_disk_that_somebody_uses_is_left_alone(machine: Machine, told: str) -> None:
    machine.disks = {"/dev/nvme1n1": told, "/dev/nvme2n1": "nvme2n1"}
    did = machine.run(service=False, works=False, mounted=False)
    assert "mkfs.xfs -f /dev/nvme2n1" in did
    assert not [one for one in did if "nvme1n1" in one and not one.startswith("lsblk")]


def test_several_disks_are_striped(machine: Machine) -> None:
    machine.disks = {"/dev/nvme1n1": "nvme1n1", "/dev/nvme2n1": "nvme2n1"}
    did = machine.run(service=False, works=False, mounted=False)
    assert "mkfs.xfs -f /dev/md0" in did
