"""The cloud's side of Karpenter, played between a real cluster and the sandbox: its nodes are the sandbox's instances.

Karpenter's simulated provider makes nodes out of nothing. For each node claim that it has launched, an instance is run
here with the tags of the claim's node class, its type, zone and way of purchase, so that it costs money. Where a policy
denies that to Karpenter's role, the claim goes away again, as after a refused launch. An instance ends with its claim;
and the node of an instance that has ended is gone, with its pods.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from tideform.cloud import Cloud
from tideform.kube import Kube, KubeError

Object = dict[str, Any]
_LOOK = 0.3  # seconds between two looks
_CLAIM, _POOL = "karpenter.sh/nodeclaim", "karpenter.sh/nodepool"
_GONE = ("shutting-down", "terminated")
_CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
_ENDED = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": "the node is gone"}


class Machines:
    """A thread that keeps both sides alike, as long as it is not left. What it met with is raised at the end."""

    def __init__(self, api: Kube, cloud: Cloud, role: str) -> None:
        self._api, self._cloud, self._role = api, cloud, role
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play, name="machines", daemon=True)
        self._problem: BaseException | None = None
        self.launched = self.refused = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._problem is not None and error is None:
            raise self._problem

    def require(self) -> None:
        """Raise what has stopped it, if something has."""
        if self._problem is not None:
            raise self._problem

    def _play(self) -> None:
        try:
            while not self._over.wait(_LOOK):
                self._look()
        except BaseException as problem:  # noqa: BLE001  # whoever waits for machines has to hear of it
            self._problem = problem

    def _look(self) -> None:
        claims = {each["metadata"]["name"]: each for each in self._api.find("karpenter.sh/v1", "NodeClaim")}
        machines = dict(self._machines())
        for name, claim in claims.items():
            self._follow(claim, machines.get(name))
        orphans = [one["InstanceId"] for name, one in machines.items() if name not in claims and not _gone(one)]
        if orphans:
            self._cloud.client("ec2").terminate_instances(InstanceIds=orphans)

    def _follow(self, claim: Object, machine: Object | None) -> None:
        """A claim without an instance wants one; one whose instance has ended has nothing more."""
        if machine is not None:
            if _gone(machine):
                self._take_away(claim)
        elif claim.get("status", {}).get("providerID") and not claim["metadata"].get("deletionTimestamp"):
            self._launch(claim)

    def _machines(self) -> Iterator[tuple[str, Object]]:
        pages = self._cloud.client("ec2").get_paginator("describe_instances")
        for page in pages.paginate(Filters=[{"Name": "tag-key", "Values": [_CLAIM]}]):
            for reservation in page["Reservations"]:
                for one in reservation["Instances"]:
                    yield {tag["Key"]: tag["Value"] for tag in one["Tags"]}[_CLAIM], one

    def _launch(self, claim: Object) -> None:
        tags = self._tags(claim)
        if self._denied(tags):
            self.refused += 1
            self._take_away(claim)
            return
        labels = claim["metadata"]["labels"]
        spot = (
            {"InstanceMarketOptions": {"MarketType": "spot"}} if labels["karpenter.sh/capacity-type"] == "spot" else {}
        )
        made = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._cloud.client("ec2").run_instances(
            ImageId="ami-12c6146b",  # one that moto knows
            InstanceType=labels["node.kubernetes.io/instance-type"],
            MinCount=1,
            MaxCount=1,
            Placement={"AvailabilityZone": labels["topology.kubernetes.io/zone"]},
            TagSpecifications=[{"ResourceType": "instance", "Tags": made}],
            **spot,
        )
        self.launched += 1

    def _tags(self, claim: Object) -> dict[str, str]:
        name = claim["spec"]["nodeClassRef"]["name"]
        node_class = self._api.get("karpenter.k8s.aws/v1", "EC2NodeClass", name)
        assert node_class is not None, f"no node class {name}"
        own = {_CLAIM: claim["metadata"]["name"], _POOL: claim["metadata"]["labels"][_POOL]}
        return {**node_class["spec"]["tags"], **own}

    def _denied(self, tags: Mapping[str, str]) -> bool:
        """Whether a policy of Karpenter's role denies launching with these tags: no other condition is known here."""
        iam = self._cloud.client("iam")
        for name in iam.list_role_policies(RoleName=self._role)["PolicyNames"]:
            found = iam.get_role_policy(RoleName=self._role, PolicyName=name)["PolicyDocument"]
            document = json.loads(found) if isinstance(found, str) else found
            if any(_denies(statement, tags) for statement in document["Statement"]):
                return True
        return False

    def _take_away(self, claim: Object) -> None:
        """Node, pods and claim, without anybody being asked: their machine is not there."""
        node = claim.get("status", {}).get("nodeName")
        if node:
            for pod in self._pods(node):
                self._end(f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}")
            self._remove(f"/api/v1/nodes/{node}")
        self._remove(f"{_CLAIMS}/{claim['metadata']['name']}")

    def _pods(self, node: str) -> list[Object]:
        answer = self._api.request("GET", "/api/v1/pods", query=[("fieldSelector", f"spec.nodeName={node}")])
        return list(answer["items"])

    def _end(self, pod: str) -> None:
        status = {"status": {"phase": "Failed", "conditions": [_ENDED]}}
        self._ask("PATCH", f"{pod}/status", status, "application/strategic-merge-patch+json")
        self._ask("DELETE", pod, {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})

    def _remove(self, path: str) -> None:
        self._ask("PATCH", path, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
        self._ask("DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1"})

    def _ask(self, verb: str, path: str, body: Object, content: str = "application/json") -> None:
        """What is gone already, or is changing just now, is looked at again."""
        try:
            self._api.request(verb, path, body, content_type=content)
        except KubeError as error:
            if error.status not in (404, 409):
                raise


def _gone(machine: Object) -> bool:
    return machine["State"]["Name"] in _GONE


def _denies(statement: Object, tags: Mapping[str, str]) -> bool:
    actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
    if statement["Effect"] != "Deny" or not {"ec2:RunInstances", "ec2:CreateFleet", "ec2:*", "*"} & set(actions):
        return False
    wanted = statement.get("Condition", {}).get("StringEquals", {})
    return all(tags.get(key.removeprefix("aws:RequestTag/")) == value for key, value in wanted.items())
