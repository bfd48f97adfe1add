"""Train a classifier of handwritten digits; read from and write to S3, as any training job of a pool does.

A pool hands its job the places of its data: ``TIDEFORM_INPUT_<STORE>`` and ``TIDEFORM_OUTPUT_<STORE>``, as
``s3://BUCKET``. Credentials and region come from the environment, as boto3 finds them.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any
from urllib.parse import urlsplit

import boto3
import joblib
import numpy as np
import sklearn
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

SEED = 7  # the same data gives the same model
DATA, MODEL, METRICS = "digits.npz", "digits/model.joblib", "digits/metrics.json"


class Place:
    """A bucket, or a prefix in one, as the pool names it."""

    def __init__(self, variable: str) -> None:
        url = urlsplit(os.environ.get(variable, ""))
        if url.scheme != "s3" or not url.netloc:
            raise SystemExit(f"{variable} is not set to s3://BUCKET: run this as a job of its pool")
        self._bucket, self._prefix = url.netloc, url.path.strip("/")
        self._s3 = boto3.client("s3")

    def key(self, name: str) -> str:
        return f"{self._prefix}/{name}".lstrip("/")

    def read(self, name: str) -> tuple[bytes, str]:
        """The object and its version: which data a model was trained on belongs with the model."""
        found = self._s3.get_object(Bucket=self._bucket, Key=self.key(name))
        return found["Body"].read(), found.get("VersionId", "unversioned")

    def write(self, name: str, body: bytes) -> str:
        self._s3.put_object(Bucket=self._bucket, Key=self.key(name), Body=body)
        return f"s3://{self._bucket}/{self.key(name)}"


def train(archive: bytes) -> tuple[SVC, float]:
    """A support vector machine, and its accuracy on a quarter of the images that it never saw."""
    with np.load(io.BytesIO(archive)) as data:
        images, labels = data["images"] / 16.0, data["labels"]
    seen, unseen, known, wanted = train_test_split(images, labels, test_size=0.25, random_state=SEED, stratify=labels)
    model = SVC(C=10.0, gamma="scale", random_state=SEED).fit(seen, known)
    return model, float(accuracy_score(wanted, model.predict(unseen)))


def dumped(model: Any) -> bytes:
    """The model as joblib writes it."""
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    return buffer.getvalue()


def main() -> int:
    """Read, train, write, and print the accuracy."""
    digits, models = Place("TIDEFORM_INPUT_DIGITS"), Place("TIDEFORM_OUTPUT_MODELS")
    archive, version = digits.read(DATA)
    model, accuracy = train(archive)
    metrics = {"accuracy": accuracy, "data_version": version, "seed": SEED, "scikit_learn": sklearn.__version__}
    where = models.write(MODEL, dumped(model))
    models.write(METRICS, json.dumps(metrics, indent=2).encode())
    print(f"accuracy: {accuracy:.4f}")
    print(f"model: {where}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
