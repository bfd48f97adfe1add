"""The root of the project spec: what `tideform.yaml` declares."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from tideform.spec.base import Model, Name
from tideform.spec.compliance import Compliance
from tideform.spec.monitoring import Monitoring
from tideform.spec.network import Network
from tideform.spec.quantities import Money, Percent
from tideform.spec.serving import Endpoint
from tideform.spec.storage import Store
from tideform.spec.tracking import Tracking
from tideform.spec.training import Pool

Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]


class Environment(Model):
    """One environment. Keys beyond these override the spec's own sections, deeply."""

    model_config = ConfigDict(extra="allow", frozen=True)

    target: Literal["local", "aws"]
    account: AccountId | None = None  # required for target aws
    region: Region | None = None
    state: Annotated[str, StringConstraints(pattern=r"^s3://")] | None = None  # required for target aws
    profile: str | None = None
    role: str | None = None  # an IAM role ARN to assume


class Budget(Model):
    """The project's monthly budget and when to tell people."""

    monthly: Money
    alerts: tuple[Percent, ...] = ()
    hard_stop: bool = False


class Moved(Model):
    """A unit that has a new name: ``{from: training.nightly, to: training.daily}``."""

    from_: str = Field(alias="from")
    to: str


class Project(Model):
    """Everything a team declares. After `load` the overrides of one environment are already applied."""

    version: Literal[1]
    project: Name
    owner: str
    region: Region
    environments: dict[Name, Environment] = {}
    tags: dict[str, str] = {}
    budget: Budget | None = None
    network: Network = Network()
    storage: dict[Name, Store] = {}
    tracking: Tracking | None = None
    training: dict[Name, Pool] = {}
    serving: dict[Name, Endpoint] = {}
    monitoring: Monitoring = Monitoring()
    compliance: Compliance = Compliance()
    moved: tuple[Moved, ...] = ()


Overrides = dict[str, Any]
