"""Several clients of one service at once, as an engine's parallel steps are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tideform.cloud import Cloud


def test_roles_can_be_made_and_looked_at_by_many_at_once(cloud: Cloud) -> None:
    iam = cloud.client("iam")

    def make(number: int) -> int:
        iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument="{}")
        return len(iam.list_roles()["Roles"])

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(make, range(40)))
    assert max(seen) == 40
