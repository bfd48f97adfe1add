"""The reaper as a brake: in place when it is as foundation makes it, has lately run, and answers for this very pool."""

from __future__ import annotations

from tideform.burst.brakes import Brake, Kind
from tideform.burst.reaper_proof import Proof
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.diagnostics import Diagnostic, Severity
from tideform.reaper.items import HEARTBEAT, SILENCE
from tideform.reaper.legible import heartbeat
from tideform.spec.deployment import Deployment
from tideform.times import utc


def reaper_brake(cloud: Cloud, deployment: Deployment, pool: str = "") -> Brake:
    """The brake of every backend; with ``pool`` it is missing, too, where the last round failed for that pool."""
    return Brake(
        "reaper",
        Kind.TERMINAL,
        "A function in the account ends what is past its deadline or spend cap, every five minutes",
        lambda: _missing(cloud, deployment, pool),
    )


def idle_brake(deployment: Deployment, pool: str) -> Brake:
    """The reaper again, for what does nothing; whether it runs is told by its own brake."""
    timeout = deployment.spec.training[pool].idle_timeout
    return Brake(
        "idle time-out",
        Kind.BOUNDING,
        f"The reaper ends what has had no work for {timeout}, some minutes after that",
        str,
    )


def _missing(cloud: Cloud, deployment: Deployment, pool: str, *, looks: bool = False) -> str:
    from tideform.burst.runner import cloud_errors  # which imports the words of brakes itself

    proof = Proof(cloud, deployment, looks)
    with cloud_errors("the reaper was looked for"):
        why = proof.standing() or no_rounds(cloud, deployment, pool)
        return why or proof.dry_run(pool)


def unfit(cloud: Cloud, deployment: Deployment) -> Diagnostic | None:
    """TD625, a warning: the reaper that stands is not the one that would end a burst. Raises `CloudError`."""
    why = _missing(cloud, deployment, "", looks=True)
    if not why:
        return None
    return Diagnostic(
        "TD625",
        Severity.WARNING,
        "The reaper is not as it should be",
        detail=f"{why}. Until that is put right no burst begins, and one that runs may outlive its limits.",
        fix="Run `tideform apply`; it puts the brakes in place. `tideform burst reap` ends now what is over.",
    )


def no_rounds(cloud: Cloud, deployment: Deployment, pool: str = "") -> str:
    """Why it is not relied on by its heartbeat: by its age, and by what failed for the pool. Empty if it is.

    Without any heartbeat its first round may be to come: its schedule tells since when that is so.
    """
    table = LeaseTable.of(cloud, deployment)
    beat, since = heartbeat(table.items.get(HEARTBEAT)), cloud.clock() - SILENCE
    if beat is None:
        name = Proof(cloud, deployment).name
        schedule = cloud.client("scheduler").get_schedule(Name=name, GroupName="default")
        return "" if schedule["LastModificationDate"].timestamp() >= since else "it has never run"
    if beat["at"] < since:
        return f"it has not run since {utc(beat['at'])}; its next round is due within five minutes, if it works"
    if beat["blind"]:
        return f"its last round could not read the lease table: {beat['blind']}"
    if failed := beat["failures"].get(table.identity(pool)):
        return f"its last round failed for this pool: {failed}"
    return ""
