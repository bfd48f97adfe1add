"""What a machine of an ``ec2`` pool does when it starts: it gets ready to run jobs, and watches for its own end. Pure.

Commands come by SSM and end in ``tideform-run COMMAND…``; their variables are set by
`tideform.burst.reaper.starting.ec2_script`.
"""

from __future__ import annotations

from tideform.components.instance_store import SCRIPT

_RUN = r"""#!/bin/bash
# Runs a command in the job's image, with the machine's network and role. The job's variables (a PATH, an AWS_PROFILE)
# are for its container: what is called here does not see them.
set -euo pipefail
tideform_options=(--rm --label tideform --network host --ipc host --ulimit memlock=-1)
for tideform_name in $TIDEFORM_VARIABLES; do tideform_options+=(--env "$tideform_name=${!tideform_name}"); done
tideform_region=${AWS_SSM_REGION_NAME:-${AWS_DEFAULT_REGION:-}}
tideform_image=$TIDEFORM_IMAGE tideform_secrets=${TIDEFORM_SECRETS:-} tideform_values=()
for tideform_name in $(compgen -e); do unset "$tideform_name"; done
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
until docker info >/dev/null 2>&1; do sleep 1; done
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
tideform_docker=$(command -v docker)
for tideform_value in "${tideform_values[@]}"; do export "$tideform_value"; done  # on no command line
exec "$tideform_docker" run "${tideform_options[@]}" "$tideform_image" "$@"
"""

_WATCH = r"""#!/bin/bash
# Asks jobs to save themselves when Auto Scaling is about to end this machine; the hook gives them two minutes.
metadata=http://169.254.169.254/latest
state=$metadata/meta-data/autoscaling/target-lifecycle-state
while sleep 5; do
  token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $metadata/api/token) || continue
  said=$(curl -sf -H "X-aws-ec2-metadata-token: $token" $state) || continue
  if [ "$said" = Terminated ]; then
    docker ps --quiet --filter label=tideform | xargs --no-run-if-empty docker stop --time 100
    exit
  fi
done
"""


def user_data() -> str:
    """The script, for cloud-init; it names nothing of the pool's, so that it changes with this program alone."""
    return f"""#!/bin/bash
cat >/usr/local/bin/tideform-run <<'TIDEFORM'
{_RUN}TIDEFORM
cat >/usr/local/bin/tideform-disks <<'TIDEFORM'
{SCRIPT}TIDEFORM
cat >/usr/local/bin/tideform-watch <<'TIDEFORM'
{_WATCH}TIDEFORM
chmod 755 /usr/local/bin/tideform-run /usr/local/bin/tideform-watch /usr/local/bin/tideform-disks
command -v docker >/dev/null || dnf install -y docker
/usr/local/bin/tideform-disks
systemctl enable --now docker
systemd-run --unit tideform-watch --property Restart=on-failure /usr/local/bin/tideform-watch
"""
