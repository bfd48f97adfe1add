"""Put the digits data set into the project's dataset bucket: 1,797 real images that ship with scikit-learn.

python prepare.py s3://BUCKET          (or with TIDEFORM_INPUT_DIGITS set)
"""

from __future__ import annotations

import io
import os
import sys
from urllib.parse import urlsplit

import boto3
import numpy as np
from sklearn.datasets import load_digits

KEY = "digits.npz"


def packed() -> bytes:
    """The images and their labels as one compressed NumPy archive."""
    digits = load_digits()
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=digits.data.astype(np.uint8), labels=digits.target.astype(np.uint8))
    return buffer.getvalue()


def main(arguments: list[str]) -> int:
    """Upload to the place that is given, and say so."""
    place = arguments[0] if arguments else os.environ.get("TIDEFORM_INPUT_DIGITS", "")
    url = urlsplit(place)
    if url.scheme != "s3" or not url.netloc:
        print("usage: python prepare.py s3://BUCKET  (or set TIDEFORM_INPUT_DIGITS)", file=sys.stderr)
        return 1
    key = f"{url.path.strip('/')}/{KEY}".lstrip("/")
    boto3.client("s3").put_object(Bucket=url.netloc, Key=key, Body=packed())
    print(f"uploaded 1,797 images to s3://{url.netloc}/{key}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
