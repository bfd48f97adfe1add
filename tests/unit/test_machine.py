"""Machines on which a user has no name, or a proxy stands before everything."""

from __future__ import annotations

import getpass
import urllib.request

import pytest

from tideform.machine import account, past_proxy, settle
from tideform.process import user

LOOPBACK = "127.0.0.1,localhost,::1"


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as a user id of its own."""

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", unknown)
    monkeypatch.setattr("os.getuid", lambda: 12345)
    for name in ("TIDEFORM_OWNER", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("nameless")
def test_a_user_without_a_name_goes_by_the_number() -> None:
    assert (account(), user().split("@")[0]) == ("uid-12345", "uid-12345")


@pytest.mark.usefixtures("nameless")
def test_in_ci_it_goes_by_whoever_ci_works_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "octocat")
    assert account() == "octocat"


@pytest.mark.usefixtures("nameless")
def test_child_programs_find_a_user_and_a_home() -> None:
    environ: dict[str, str] = {}
    settle(environ)
    assert environ == {"USER": "uid-12345", "HOME": "/"}


def test_a_user_with_a_name_is_left_alone() -> None:
    environ: dict[str, str] = {}
    settle(environ)
    assert environ == {}


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "grpc_proxy"])
def test_no_proxy_stands_before_this_machine(name: str) -> None:
    environ = {name: "http://proxy:3128"}
    settle(environ)
    assert (environ["NO_PROXY"], environ["no_proxy"]) == (LOOPBACK, LOOPBACK)


def test_what_is_listed_already_stays_listed_for_every_reader() -> None:
    environ = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".corp, localhost", "no_grpc_proxy": "x"}
    settle(environ)
    wanted = ".corp,localhost,127.0.0.1,::1"
    assert (environ["NO_PROXY"], environ["no_proxy"]) == (wanted, wanted)
    assert environ["no_grpc_proxy"] == f"x,{LOOPBACK}"


def test_where_nothing_goes_to_a_proxy_nothing_is_changed() -> None:
    assert past_proxy("*") == "*"


def test_pythons_own_rules_take_the_list_as_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", past_proxy(""))
    hosts = ("127.0.0.1:5000", "localhost:5000", "example.com")
    assert [bool(urllib.request.proxy_bypass_environment(host)) for host in hosts] == [True, True, False]  # type: ignore[attr-defined]
