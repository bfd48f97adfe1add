#!/bin/sh
# The main job, end to end, on the local target: plan, apply, one burst that trains for real, and everything away again.
# It works in a folder of its own under build/, which a crashed run may have left in any state.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
PATH="$root/.venv/bin:$PATH"
export PATH TIDEFORM_ENVIRONMENT=dev
demo="$root/build/demo"

bucket() { tideform output "storage.buckets.$1"; }
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

mkdir -p "$demo"
trap 'tideform sandbox stop >/dev/null 2>&1 || true' EXIT
cd "$demo"
if [ -f tideform.yaml ]; then
    step "An earlier run left its folder: its sandbox goes, with everything that was in it"
    tideform sandbox reset --yes
    cd "$root" && rm -rf "$demo" && mkdir -p "$demo" && cd "$demo"
fi
tideform init . --blueprint quickstart

step "tideform plan"
tideform plan

step "tideform apply --yes"
tideform apply --yes

step "The data: 1,797 images of digits, put into the dataset's bucket"
tideform sandbox exec -- python prepare.py "s3://$(bucket digits)"

step "tideform burst run digits: capacity in, the training script, capacity out"
tideform burst run digits

step "The model is in its bucket"
tideform sandbox exec -- python -c '
import boto3, sys
for item in boto3.client("s3").list_objects_v2(Bucket=sys.argv[1])["Contents"]:
    print(item["Key"], item["Size"], "bytes")
' "$(bucket models)"

step "tideform destroy: the data set and the model may be lost, and the demo says so by name"
tideform destroy --yes --delete-data digits --delete-data models

step "Done"
