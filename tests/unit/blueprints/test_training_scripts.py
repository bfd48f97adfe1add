"""The blueprints' own scripts run, on real input, against an S3 of their own."""

from __future__ import annotations

import csv
import io
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tideform.paths import blueprints_dir


@pytest.fixture
def environment(aws_endpoint: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": aws_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TIDEFORM_INPUT_DIGITS": "s3://digits",
        "TIDEFORM_INPUT_TRANSACTIONS": "s3://transactions",
        "TIDEFORM_OUTPUT_MODELS": "s3://models",
    }


@pytest.fixture
def s3(aws_endpoint: str) -> Iterator[Any]:
    client = boto3.client(
        "s3",
        endpoint_url=aws_endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    for name in ("digits", "transactions", "models"):
        client.create_bucket(Bucket=name)
    yield client
    client.close()


def run(script: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *arguments], env=environment, capture_output=True, text=True, timeout=120
    )


def test_the_quickstart_trains_a_good_model_and_writes_it_to_s3(environment: dict[str, str], s3: Any) -> None:
    folder = blueprints_dir() / "quickstart"
    prepared = run(folder / "prepare.py", environment)
    assert prepared.returncode == 0, prepared.stderr
    trained = run(folder / "train.py", environment)
    assert trained.returncode == 0, trained.stderr
    found = re.search(r"accuracy: ([\d.]+)", trained.stdout)
    assert found and float(found[1]) > 0.9
    keys = {item["Key"] for item in s3.list_objects_v2(Bucket="models")["Contents"]}
    assert {"digits/model.joblib", "digits/metrics.json"} <= keys


def test_the_same_data_gives_the_same_accuracy(environment: dict[str, str], s3: Any) -> None:
    folder = blueprints_dir() / "quickstart"
    run(folder / "prepare.py", environment, "s3://digits")
    first, second = (run(folder / "train.py", environment).stdout for _ in range(2))
    assert first == second != ""


def test_without_a_place_the_quickstart_says_what_is_missing(environment: dict[str, str]) -> None:
    del environment["TIDEFORM_INPUT_DIGITS"]
    for script in ("prepare.py", "train.py"):
        result = run(blueprints_dir() / "quickstart" / script, environment)
        assert result.returncode == 1
        assert "TIDEFORM_INPUT_DIGITS" in result.stderr
        assert "Traceback" not in result.stderr


def transactions() -> bytes:
    chance = random.Random(1)
    rows = io.StringIO()
    writer = csv.writer(rows)
    writer.writerow(["amount", "hour", "fraud"])
    for _ in range(300):
        fraud = chance.random() < 0.2
        writer.writerow([chance.gauss(900 if fraud else 60, 30), chance.randrange(24), int(fraud)])
    return rows.getvalue().encode()


def test_fraud_scoring_trains_and_leaves_no_checkpoint_behind(environment: dict[str, str], s3: Any) -> None:
    s3.put_object(Bucket="transactions", Key="transactions.csv", Body=transactions())
    result = run(blueprints_dir() / "fraud-scoring" / "train.py", environment)
    assert result.returncode == 0, result.stderr
    keys = {item["Key"] for item in s3.list_objects_v2(Bucket="models", Prefix="fraud/")["Contents"]}
    assert keys == {"fraud/model.joblib"}
