"""When a bucket forgets."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.components.storage.lifecycle import Lifecycle
from tideform.spec.storage import Store


@pytest.mark.parametrize(
    ("words", "lifecycle"),
    [
        ({"kind": "dataset"}, Lifecycle(None, None)),
        ({"kind": "dataset", "retention": "30d"}, Lifecycle(None, 30)),
        ({"kind": "scratch", "expire_after": "14d"}, Lifecycle(14, None)),
        ({"kind": "dataset", "expire_after": "14d"}, Lifecycle(14, 14)),
        ({"kind": "dataset", "expire_after": "90d", "retention": "30d"}, Lifecycle(90, 30)),
    ],
)
def test_what_a_store_asks_for(words: dict[str, Any], lifecycle: Lifecycle) -> None:
    assert Lifecycle.of(Store(**words)) == lifecycle


def test_nothing_goes_before_its_retention_is_over() -> None:
    store = Store(kind="dataset", expire_after="10d", retention="1y")
    assert Lifecycle.of(store) == Lifecycle(365, 365)


def test_unfinished_uploads_always_go() -> None:
    (rule,) = Lifecycle().rules()
    assert rule.id == "abandoned-uploads"


def test_each_bound_is_a_rule() -> None:
    rules = Lifecycle(expire_days=5, old_version_days=7).rules()
    assert [rule.id for rule in rules] == ["abandoned-uploads", "expire", "old-versions"]
