"""``compliance:`` frameworks to answer to, and the exceptions somebody signed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from tideform.spec.base import Model, about

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Waiver(Model):
    """One control that does not hold for one resource, why, who says so, and until when."""

    control: Annotated[Text, about("The control's id.")]
    resource: Annotated[Text, about("The unit, store or resource it does not hold for; * for all.")]
    reason: Annotated[Text, about("Why the risk is taken; auditors read it.")]
    approved_by: Annotated[Text, about("Who takes the risk.")]
    expires: Annotated[date, about("The last day it counts, as YYYY-MM-DD.")]


class Compliance(Model):
    """Frameworks (`tideform.frameworks`) whose controls judge the plan."""

    frameworks: Annotated[tuple[str, ...], about("The frameworks to answer to, such as pci-dss.")] = ()
    waivers: Annotated[tuple[Waiver, ...], about("Signed exceptions from single controls.")] = ()
