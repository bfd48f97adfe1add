"""``tideform bootstrap``: prepare an AWS account before its first apply."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, load_deployment
from tideform.cli.confirm import confirm

if TYPE_CHECKING:
    from tideform.engine.bootstrap import Trust

GithubOption = Annotated[
    str | None,
    typer.Option("--github", help="Let this repository's workflows take the CI role.", metavar="OWNER/REPO"),
]
TrustOption = Annotated[
    str | None, typer.Option("--trust", help="Let this IAM user or role take the CI role.", metavar="ARN")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def command(
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    github: GithubOption = None,
    trust: TrustOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Prepare an AWS account: the state's bucket and key and, with --github or --trust, a role for CI.

    Shows what is missing and asks. Run again, it finds nothing to do. With --json it asks nothing, and changes
    nothing without --yes.
    """
    from tideform.cloud import Cloud
    from tideform.engine.bootstrap import carry_out, check_account, ci_role_arn, steps
    from tideform.views.bootstrap import as_data, done_text, todo_text

    chosen = _trust(github, trust)
    deployment = load_deployment(spec, environment)
    # Not the environment's role: it may be the very one that is to be made.
    cloud = Cloud(deployment.region, deployment.account, profile=deployment.settings.profile)
    if deployment.target == "aws":
        check_account(cloud, deployment)
    todo = steps(cloud, deployment, chosen)
    if not as_json:
        typer.echo(todo_text(deployment, todo))
    if todo and not (yes or as_json):
        confirm(f"Do you want to carry out these steps in account {deployment.account}?", instead="Give --yes as well.")
    apply = bool(todo) and (yes or not as_json)
    if apply:
        carry_out(todo, lambda step: None if as_json else typer.echo(done_text(step)))
    if as_json:
        role = ci_role_arn(deployment) if github or trust else None
        typer.echo(json.dumps(as_data(deployment, todo, applied=apply, role=role), indent=2))


def _trust(github: str | None, principal: str | None) -> Trust:
    from tideform.engine.bootstrap import Trust

    if github and principal:
        raise typer.BadParameter("give --github or --trust, not both")
    if github and not re.fullmatch(r"[\w.-]+/[\w.-]+", github):
        raise typer.BadParameter("OWNER/REPO was expected, such as acme/fraud-scoring", param_hint="--github")
    if principal and not re.fullmatch(r"arn:aws[\w-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+", principal):
        raise typer.BadParameter("the ARN of an IAM user or role was expected", param_hint="--trust")
    return Trust(github=github, principal=principal)
