"""Words come out of the kubelet's expansion as they were written."""

from __future__ import annotations

from itertools import product

import pytest

from tideform.backends.training.eks.container_words import literal, with_literals


def kubelet(text: str, variables: dict[str, str]) -> str:
    """What the kubelet makes of a word; the page that `kubernetes_words` names describes it."""
    made, at = "", 0
    while at < len(text):
        two = text[at : at + 2]
        end = text.find(")", at) if two == "$(" else -1
        if two == "$$":
            made, at = made + "$", at + 2
        elif end > 0:
            name = text[at + 2 : end]
            made, at = made + variables.get(name, f"$({name})"), end + 1
        else:
            made, at = made + text[at], at + 1
    return made


def test_the_kubelet_of_these_tests_expands() -> None:
    assert kubelet("$(A)-$$(A)-$$$(A)-$B-$(NONE)-$(", {"A": "1"}) == "1-$(A)-$1-$B-$(NONE)-$("


@pytest.mark.parametrize("length", range(1, 7))
def test_every_word_of_dollars_and_brackets_arrives(length: int) -> None:
    words = ["".join(letters) for letters in product("$()A", repeat=length)]
    assert [word for word in words if kubelet(literal(word), {"A": "wrong", "": "wrong"}) != word] == []


@pytest.mark.parametrize(
    ("written", "given"),
    [
        ("echo $$", "echo $$$$"),
        ("$$2b$$12$$abc", "$$$$2b$$$$12$$$$abc"),
        ("at $(LR)", "at $$(LR)"),
        ("$HOME $", "$HOME $"),
    ],
)
def test_only_what_the_kubelet_reads_is_doubled(written: str, given: str) -> None:
    assert literal(written) == given


def test_each_word_and_value_of_each_container_is_meant() -> None:
    field = {"name": "RANK", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a']"}}}
    container = {"command": ["$$"], "args": ["$(A)"], "env": [{"name": "A", "value": "$$"}, field], "image": "$$"}
    found = with_literals({"containers": [container], "initContainers": [container], "restartPolicy": "Never"})
    wanted = {"command": ["$$$$"], "args": ["$$(A)"], "env": [{"name": "A", "value": "$$$$"}, field], "image": "$$"}
    assert found == {"containers": [wanted], "initContainers": [wanted], "restartPolicy": "Never"}
