"""Personal data stays where the GDPR applies, or where the Commission found the protection adequate."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.controls.base import Control, Evidence, Match
from tideform.diagnostics import Severity

# AWS regions inside the EU and the EEA, then those in countries with an adequacy decision.
_EU = {"eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"}
_ADEQUATE = {
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-6", "ca-central-1", "ca-west-1",
    "eu-central-2", "eu-west-2", "il-central-1",
}  # fmt: skip


class DataResidency(Control):
    """The deployment's region is in the EU, the EEA, or a country with an adequacy decision.

    A warning: transfers elsewhere are lawful with other safeguards (Articles 46 to 49), which no plan shows.
    """

    id = "data-residency"
    title = "The region is in the EU, the EEA or a country with an adequacy decision"
    description = (
        "Looks at the deployment's region. Elsewhere a transfer of personal data needs a safeguard of its "
        "own, such as standard contractual clauses or a certification under the EU-US Data Privacy "
        "Framework."
    )
    fix = "choose such a region, or sign a waiver that names the safeguard"
    source = (
        "https://commission.europa.eu/law/law-topic/data-protection/international-dimension-data-protection/"
        "adequacy-decisions_en"
    )
    severity = Severity.WARNING

    def check(self, plan: Evidence) -> Iterator[Match]:
        region = plan.deployment.region
        if region not in _EU | _ADEQUATE:
            own = plan.deployment.settings.region is not None
            path = f"environments.{plan.deployment.environment}.region" if own else "region"
            yield Match(f"region {region}", f"personal data would be kept in {region}", path, region)


ENTRY = DataResidency()
