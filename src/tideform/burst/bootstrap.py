"""What a job's machine does before the command: fetch the code, look at its hash, unpack it, go there.

A shell script for any image with ``python3`` and boto3, or the AWS CLI. Python looks at nothing of the user's before
its own modules: the image's working folder may hold a ``queue.py``. It travels in variables, because SageMaker takes
words of 256 characters and values of 512.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

from collections.abc import Mapping

HELPER = ".tideform/checkpoint.zip"  # in the archive; on PYTHONPATH, so jobs import it without installing it
CODE_URI = "TIDEFORM_CODE_URI"
CODE_SHA256 = "TIDEFORM_CODE_SHA256"
STAY = "TIDEFORM_CODE_STAY"  # 1: run where the image says, there is no code but the helper
CANNOT_FETCH = 96  # the exit code of a machine that could not get the code
_START = "TIDEFORM_START_"
_PART = 500

_SCRIPT = f"""\
set -eu
tideform_dir=$(mktemp -d "${{TMPDIR:-/tmp}}/code-XXXXXX"); tideform_tgz=$tideform_dir/.tgz
tideform_fail() {{ echo "tideform: $1" >&2; exit {CANNOT_FETCH}; }}
tideform_py='import os,site,sys
site.addsitedir(site.getusersitepackages())
sys.path+=filter(None,os.environ.get("PYTHONPATH","").split(":"))
import boto3'
if python3 -I -c "$tideform_py" 2>/dev/null; then python3 -I -c "$tideform_py"'
bucket, key = sys.argv[1][5:].split("/", 1)
boto3.client("s3").download_file(bucket, key, sys.argv[2])' "${CODE_URI}" "$tideform_tgz" ||
tideform_fail 'the code did not come'
elif command -v aws >/dev/null; then
aws s3 cp --only-show-errors "${CODE_URI}" "$tideform_tgz" || tideform_fail 'the code did not come'
else tideform_fail 'to fetch code the image needs python3 with boto3, or the aws command'; fi
echo "${CODE_SHA256}  $tideform_tgz" | sha256sum -c - >/dev/null || tideform_fail 'what came is not what was sent'
tar -xzf "$tideform_tgz" -C "$tideform_dir"; rm "$tideform_tgz"
export TIDEFORM_CODE_DIR="$tideform_dir" PYTHONPATH="$tideform_dir/{HELPER}${{PYTHONPATH:+:$PYTHONPATH}}"
[ "${{{STAY}:-0}}" = 1 ] || cd "$tideform_dir"
exec "$@"
"""


def started(command: tuple[str, ...], uri: str, digest: str, *, stay: bool) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command under the script, and the variables that it needs."""
    parts = [_SCRIPT[at : at + _PART] for at in range(0, len(_SCRIPT), _PART)]
    names = [f"{_START}{number}" for number in range(len(parts))]
    whole = "".join(f"${{{name}}}" for name in names)
    words = ("sh", "-c", f'eval "{whole}"', "tideform", *command)
    variables: Mapping[str, str] = {CODE_URI: uri, CODE_SHA256: digest, STAY: "1" if stay else "0"}
    return words, {**variables, **dict(zip(names, parts, strict=True))}
