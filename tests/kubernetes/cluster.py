"""A whole cluster without a machine: the control plane, the controllers that our programs count on, simulated nodes."""

from __future__ import annotations

import json
import shutil
import ssl
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.kubernetes import versions
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.instance_types import instance_types
from tests.kubernetes.services import Service, free_ports, wait_for
from tideform.components.kubernetes.kueue import kueue_values

_START_SECONDS = 120.0
POD_PRINTS = ("epoch 1", "epoch 2")  # what every simulated pod has in its log
_KUEUE_GROUPS = {"batch", "jobset.x-k8s.io", "kueue.x-k8s.io"}  # its other webhooks are for kinds we do not have
_JOBSET_PODS = {"matchExpressions": [{"key": "jobset.sigs.k8s.io/jobset-name", "operator": "Exists"}]}


class Cluster(ControlPlane):
    """The API server with scheduler, controller manager, KWOK, Karpenter, Kueue and JobSet."""

    def start(self) -> None:
        """Start everything and wait until each says that it is ready; raises `NotReadyError`."""
        super().start()
        for start in (self._controllers, self._scheduler, self._kwok, self._karpenter, self._kueue, self._jobset):
            start()

    def restart(self, name: str) -> None:
        """Kill one of the controllers and start it again, as a node that dies would."""
        self.services[name].kill()
        {"karpenter": self._karpenter, "kueue": self._kueue}[name]()

    def _controllers(self) -> None:
        (port,) = free_ports(1)
        self._kubernetes_part(
            "kube-controller-manager",
            port,
            f"--service-account-private-key-file={self.account_keys[1]}",
            f"--root-ca-file={self.keys.authority}",
        )

    def _scheduler(self) -> None:
        (port,) = free_ports(1)
        self._kubernetes_part("kube-scheduler", port)

    def _kubernetes_part(self, name: str, port: int, *arguments: str) -> None:
        certificate, key = self.keys.sign(name, name)
        roles = [f"--{role}kubeconfig={self.kubeconfig}" for role in ("", "authentication-", "authorization-")]
        service = self.add(
            name,
            versions.CONTROL_PLANE.folder / "controlplane",
            name,
            *roles,
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--tls-cert-file={certificate}",
            f"--tls-private-key-file={key}",
            "--leader-elect=false",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            *arguments,
        )
        self._await(service, f"https://127.0.0.1:{port}/healthz")

    def _kwok(self) -> None:
        (port,) = free_ports(1)
        configuration = self.folder / "kwok.yaml"
        stages = Path(__file__).with_name("stages.yaml").read_text(encoding="utf-8")
        configuration.write_text(f"{stages}---\n{json.dumps(self._pod_logs())}\n", encoding="utf-8")
        service = self.add(
            "kwok",
            versions.CONTROL_PLANE.folder / "kwok",
            f"--config={configuration}",
            f"--kubeconfig={self.kubeconfig}",
            f"--server-address=127.0.0.1:{port}",
            f"--node-port={port}",  # where the API server asks for logs
            "--node-ip=127.0.0.1",
            "--cidr=10.1.0.0/16",
            "--manage-all-nodes=false",
            "--node-lease-duration-seconds=40",  # without leases the controllers give a node up after 55 s
            "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        )
        self._await(service, f"http://127.0.0.1:{port}/healthz")

    def _pod_logs(self) -> dict[str, Any]:
        """One file is the log of every pod: https://kwok.sigs.k8s.io/docs/user/kwok-in-cluster-logs/"""
        file = self.folder / "pod.log"
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        lines = [f"{now}.{number:09}Z stdout F {line}\n" for number, line in enumerate(POD_PRINTS, start=1)]
        file.write_text("".join(lines), encoding="utf-8")
        return {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterLogs",
            "metadata": {"name": "every-pod"},
            "spec": {"logs": [{"logsFile": str(file), "follow": False}]},
        }

    def _karpenter(self) -> None:
        metrics, health = free_ports(2)
        types = self.folder / "instance-types.json"
        types.write_text(json.dumps(instance_types()), encoding="utf-8")
        service = self.add(
            "karpenter",
            versions.KARPENTER_PART.folder / "karpenter",
            f"--instance-types-file-path={types}",
            f"--metrics-port={metrics}",
            f"--health-probe-port={health}",
            "--disable-leader-election=true",
            "--batch-idle-duration=200ms",
            KUBECONFIG=str(self.kubeconfig),
            SYSTEM_NAMESPACE="kube-system",
            KUBERNETES_MIN_VERSION="1.19.0-0",
        )
        self._await(service, f"http://127.0.0.1:{health}/readyz")

    def _kueue(self) -> None:
        webhook, health = free_ports(2)
        certificates = self._serving_certificates("kueue")
        configuration = {
            **json.loads(kueue_values()["managerConfig"]["controllerManagerConfigYaml"]),  # what our chart is given
            **self._controller_settings(webhook, health, certificates),
            "featureGates": {"VisibilityOnDemand": False},  # wants an aggregated API, and a folder of its own for it
        }
        service = self._controller("kueue", configuration, KUEUE_METRICS_CERTIFICATES=str(certificates))
        self._webhooks("kueue", webhook)
        self._await(service, f"http://127.0.0.1:{health}/readyz")

    def _jobset(self) -> None:
        webhook, health = free_ports(2)
        configuration = {
            "apiVersion": "config.jobset.x-k8s.io/v1alpha1",
            "kind": "Configuration",
            **self._controller_settings(webhook, health, self._serving_certificates("jobset")),
        }
        service = self._controller("jobset", configuration)
        self._webhooks("jobset", webhook)
        self._await(service, f"http://127.0.0.1:{health}/readyz")

    def _controller(self, name: str, configuration: dict[str, Any], **environment: str) -> Service:
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(configuration), encoding="utf-8")
        program = versions.KUEUE_PART.folder / name
        return self.add(name, program, f"--config={file}", KUBECONFIG=str(self.kubeconfig), **environment)

    def _serving_certificates(self, name: str) -> Path:
        folder = self.folder / f"{name}-certificates"
        folder.mkdir(mode=0o700, exist_ok=True)
        certificate, key = self.keys.sign(name, name)
        shutil.copyfile(certificate, folder / "tls.crt")
        shutil.copyfile(key, folder / "tls.key")
        return folder

    @staticmethod
    def _controller_settings(webhook: int, health: int, certificates: Path) -> dict[str, Any]:
        return {
            "health": {"healthProbeBindAddress": f"127.0.0.1:{health}"},
            "metrics": {"bindAddress": "0"},  # none
            "webhook": {"host": "127.0.0.1", "port": webhook, "certDir": str(certificates)},
            "leaderElection": {"leaderElect": False},
            "internalCertManagement": {"enable": False},
            "clientConnection": {"qps": 200, "burst": 400},
        }

    def _webhooks(self, name: str, port: int) -> None:
        authority = self.authority

        def on_loopback(configuration: dict[str, Any]) -> None:
            configuration["metadata"]["name"] = f"{name}-{configuration['metadata']['name']}"
            configuration["webhooks"] = [each for each in configuration["webhooks"] if _wanted(name, each)]
            for each in configuration["webhooks"]:
                path = each["clientConfig"]["service"]["path"]
                each["clientConfig"] = {"url": f"https://127.0.0.1:{port}{path}", "caBundle": authority}
                if _groups(each) == {""}:
                    each["objectSelector"] = _JOBSET_PODS

        self.apply_files(versions.manifests_folder() / "webhooks" / name, on_loopback)

    def _await(self, service: Service, address: str) -> None:
        wait_for(service.name, lambda: _answers(address), _START_SECONDS, {service.name: service})


def _wanted(name: str, webhook: dict[str, Any]) -> bool:
    return name == "jobset" or _groups(webhook) <= _KUEUE_GROUPS


def _groups(webhook: dict[str, Any]) -> set[str]:
    return {group for rule in webhook["rules"] for group in rule["apiGroups"]}


def _answers(address: str) -> bool:
    anyone = ssl._create_unverified_context()
    try:
        with urllib.request.urlopen(address, timeout=5, context=anyone) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
