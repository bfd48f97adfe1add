"""Who calls AWS: credentials are resolved once, by boto3, for this process and for everything that it starts.

The engine and its plugins get the keys and no profile: another SDK cannot ask for an MFA code, may not know a way to
sign in that boto3 knows, and may find somebody else. boto3 is imported on first use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tideform.errors import CloudError
from tideform.renewal import ENOUGH, ahead_of_time, holds_long, lasting, renew
from tideform.words import counted

if TYPE_CHECKING:
    import boto3

_CLI_CACHE: Final = Path("~/.aws/cli/cache")  # the AWS CLI's: who has given it a code is not asked again
_SESSION: Final = "tideform"  # the name under which roles are taken
_SIGN_IN: Final = "sign in (aws sso login), or set the environment's profile, or AWS_PROFILE"


def signed_in(region: str, profile: str | None, role: str | None) -> boto3.Session:
    """A session whose keys are there and renew themselves; ``role`` is taken on top of the profile's.

    Raises `CloudError` TD321 where there are none, with what stood in the way.
    """
    import boto3
    from botocore.session import Session

    with _explained(profile):
        core = Session(profile=profile)
        core.set_config_variable("region", region)
        _prepare_providers(core, profile)
        base = boto3.Session(botocore_session=core)
        _require_keys(base)
        return base if role is None else _with_role(base, role)


def variables(session: boto3.Session) -> Mapping[str, str]:
    """The keys for a child process: renewed where they may end within a call of the engine."""
    credentials = session.get_credentials()
    if credentials is None:
        return {}
    with _explained(session.profile_name):
        credentials.get_frozen_credentials()  # some are not there before they are asked for
        renew(credentials)
        keys = credentials.get_frozen_credentials()
    return {
        "AWS_ACCESS_KEY_ID": str(keys.access_key),
        "AWS_SECRET_ACCESS_KEY": str(keys.secret_key),
        "AWS_SESSION_TOKEN": str(keys.token or ""),  # one of the caller's environment would not fit to these keys
    }


def short_keys(session: boto3.Session) -> str:
    """What is told of keys that may end before a call of the engine does; nothing of others."""
    variables(session)
    credentials = session.get_credentials()
    left = None if credentials is None else lasting(credentials)
    if left is None or left >= ENOUGH:
        return ""
    return (
        f"The keys of AWS end in {counted(round(max(0.0, left) / 60), 'minute')}, "
        "and who gives them gives none for longer. "
        "A step that takes longer fails then; the same command goes on where it stopped, with new keys."
    )


class _Memory(dict[str, Any]):
    """What a provider remembers of the keys that it took: no new ones where they end soon as well."""

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) and (not ahead_of_time() or holds_long(self[str(key)]))


def _prepare_providers(core: Any, profile: str | None) -> None:
    """Whoever gives keys gives new ones when they are taken ahead of time: a role, SSO, and a web identity alike.

    Profiles with ``role_arn``: keys are shared with the AWS CLI, and a code is asked for only where somebody is.
    """
    from botocore.credentials import create_credential_resolver
    from botocore.utils import JSONFileCache

    class Cache(JSONFileCache):
        """The CLI's, with the same reservation."""

        def __contains__(self, key: str) -> bool:
            return super().__contains__(key) and (not ahead_of_time() or holds_long(self[key]))

    resolver = create_credential_resolver(core, cache=_Memory())  # one cache for all providers, as botocore has it
    core.register_component("credential_provider", resolver)
    provider: Any = resolver.get_provider("assume-role")
    provider.cache = Cache(str(_CLI_CACHE.expanduser()))
    provider._prompter = _asker(profile)


def _asker(profile: str | None) -> Callable[[str], str]:
    def ask(question: str) -> str:
        if ahead_of_time() or sys.stdin is None or not sys.stdin.isatty():
            raise _unknown(
                f"the profile {profile or 'default'} asks for an MFA code ({question.strip().rstrip(':')}), and nobody "
                "is there to give one",
                "take temporary keys first: `aws sts get-caller-identity --profile PROFILE` at a terminal keeps them "
                "for an hour; in CI, take a role without MFA",
            )
        from getpass import getpass

        return getpass(question)

    return ask


def _require_keys(session: boto3.Session) -> None:
    from botocore.exceptions import NoCredentialsError

    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    credentials.get_frozen_credentials()


def _with_role(base: boto3.Session, role: str) -> boto3.Session:
    """A session of the role, which is taken again before its hour is over."""
    import boto3
    from botocore.credentials import RefreshableCredentials
    from botocore.session import Session

    sts = base.client("sts")

    def take() -> dict[str, str]:
        keys = sts.assume_role(RoleArn=role, RoleSessionName=_SESSION)["Credentials"]
        return {
            "access_key": keys["AccessKeyId"],
            "secret_key": keys["SecretAccessKey"],
            "token": keys["SessionToken"],
            "expiry_time": keys["Expiration"].isoformat(),
        }

    core: Any = Session()  # its setter takes plain keys only
    core.set_config_variable("region", base.region_name)
    core._credentials = RefreshableCredentials.create_from_metadata(take(), take, "sts-assume-role")
    return boto3.Session(botocore_session=core)


@contextmanager
def _explained(profile: str | None) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, OSError) as error:
        named = f"profile {profile}: " if profile else ""
        raise _unknown(f"{named}{error}", _SIGN_IN) from error


def _unknown(detail: str, fix: str) -> CloudError:
    return CloudError.of("TD321", "AWS does not say who is calling", detail=detail, fix=fix)
