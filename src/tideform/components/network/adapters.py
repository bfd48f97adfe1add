"""Network adapters for EFA, as many as a machine has network cards.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tideform.pools.network_cards import cards
from tideform.pools.shape import PoolShape

if TYPE_CHECKING:
    import pulumi
    import pulumi_aws as aws


def adapters(shape: PoolShape, security_group: pulumi.Input[str]) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgs]:
    """One adapter a card, as many as every type of the pool has; only the first card's is also an ordinary one."""
    import pulumi_aws as aws

    return [
        aws.ec2.LaunchTemplateNetworkInterfaceArgs(
            network_card_index=card,
            device_index=min(card, 1),
            interface_type="efa" if card == 0 else "efa-only",
            security_groups=[security_group],
            delete_on_termination="true",
        )
        for card in range(cards(shape))
    ]
