"""A Kubernetes API server with its etcd, on loopback, with the custom resources that our programs use.

``python -m tests.kubernetes.control_plane --hold [--all]`` starts one, prints the path of its kubeconfig, and holds it
until Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from tests.kubernetes import build, versions
from tests.kubernetes.authenticator import Authenticator
from tests.kubernetes.certificates import Authority
from tests.kubernetes.services import Service, free_ports, wait_for
from tideform.kube import Kube, KubeError

_START_SECONDS = 120.0
_NO_NEED = "ServiceAccount"  # the plug-in wants the token controller, and nothing in a simulated pod reads a token


class ControlPlane:
    """The API server alone: objects are checked, kept and watched, and nothing acts on them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tideform-kubernetes-"))
        self.services: dict[str, Service] = {}
        self.kubeconfig = self.folder / "kubeconfig"
        self.address = ""
        self.keys = Authority(self.folder / "keys")
        self.account_keys = self.keys.key("service-account")
        self.authenticator = Authenticator()
        self._api: Kube | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def api(self) -> Kube:
        """The product's own client, as the cluster's administrator."""
        if self._api is None:
            self._api = Kube.of_kubeconfig(str(self.kubeconfig))
        return self._api

    @property
    def authority(self) -> str:
        """The API server's certificate authority in base64, as EKS tells it."""
        return _data(self.keys.authority)

    def start(self) -> None:
        """Start everything and wait until the custom resources are served; raises `NotReadyError`."""
        etcd, peers, port = free_ports(3)
        self._start_etcd(etcd, peers)
        self._start_api_server(etcd, port)
        self.address = f"https://127.0.0.1:{port}"
        self.kubeconfig.write_text(json.dumps(self._kubeconfig()), encoding="utf-8")
        wait_for("API server", self._ready, _START_SECONDS, self.services)
        self.apply_files(versions.manifests_folder() / "crds")
        wait_for("custom resources", self._crds_served, _START_SECONDS, self.services)

    def stop(self) -> None:
        """Stop what was started last first: the API server would wait for an etcd that is gone."""
        if self._api is not None:
            self._api.client.close()
        for service in reversed(list(self.services.values())):
            service.stop()
        self.authenticator.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, name: str, program: Path, *arguments: str, **environment: str) -> Service:
        """Start one more program of this cluster."""
        service = Service(name, [program, *arguments], self.folder, **environment)
        self.services[name] = service
        return service

    def apply_files(self, folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
        """Apply every object of a folder's files, each changed first."""
        files = sorted(folder.rglob("*.json"))
        if not files:
            raise FileNotFoundError(f"{folder} has no objects: run `python -m tests.kubernetes.build`")
        for file in files:
            for each in json.loads(file.read_text(encoding="utf-8")):
                change(each)
                self.api.apply(each)

    def _start_etcd(self, port: int, peers: int) -> None:
        address, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
        self.add(
            "etcd",
            versions.CONTROL_PLANE.folder / "controlplane",
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={address}",
            f"--advertise-client-urls={address}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )

    def _start_api_server(self, etcd: int, port: int) -> None:
        certificate, key = self.keys.sign("api-server", "kube-apiserver")
        public, private = self.account_keys
        reviews = self.folder / "token-reviews"
        reviews.write_text(json.dumps(self.authenticator.configuration()), encoding="utf-8")
        self.add(
            "kube-apiserver",
            versions.CONTROL_PLANE.folder / "controlplane",
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            "--endpoint-reconciler-type=none",  # it would refuse to advertise loopback
            f"--tls-cert-file={certificate}",
            f"--tls-private-key-file={key}",
            f"--client-ca-file={self.keys.authority}",
            f"--authentication-token-webhook-config-file={reviews}",
            "--authentication-token-webhook-version=v1",
            f"--service-account-key-file={public}",
            f"--service-account-signing-key-file={private}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            "--kubelet-preferred-address-types=InternalIP",  # nobody knows simulated nodes by name
            f"--disable-admission-plugins={_NO_NEED}",
            "--shutdown-delay-duration=0s",
        )

    def _kubeconfig(self) -> dict[str, Any]:
        certificate, key = self.keys.sign("administrator", "administrator", ["system:masters"])
        user = {"client-certificate-data": _data(certificate), "client-key-data": _data(key)}
        server = {
            "server": self.address,
            "certificate-authority-data": self.authority,
        }
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": server}],
            "users": [{"name": "administrator", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "administrator"}}],
            "current-context": "test",
        }

    def _ready(self) -> bool:
        try:
            return self.api.text("/readyz", []) == "ok"
        except KubeError:
            return False

    def _crds_served(self) -> bool:
        made = self.api.find("apiextensions.k8s.io/v1", "CustomResourceDefinition")
        return bool(made) and all(_served(each) for each in made)


def _served(definition: dict[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def _data(file: Path) -> str:
    return b64encode(file.read_bytes()).decode()


def main() -> int:
    """Start a control plane by hand and hold it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--hold", action="store_true", required=True)
    parser.add_argument("--all", action="store_true", help="with the scheduler, controllers, KWOK, Karpenter and Kueue")
    everything = parser.parse_args().all
    build.ensure(versions.PARTS if everything else [versions.CONTROL_PLANE], build.show)
    signal.signal(signal.SIGTERM, _interrupt)
    with _chosen(everything) as started:
        print(started.kubeconfig, flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("stopping", file=sys.stderr)
    return 0


def _chosen(everything: bool) -> ControlPlane:
    if not everything:
        return ControlPlane()
    from tests.kubernetes.cluster import Cluster

    return Cluster()


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
