"""What the control plane is made of: one row for each program, all out of Go modules.

The folders under ``go/`` pin each module with everything that it needs (``go.mod``, ``go.sum``); this table says
which packages are built from them, and which custom resources are taken from them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tideform.paths import cache_dir

OLDEST_GO = (1, 26, 6)  # what go/karpenter/go.mod asks for
GO = Path(__file__).parent / "go"

KUBERNETES = "v1.36.3"
ETCD = "v3.6.8"
KWOK = "v0.8.0"
KARPENTER = "v1.14.1"
KARPENTER_AWS = "v1.14.1"
KUEUE = "v0.19.0"
JOBSET = "v0.12.0"
TRAINER = "v2.2.1"


@dataclass(frozen=True)
class Patched:
    """A program whose source is taken from its module, with one text replaced, because it names a fixed folder."""

    module: str
    file: str
    into: str
    old: str
    new: str


@dataclass(frozen=True)
class Part:
    """One module of ours under ``go/``: what is built in it, and which versions it must pin."""

    name: str
    pins: tuple[tuple[str, str], ...]
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    stamps: tuple[str, ...] = ()
    patched: tuple[Patched, ...] = ()

    @property
    def source(self) -> Path:
        """The folder with the module's ``go.mod``."""
        return GO / self.name

    @property
    def folder(self) -> Path:
        """Where the programs lie in the cache; another version, or another source of ours, is another folder."""
        return _cached(f"{self.name}-{self.pins[0][1]}", digest(self.source, repr(self)))


CONTROL_PLANE = Part(
    "controlplane",
    (("k8s.io/kubernetes", KUBERNETES), ("go.etcd.io/etcd/server/v3", ETCD), ("sigs.k8s.io/kwok", KWOK)),
    packages=(".", "sigs.k8s.io/kwok/cmd/kwok"),
    programs=("controlplane", "kwok"),
    stamps=(
        f"k8s.io/component-base/version.gitVersion={KUBERNETES}",
        f"k8s.io/client-go/pkg/version.gitVersion={KUBERNETES}",
    ),
)
KARPENTER_PART = Part(
    "karpenter",
    (("sigs.k8s.io/karpenter", KARPENTER), ("github.com/aws/karpenter-provider-aws", KARPENTER_AWS)),
    packages=(".",),
    programs=("karpenter",),
)
KUEUE_PART = Part(
    "kueue",
    (("sigs.k8s.io/kueue", KUEUE), ("sigs.k8s.io/jobset", JOBSET), ("github.com/kubeflow/trainer/v2", TRAINER)),
    packages=("./kueue", "sigs.k8s.io/jobset"),
    programs=("kueue", "jobset"),
    patched=(
        Patched(
            "sigs.k8s.io/kueue",
            "cmd/kueue/main.go",
            into="kueue/main.go",
            old='"/etc/kueue/metrics/certs"',
            new='os.Getenv("KUEUE_METRICS_CERTIFICATES")',
        ),
    ),
)
PARTS = (CONTROL_PLANE, KARPENTER_PART, KUEUE_PART)

# Part, module, files in it: the custom resources that the API server gets.
CUSTOM_RESOURCES = (
    (KARPENTER_PART, "github.com/aws/karpenter-provider-aws", "pkg/apis/crds/karpenter.*.yaml"),
    (KARPENTER_PART, "sigs.k8s.io/karpenter", "kwok/apis/crds/*.yaml"),
    (KUEUE_PART, "sigs.k8s.io/kueue", "config/components/crd/bases/*.yaml"),
    (KUEUE_PART, "sigs.k8s.io/jobset", "config/components/crd/bases/*.yaml"),
    (KUEUE_PART, "github.com/kubeflow/trainer/v2", "manifests/base/crds/trainer.*.yaml"),
)
# The controllers' webhooks, which are pointed at loopback.
WEBHOOKS = (
    (KUEUE_PART, "sigs.k8s.io/kueue", "config/components/webhook/manifests.yaml"),
    (KUEUE_PART, "sigs.k8s.io/jobset", "config/components/webhook/manifests.yaml"),
)


def manifests_folder() -> Path:
    """Where the files of `CUSTOM_RESOURCES` and `WEBHOOKS` lie in the cache."""
    return _cached("manifests-json", digest(None, repr((CUSTOM_RESOURCES, WEBHOOKS))))


def digest(source: Path | None, words: str) -> str:
    """Eight characters that change with the words or with any file of the folder."""
    hashed = hashlib.sha256(words.encode())
    for file in sorted(source.rglob("*")) if source else ():
        if file.is_file():
            hashed.update(f"{file.relative_to(source or file)}\0".encode() + file.read_bytes())
    return hashed.hexdigest()[:8]


def _cached(name: str, key: str) -> Path:
    return cache_dir() / "kubernetes" / f"{name}-{key}"
