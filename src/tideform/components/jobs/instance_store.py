"""Machines with disks of their own (NVMe) let containers write there: layers, and what a job keeps beside its stores.

The disks are empty at each start, encrypted in hardware, and paid for with the machine. Whatever fails here, the
machine comes, and its containers write to the root disk. Pure.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
"""

from __future__ import annotations

_BOUNDARY = "tideform-user-data"

# With several disks they are striped where the image can do that; else the first one is used. The Deep Learning image
# has a service that puts them all into one volume, before or after this script begins, and its docker may run by then.
# So the service is let do it, for a minute at most, as it may be one that waits for the end of this very script; then
# it is kept from coming later, and only disks on which nothing is are taken.
SCRIPT = """\
#!/bin/bash
to=/var/lib/docker
mountpoint -q $to && exit 0
busy=$(systemctl is-active docker)
[ "$busy" = active ] && systemctl stop docker.socket docker
mkdir -p $to
if systemctl cat dlami-nvme.service >/dev/null 2>&1 && ! mountpoint -q /opt/dlami/nvme; then
  timeout 60 systemctl start dlami-nvme.service
  mountpoint -q /opt/dlami/nvme || systemctl mask --runtime --now dlami-nvme.service
fi
if mountpoint -q /opt/dlami/nvme; then
  mkdir -p /opt/dlami/nvme/docker && mount --bind /opt/dlami/nvme/docker $to
else
  set --
  for disk in $(lsblk --nodeps --noheadings --paths --output NAME,MODEL | awk '/Instance Storage/ {print $1}'); do
    used=$(lsblk --noheadings --output NAME,MOUNTPOINT "$disk" | awk 'NR > 1 || NF > 1')
    [ -n "$used" ] || set -- "$@" "$disk"
  done
  if [ $# -gt 1 ] && command -v mdadm >/dev/null; then
    mdadm --create /dev/md0 --run --force --level=0 --raid-devices=$# "$@" && set -- /dev/md0
  fi
  [ $# -eq 0 ] || { mkfs.xfs -f "$1" && mount -o noatime "$1" $to; }
fi
[ "$busy" = active ] && systemctl start docker
exit 0
"""


def boothook() -> str:
    """The script as a part that cloud-init runs before docker starts, in the form that AWS Batch takes.

    https://docs.aws.amazon.com/batch/latest/userguide/launch-templates.html (Amazon EC2 user data)
    """
    head = f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{_BOUNDARY}"\n\n'
    part = f'--{_BOUNDARY}\nContent-Type: text/cloud-boothook; charset="us-ascii"\n\n{SCRIPT}'
    return f"{head}{part}--{_BOUNDARY}--\n"
