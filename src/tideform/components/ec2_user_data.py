"""What a machine of an ``ec2`` pool does when it starts: it gets ready to run jobs, and watches for its own end. Pure.

Commands come by SSM and end in ``tideform-run COMMAND…``; their variables are set by
`tideform.burst.reaper.starting.ec2_script`.
"""

from __future__ import annotations

_RUN = r"""#!/bin/bash
# Runs a command in the job's image, with the machine's network and role.
set -euo pipefail
until docker info >/dev/null 2>&1; do sleep 1; done
region=${AWS_DEFAULT_REGION:-$AWS_SSM_REGION_NAME}
registry=${TIDEFORM_IMAGE%%/*}
case $registry in *.dkr.ecr.*)
  aws ecr get-login-password --region "$(cut -d. -f4 <<<"$registry")" |
    docker login --username AWS --password-stdin "$registry" >/dev/null 2>&1 ;;
esac
for secret in ${TIDEFORM_SECRETS:-}; do
  name=${secret%%=*}
  value=$(aws secretsmanager get-secret-value --region "$region" --secret-id "${secret#*=}" \
    --query SecretString --output text)
  export "$name=$value"
  TIDEFORM_VARIABLES="$TIDEFORM_VARIABLES $name"
done
options=(--rm --label tideform --network host --ipc host --ulimit memlock=-1)
for name in $TIDEFORM_VARIABLES; do options+=(--env "$name"); done
command -v nvidia-smi >/dev/null && options+=(--gpus all)
for device in /dev/infiniband/uverbs*; do [ -e "$device" ] && options+=(--device "$device"); done
exec docker run "${options[@]}" "$TIDEFORM_IMAGE" "$@"
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
cat >/usr/local/bin/tideform-watch <<'TIDEFORM'
{_WATCH}TIDEFORM
chmod 755 /usr/local/bin/tideform-run /usr/local/bin/tideform-watch
command -v docker >/dev/null || dnf install -y docker
systemctl enable --now docker
systemd-run --unit tideform-watch --property Restart=on-failure /usr/local/bin/tideform-watch
"""
