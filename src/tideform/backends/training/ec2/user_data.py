"""What a machine of an ``ec2`` pool does when it starts: it gets ready to run jobs, and watches for its own end. Pure.

Commands come by SSM and end in ``tideform-run COMMAND…``; their variables are set by
`tideform.backends.training.ec2.in_account.script`.
"""

from __future__ import annotations

from tideform.components.jobs.instance_store import SCRIPT

_RUN = r"""#!/bin/bash
# Runs a command in the job's image, with the machine's network and role. The job's variables (a PATH, an AWS_PROFILE)
# are for its container: what is called here does not see them.
set -euo pipefail
tideform_lease=${TIDEFORM_LEASE:-}
read -r tideform_run </proc/sys/kernel/random/uuid
tideform_options=(--rm --label tideform --label "tideform.lease=$tideform_lease" --label "tideform.run=$tideform_run")
tideform_options+=(--stop-timeout 30 --network host --ipc host --ulimit memlock=-1)
for tideform_name in $TIDEFORM_VARIABLES; do tideform_options+=(--env "$tideform_name=${!tideform_name}"); done
tideform_region=${AWS_SSM_REGION_NAME:-${AWS_DEFAULT_REGION:-}}
tideform_image=$TIDEFORM_IMAGE tideform_secrets=${TIDEFORM_SECRETS:-} tideform_values=()
for tideform_name in $(compgen -e); do unset "$tideform_name"; done
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
until docker info >/dev/null 2>&1; do sleep 1; done
# Held for as long as this script or docker's client lives, however they end: whoever gets it knows that both are gone.
tideform_locks=/run/tideform
mkdir -p "$tideform_locks"
exec {tideform_lock}>"$tideform_locks/$tideform_run"
flock "$tideform_lock"
# What commands that were cancelled have left ends first, of any lease: it holds the GPUs, their memory and the port.
tideform_left() {
  local found id run
  found=$(docker ps --filter label=tideform --format '{{.ID}} {{.Label "tideform.run"}}' 2>/dev/null) || return
  while read -r id run; do
    [ -n "$id" ] || continue
    [ -e "$tideform_locks/$run" ] && ! flock --shared --nonblock "$tideform_locks/$run" true || echo "$id"
  done <<<"$found"
}
tideform_until=$((SECONDS + 120)) tideform_said=
until tideform_stale=$(tideform_left) && [ -z "$tideform_stale" ]; do
  tideform_what=${tideform_stale:+what a cancelled command has left on this machine: $tideform_stale}
  tideform_what=${tideform_what:-docker to answer}
  [ "$tideform_what" = "$tideform_said" ] || echo "tideform: waits for $tideform_what"
  tideform_said=$tideform_what
  [ "$SECONDS" -lt "$tideform_until" ] || { echo "tideform: waited in vain, and begins nothing beside it"; exit 1; }
  docker stop -t 30 $tideform_stale >/dev/null 2>&1 || sleep 1  # one of them may just have ended by itself
done
tideform_registry=${tideform_image%%/*}
case $tideform_registry in *.dkr.ecr.*)
  aws ecr get-login-password --region "$(cut -d. -f4 <<<"$tideform_registry")" |
    docker login --username AWS --password-stdin "$tideform_registry" >/dev/null 2>&1 ;;
esac
for tideform_secret in $tideform_secrets; do
  tideform_value=$(aws secretsmanager get-secret-value --region "$tideform_region" \
    --secret-id "${tideform_secret#*=}" --query SecretString --output text)
  tideform_values+=("${tideform_secret%%=*}=$tideform_value")
  tideform_options+=(--env "${tideform_secret%%=*}")
done
command -v nvidia-smi >/dev/null && tideform_options+=(--gpus all)
for tideform_device in /dev/infiniband/uverbs*; do
  [ -e "$tideform_device" ] && tideform_options+=(--device "$tideform_device")
done
systemd-run --collect --quiet /usr/local/bin/tideform-end "$tideform_run"
tideform_docker=$(command -v docker)
for tideform_value in "${tideform_values[@]}"; do export "$tideform_value"; done  # on no command line
tideform_code=0
"$tideform_docker" run "${tideform_options[@]}" "$tideform_image" "$@" || tideform_code=$?
if [ "$tideform_code" = 194 ]; then  # for SSM a wish to reboot the machine and to run the command once more
  echo "tideform: the job ended with 194, which reboots a machine of Systems Manager's: it is told as 193"
  tideform_code=193
fi
exit "$tideform_code"
"""

_END = r"""#!/bin/bash
# Stops the container of a command whose docker client is gone. What SSM cancels it kills, SIGKILL to the process group
# of its script: the container is the daemon's, hears nothing, and would go on. So this runs in no group of SSM's.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
lock=/run/tideform/$1 none=0
flock --shared "$lock" true
# Three looks: the daemon may be about to start what the client has just asked for.
while [ "$none" -lt 3 ]; do
  if left=$(docker ps --all --quiet --filter "label=tideform.run=$1"); then
    if [ -z "$left" ]; then
      none=$((none + 1))
    else
      docker stop -t 30 $left
      docker rm $left  # what was never started; the others go by themselves
    fi
  fi
  sleep 1
done
rm -f "$lock"
"""

_WATCH = r"""#!/bin/bash
# Asks jobs to save themselves when Auto Scaling is about to end this machine; the hook gives them two minutes.
metadata=http://169.254.169.254/latest
state=$metadata/meta-data/autoscaling/target-lifecycle-state
while sleep 5; do
  token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $metadata/api/token) || continue
  said=$(curl -sf -H "X-aws-ec2-metadata-token: $token" $state) || continue
  if [ "$said" = Terminated ]; then
    end=$((SECONDS + 120))
    until left=$(docker ps --quiet --filter label=tideform) && [ -z "$left" ] || [ "$SECONDS" -ge "$end" ]; do
      echo "stops: ${left:-nothing, as docker does not answer}"
      docker stop -t 100 $left || sleep 1
    done
    exit
  fi
done
"""


def user_data() -> str:
    """The script, for cloud-init; it names nothing of the pool's, so that it changes with this program alone."""
    return f"""#!/bin/bash
cat >/usr/local/bin/tideform-run <<'TIDEFORM'
{_RUN}TIDEFORM
cat >/usr/local/bin/tideform-end <<'TIDEFORM'
{_END}TIDEFORM
cat >/usr/local/bin/tideform-disks <<'TIDEFORM'
{SCRIPT}TIDEFORM
cat >/usr/local/bin/tideform-watch <<'TIDEFORM'
{_WATCH}TIDEFORM
chmod 755 /usr/local/bin/tideform-run /usr/local/bin/tideform-end
chmod 755 /usr/local/bin/tideform-watch /usr/local/bin/tideform-disks
command -v docker >/dev/null || dnf install -y docker
/usr/local/bin/tideform-disks
systemctl enable --now docker
systemd-run --unit tideform-watch --property Restart=on-failure /usr/local/bin/tideform-watch
"""
