"""Which IAM actions the life of a resource needs, for whoever provisions it.

Source of the names: AWS Service Authorization Reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
Which of them: the calls of each resource in hashicorp/terraform-provider-aws, ``internal/service``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actions:
    """As policies write them, ``sqs:CreateQueue``. ``search`` are those with which an inventory finds all of a type.

    ``passes`` are the service principals that a role is passed to with it, without ``.amazonaws.com``: each needs
    ``iam:PassRole``.
    """

    create: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    update: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()

    @property
    def all(self) -> frozenset[str]:
        """All of them but ``iam:PassRole``."""
        return frozenset((*self.create, *self.read, *self.update, *self.delete, *self.tag, *self.search))


def actions(
    service: str,
    *,
    create: str = "",
    read: str = "",
    update: str = "",
    delete: str = "",
    tag: str = "",
    search: str = "",
    passes: tuple[str, ...] = (),
) -> Actions:
    """Of one service: names between spaces; one with a colon is another service's."""

    def full(names: str) -> tuple[str, ...]:
        return tuple(name if ":" in name else f"{service}:{name}" for name in names.split())

    return Actions(full(create), full(read), full(update), full(delete), full(tag), full(search), passes)
