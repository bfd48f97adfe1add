"""Writes `prices/data/unpriced.csv` and `regions.csv` anew, from the copy of EC2's own answers that moto carries.

Run with: python scripts/instance_data.py
"""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import moto.ec2
from botocore.session import Session

DATA = Path(__file__).parents[1] / "src" / "tideform" / "prices" / "data"
SOURCE = Path(moto.ec2.__file__).parent / "resources"
COLUMNS = (
    "instance_type", "vcpus", "memory_gib", "arch", "accelerators", "accelerator", "accelerator_memory_gib", "efa",
    "sagemaker",
)  # fmt: skip


def main() -> None:
    """Both files."""
    types = read(SOURCE / "instance_types.json.gz")
    with (DATA / "us-east-1.csv").open(encoding="utf-8", newline="") as file:
        priced = {row["instance_type"] for row in csv.DictReader(file)}
    offered = places()
    taken = set(Session().get_service_model("sagemaker").shape_for("TrainingInstanceType").enum)  # type: ignore[attr-defined]
    others = [name for name in sorted(types) if name not in priced and wanted(types[name])]
    with (DATA / "unpriced.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(row(types[name], f"ml.{name}" in taken) for name in others)
    with (DATA / "regions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("region", "has"))
        for region in sorted(offered):
            writer.writerow((region, " ".join(sorted(offered[region] & {*priced, *others}))))


def read(path: Path) -> Any:
    """A packed JSON file."""
    with gzip.open(path) as file:
        return json.load(file)


def places() -> dict[str, set[str]]:
    """The types that each region has."""
    files = (SOURCE / "instance_type_offerings" / "region").glob("*.json.gz")
    return {file.name.partition(".")[0]: {one["InstanceType"] for one in read(file)} for file in files}


def wanted(found: dict[str, Any]) -> bool:
    """Machines of today for a pool: no bare metal, none of 32 bits, none for macOS."""
    arch = found["ProcessorInfo"]["SupportedArchitectures"]
    if found["InstanceType"].startswith("trn") and not found.get("NeuronInfo"):
        return False  # its accelerators are not told
    return bool(found["CurrentGeneration"] and not found["BareMetal"] and {"x86_64", "arm64"} & set(arch))


def row(found: dict[str, Any], sagemaker: bool) -> tuple[object, ...]:
    """One type as the book has it."""
    devices = (
        found.get("GpuInfo", {}).get("Gpus")
        or found.get("NeuronInfo", {}).get("NeuronDevices")
        or found.get("InferenceAcceleratorInfo", {}).get("Accelerators")
        or []
    )
    count = sum(int(device["Count"]) for device in devices)
    memory = sum(int(device["Count"]) * device["MemoryInfo"]["SizeInMiB"] for device in devices) / 1024
    arch = "arm64" if "arm64" in found["ProcessorInfo"]["SupportedArchitectures"] else "x86_64"
    return (
        found["InstanceType"],
        found["VCpuInfo"]["DefaultVCpus"],
        found["MemoryInfo"]["SizeInMiB"] / 1024,
        arch,
        count,
        devices[0]["Name"] if count else "",
        round(memory, 2),
        found["NetworkInfo"].get("EfaSupported", False),
        sagemaker,
    )


if __name__ == "__main__":
    main()
