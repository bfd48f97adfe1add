"""The one place where boto3 clients are made, for whichever target a deployment has.

Nothing here runs at import time, and boto3 is imported on first use: ``--help`` and ``validate`` never pay for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

_ATTEMPTS = 6


@dataclass(frozen=True)
class Credentials:
    """Static keys and an endpoint of their own: how the sandbox is reached."""

    access_key: str
    secret_key: str
    endpoint: str

    def environ(self, region: str) -> dict[str, str]:
        """The environment variables by which any AWS SDK or CLI reaches the same place."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@dataclass
class Cloud:
    """Clients of one account and region; made once each, safe to share between threads.

    ``credentials`` is set for the local target; on AWS the profile or the default chain is used. ``clock`` tells the
    time there, in seconds since the epoch: the sandbox's can be moved.
    """

    region: str
    account: str
    credentials: Credentials | None = None
    profile: str | None = None
    role: str | None = None
    clock: Callable[[], float] = time.time
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @cached_property
    def session(self) -> boto3.Session:
        """The boto3 session, with the role taken if there is one. Raises `CloudError` TD321 where there are no keys."""
        if self.credentials is not None:
            import boto3

            return boto3.Session(
                aws_access_key_id=self.credentials.access_key,
                aws_secret_access_key=self.credentials.secret_key,
                region_name=self.region,
            )
        from tideform.sign_in import signed_in

        return signed_in(self.region, self.profile, self.role)

    def client(self, service: str) -> Any:
        """A client of one service; what is throttled or not reached is tried again for about fifteen seconds.

        https://docs.aws.amazon.com/boto3/latest/guide/retries.html, standard mode
        """
        return self._kept(service, service, retries={"mode": "standard", "total_max_attempts": _ATTEMPTS})

    def client_for(self, service: str, seconds: float) -> Any:
        """A client that waits so long for an answer, and leaves it to the caller to ask again."""
        patience = {"connect_timeout": seconds, "read_timeout": seconds}
        return self._kept(f"{service} for {seconds:g} s", service, retries={"total_max_attempts": 1}, **patience)

    def _kept(self, key: str, service: str, **settings: Any) -> Any:
        """The client under this key, made at its first use."""
        from botocore.config import Config

        from tideform.reaper.fence import watch

        with self._lock:
            if key not in self._clients:
                made = self.session.client(
                    service,
                    endpoint_url=self.credentials.endpoint if self.credentials else None,
                    config=Config(
                        proxies={} if self.credentials else None,  # the sandbox is on this machine
                        s3={"addressing_style": "path"} if self.credentials else {},
                        **settings,
                    ),
                )
                self._clients[key] = watch(made)
            return self._clients[key]

    def short_keys(self) -> str:
        """What is told of keys that may end before the work does; nothing of others."""
        if self.credentials is not None:
            return ""
        from tideform.sign_in import short_keys

        with self._lock:
            return short_keys(self.session)

    def environ(self) -> Mapping[str, str]:
        """Variables for a child process that has to reach the same place; the keys hold for as long as they can."""
        if self.credentials is not None:
            return self.credentials.environ(self.region)
        from tideform.sign_in import variables

        with self._lock:
            session = self.session
        return {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region, **variables(session)}
