"""The role that CI takes, and the identity provider by which GitHub's workflows prove who they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from tideform.engine.bootstrap import documents
from tideform.engine.bootstrap.key import find_key
from tideform.engine.bootstrap.names import ci_role_name, deploy_role, state_key_alias
from tideform.engine.bootstrap.steps import Step, Trust, foreign
from tideform.engine.bootstrap.tags import is_ours, own_tags, pairs, unpaired

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment


def role_steps(cloud: Cloud, deployment: Deployment, trust: Trust) -> Iterator[Step]:
    """The CI role, its trust and its rights, as far as they are missing; nothing where nobody is trusted."""
    wanted = _wanted_trust(deployment, trust)
    if wanted is None:
        return
    iam, name = cloud.client("iam"), ci_role_name(deployment)
    if trust.github:
        yield from _provider_steps(iam, deployment)
    found = _role(iam, deployment)
    if found is None:
        yield Step(name, f"create the CI role, for {_who(trust)}", partial(_create, iam, deployment, wanted))
    elif found["AssumeRolePolicyDocument"] != wanted:
        change = partial(iam.update_assume_role_policy, RoleName=name, PolicyDocument=json.dumps(wanted))
        yield Step(name, f"let {_who(trust)} take the CI role, and nobody else", change)
    yield from _rights_steps(cloud, deployment, exists=found is not None)


def _wanted_trust(deployment: Deployment, trust: Trust) -> dict[str, Any] | None:
    if trust.github:
        return documents.github_trust(deployment, trust.github)
    return documents.principal_trust(trust.principal) if trust.principal else None


def _who(trust: Trust) -> str:
    return f"GitHub's {trust.github}" if trust.github else str(trust.principal)


def _provider_steps(iam: Any, deployment: Deployment) -> Iterator[Step]:
    arn = documents.github_provider_arn(deployment)
    try:
        found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except iam.exceptions.NoSuchEntityException:
        make = partial(
            iam.create_open_id_connect_provider,
            Url=f"https://{documents.GITHUB}",
            ClientIDList=[documents.AUDIENCE],
            Tags=pairs(own_tags(deployment)),
        )
        yield Step(documents.GITHUB, "create the account's identity provider for GitHub", make)
        return
    if documents.AUDIENCE not in found["ClientIDList"]:
        add = partial(
            iam.add_client_id_to_open_id_connect_provider,
            OpenIDConnectProviderArn=arn,
            ClientID=documents.AUDIENCE,
        )
        yield Step(documents.GITHUB, f"let the identity provider accept tokens for {documents.AUDIENCE}", add)


def _role(iam: Any, deployment: Deployment) -> dict[str, Any] | None:
    name = ci_role_name(deployment)
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    if not is_ours(deployment, unpaired(found.get("Tags", []))):
        raise foreign(f"role {name}", "it was not made by bootstrap for this state bucket")
    return dict(found)


def _create(iam: Any, deployment: Deployment, trust: dict[str, Any]) -> None:
    iam.create_role(
        RoleName=ci_role_name(deployment),
        AssumeRolePolicyDocument=json.dumps(trust),
        Description=f"tideform in CI: {deployment.name}",
        MaxSessionDuration=3600,
        Tags=pairs(own_tags(deployment)),
    )


def _rights_steps(cloud: Cloud, deployment: Deployment, *, exists: bool) -> Iterator[Step]:
    iam, role = cloud.client("iam"), ci_role_name(deployment)
    for name, what in (("state", "use the state and its key"), ("provision", _provision_words(deployment))):
        if not exists or _policy(iam, role, name) != _rights(cloud, deployment, name):
            yield Step(role, f"let it {what}", partial(_put, cloud, deployment, name))


def _provision_words(deployment: Deployment) -> str:
    role = deploy_role(deployment)
    return f"take {role}" if role else f"provision what is named {deployment.name}-*, in {deployment.region}"


def _put(cloud: Cloud, deployment: Deployment, name: str) -> None:
    cloud.client("iam").put_role_policy(
        RoleName=ci_role_name(deployment),
        PolicyName=name,
        PolicyDocument=json.dumps(_rights(cloud, deployment, name)),
    )


def _rights(cloud: Cloud, deployment: Deployment, name: str) -> dict[str, Any]:
    if name == "state":
        return documents.state_rights(deployment, find_key(cloud, deployment) or state_key_alias(deployment))
    role = deploy_role(deployment)
    return documents.takes_role(role) if role else documents.provisioning_rights(deployment)


def _policy(iam: Any, role: str, name: str) -> dict[str, Any] | None:
    try:
        return dict(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    except iam.exceptions.NoSuchEntityException:
        return None
