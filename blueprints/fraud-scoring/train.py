"""Train a fraud score on labelled transactions, with a checkpoint after each round: a spot node may go any minute.

Input: ``transactions.csv`` in TIDEFORM_INPUT_TRANSACTIONS, numeric columns and a last column ``fraud`` (0 or 1).
Output: ``fraud/model.joblib`` in TIDEFORM_OUTPUT_MODELS. A job that finds a checkpoint there goes on from it.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any
from urllib.parse import urlsplit

import boto3
import joblib
import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

ROUNDS, SEED = 20, 7
CHECKPOINT, MODEL = "fraud/checkpoint.joblib", "fraud/model.joblib"


def bucket(variable: str) -> str:
    """The bucket that the pool hands to its job under this name."""
    url = urlsplit(os.environ.get(variable, ""))
    if url.scheme != "s3" or not url.netloc:
        raise SystemExit(f"{variable} is not set to s3://BUCKET: run this as a job of its pool")
    return url.netloc


def save(s3: Any, name: str, key: str, value: Any) -> None:
    """Write one object with joblib."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer)
    s3.put_object(Bucket=name, Key=key, Body=buffer.getvalue())


def resume(s3: Any, name: str) -> tuple[int, Any, Any]:
    """The round to go on with, the scaler and the model: from a checkpoint, or new."""
    try:
        found = s3.get_object(Bucket=name, Key=CHECKPOINT)
    except s3.exceptions.NoSuchKey:
        return 0, StandardScaler(), SGDClassifier(loss="log_loss", random_state=SEED)
    done, scaler, model = joblib.load(io.BytesIO(found["Body"].read()))  # our own bucket, our own job wrote it
    return done, scaler, model


def main() -> int:
    """Train the rounds that are left, and write the model."""
    s3 = boto3.client("s3")
    models = bucket("TIDEFORM_OUTPUT_MODELS")
    source = s3.get_object(Bucket=bucket("TIDEFORM_INPUT_TRANSACTIONS"), Key="transactions.csv")
    table = np.loadtxt(io.BytesIO(source["Body"].read()), delimiter=",", skiprows=1)
    done, scaler, model = resume(s3, models)
    values = scaler.fit_transform(table[:, :-1])
    fraud = table[:, -1].astype(int)
    for step in range(done, ROUNDS):
        model.partial_fit(values, fraud, classes=[0, 1])
        save(s3, models, CHECKPOINT, (step + 1, scaler, model))
    save(s3, models, MODEL, (scaler, model))
    s3.delete_object(Bucket=models, Key=CHECKPOINT)
    print(f"area under the curve, on the training data: {roc_auc_score(fraud, model.decision_function(values)):.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
