"""``compliance:`` frameworks to answer to, and the exceptions somebody signed."""

from __future__ import annotations

from datetime import date

from tideform.spec.base import Model


class Waiver(Model):
    """One control that does not hold for one resource, why, who says so, and until when."""

    control: str
    resource: str
    reason: str
    approved_by: str
    expires: date


class Compliance(Model):
    """Frameworks (`tideform.catalogue.frameworks`) whose controls judge the plan."""

    frameworks: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
