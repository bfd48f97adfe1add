"""The base of our components: a Pulumi component with a `Scope`, whose children name it as their parent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from tideform.components.scope import Scope


class Component(pulumi.ComponentResource):
    """A group of resources that make sense together only; subclasses build them in ``__init__``."""

    def __init__(self, name: str, scope: Scope, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__(f"tideform:components:{type(self).__name__}", name, None, opts)
        self.scope = scope

    @property
    def nameless(self) -> pulumi.ResourceOptions:
        """Options of a child whose replacement may stand beside it: no fixed name, or a hash in the name."""
        return pulumi.ResourceOptions(parent=self)

    def named(
        self, *, after: Sequence[pulumi.Resource] = (), goes_with: pulumi.Resource | None = None
    ) -> pulumi.ResourceOptions:
        """Options of a child with a fixed name: the name is taken until the old one is gone, so that goes first.

        What ``goes_with`` another is a setting of that, which its deletion ends: the engine leaves it alone then.
        """
        return pulumi.ResourceOptions(
            parent=self, delete_before_replace=True, depends_on=list(after), deleted_with=goes_with
        )

    def hashed_name(self, part: str, inputs: Any, *, limit: int = 63) -> pulumi.Output[str]:
        """The name of something immutable: other ``inputs`` give another name, so old and new can stand side by side.

        They have to be all that can force a replacement, for it is made before the old one goes. Identities that AWS
        gives out (a key, a subnet) belong to them: somebody may delete one, and its successor has another. So the
        name is known as soon as they are, and not before.
        """
        known = pulumi.Output.from_input(inputs)
        return known.apply(lambda inputs: self.scope.hashed_name(part, inputs, limit=limit))
