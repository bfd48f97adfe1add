"""The root of the project spec: what `tideform.yaml` declares."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from tideform.spec.base import REFUSED, REPLACE, Model, Name, Text, about
from tideform.spec.compliance import Compliance
from tideform.spec.detected import FINGERPRINT_PATTERN
from tideform.spec.monitoring import Monitoring
from tideform.spec.network import Network
from tideform.spec.quantities import Duration, Money, Percent
from tideform.spec.serving import Endpoint
from tideform.spec.storage import Store
from tideform.spec.tracking import Tracking
from tideform.spec.training import Pool

REGION_PATTERN = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"
ACCOUNT_PATTERN = r"^[0-9]{12}$"
STATE_PATTERN = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?$"
ROLE_PATTERN = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$"

Region = Annotated[str, StringConstraints(pattern=REGION_PATTERN)]
Fingerprint = Annotated[str, StringConstraints(pattern=FINGERPRINT_PATTERN)]
AccountId = Annotated[str, StringConstraints(pattern=ACCOUNT_PATTERN)]


# What AWS keeps for itself at the beginning of a name: of security groups (EC2, CreateSecurityGroup), and of buckets
# (Amazon S3, 'Bucket naming rules').
_KEPT_BY_AWS = ("sg-", "sthree-", "amzn-s3-demo-")


def _may_begin_names(project: str) -> str:
    if f"{project}-".startswith(_KEPT_BY_AWS):
        raise ValueError("a name that begins otherwise (AWS keeps sg, sthree and amzn-s3-demo) was expected")
    return project


class Environment(Model):
    """One environment. Keys beyond these override the spec's own sections, deeply."""

    model_config = ConfigDict(extra="allow", frozen=True)

    target: Annotated[Literal["local", "aws"], about("Where it runs: the embedded sandbox, or AWS.", REFUSED)]
    account: Annotated[AccountId | None, about("The AWS account, in quotes; target aws needs it.", REFUSED)] = None
    region: Annotated[Region | None, about("Instead of the project's region.", REFUSED)] = None
    state: Annotated[
        Annotated[str, StringConstraints(pattern=STATE_PATTERN)] | None,
        about("Where the state is kept: s3://bucket; target aws needs it. `state move` takes it along.", REFUSED),
    ] = None
    profile: Annotated[Text | None, about("The AWS profile to use.")] = None
    role: Annotated[
        Annotated[str, StringConstraints(pattern=ROLE_PATTERN)] | None, about("The IAM role to assume, as ARN.")
    ] = None


class Budget(Model):
    """The project's monthly budget and when to tell people."""

    monthly: Annotated[Money, about("What a month may cost.")]
    alerts: Annotated[
        tuple[Percent, ...], about("At which shares of it people are told; at most five."), Field(max_length=5)
    ] = ()
    hard_stop: Annotated[bool, about("Deny launching more capacity when it is used up.")] = False


class Limits(Model):
    """How long a lease may be, for everybody and for single owners, and a machine stand without one."""

    lease: Annotated[Duration | None, about("The longest lease of anybody's.")] = None
    owners: Annotated[dict[str, Duration], about("The longest lease of one owner, by user name.")] = {}
    unheld_grace: Annotated[
        Duration, about("How long a machine with a pool's tags and without a lease stands, once told of; 5m to 1d.")
    ] = Duration.parse("15m")


class Cluster(Model):
    """The Kubernetes cluster of pools with ``backend: eks``."""

    existing: Annotated[
        Text | None, about("A context of your kubeconfig: a cluster that is there already.", REPLACE)
    ] = None
    version: Annotated[
        Annotated[str, StringConstraints(pattern=r"^1\.[0-9]{2}$")], about("The version of Kubernetes, in quotes.")
    ] = "1.36"
    controllers: Annotated[str, about("The instance type that the controllers run on.", REPLACE)] = "m7g.large"
    kueue: Annotated[
        Literal["v1beta2", "v1beta1"] | None,
        about("The version of Kueue's API in an existing cluster. Left out: the cluster is asked."),
    ] = None


class Moved(Model):
    """A unit that has a new name: ``{from: training.nightly, to: training.daily}``."""

    from_: Annotated[str, about("The old name, with its section.")] = Field(alias="from")
    to: Annotated[str, about("The new name, with its section.")]


class Project(Model):
    """Everything a team declares. After `load` the overrides of one environment are already applied."""

    version: Annotated[Literal[1], about("The version of this language.")]
    project: Annotated[
        Name, AfterValidator(_may_begin_names), about("The project's name; it starts every cloud name.", REPLACE)
    ]
    owner: Annotated[str, about("Who answers for it: a mailbox or a team; a tag on everything.")]
    region: Annotated[Region, about("The AWS region.", REFUSED)]
    environments: Annotated[dict[Name, Environment], about("Where the project runs; each may override sections.")] = {}
    tags: Annotated[dict[str, str], about("Tags for everything, beside tideform's own.")] = {}
    budget: Annotated[Budget | None, about("The monthly budget.")] = None
    network: Annotated[Network, about("The network that everything runs in.", REPLACE)] = Network()
    storage: Annotated[dict[Name, Store], about("Buckets by what they hold.")] = {}
    tracking: Annotated[Tracking | None, about("Where experiments are recorded.")] = None
    training: Annotated[dict[Name, Pool], about("Pools of capacity that stand at zero between bursts.")] = {}
    limits: Annotated[Limits, about("How long leases may be.")] = Limits()
    cluster: Annotated[Cluster | None, about("The Kubernetes cluster of pools with backend: eks.", REPLACE)] = None
    serving: Annotated[dict[Name, Endpoint], about("Endpoints that answer with a model.")] = {}
    monitoring: Annotated[Monitoring, about("Whom to tell, and what to watch.")] = Monitoring()
    compliance: Annotated[Compliance, about("Frameworks, and exceptions from them.")] = Compliance()
    not_secrets: Annotated[
        tuple[Fingerprint, ...], about("Fingerprints of values that look like secrets, here or in code, and are none.")
    ] = ()
    moved: Annotated[tuple[Moved, ...], about("Units that have a new name.")] = ()


Overrides = dict[str, Any]
