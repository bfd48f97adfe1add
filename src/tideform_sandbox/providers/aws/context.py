"""How a kind reaches the sandbox: named operations in, plain answers or a `Refusal` out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tideform.cloud import Cloud, Credentials
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import Names, to_api

_BLANK = ("", "Internal Server Error")  # what an operation without an emulation answers


@dataclass(frozen=True)
class Context:
    """The account and region that the provider was configured for."""

    cloud: Cloud
    ignored_tags: frozenset[str] = frozenset()  # by key: others put them on resources, and a read leaves them out

    @property
    def region(self) -> str:
        """The region that calls go to."""
        return self.cloud.region

    @cached_property
    def account(self) -> str:
        """The account that the credentials belong to."""
        return str(self.call("sts", "get_caller_identity")["Account"])

    def call(self, service: str, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call one operation by its boto3 name. Raises `Refusal` with AWS's code and message."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        method = getattr(self.cloud.client(service), operation)
        try:
            answer: dict[str, Any] = method(**members)
        except ClientError as error:
            raise _refusal(service, operation, error.response) from None
        except ResponseParserError:
            raise _not_emulated(service, operation) from None
        except BotoCoreError as error:
            raise Refusal(type(error).__name__, str(error)) from None
        return answer

    def send(
        self,
        service: str,
        operation: str,
        inputs: Mapping[str, Any],
        names: Names | None = None,
        /,
        **members: Any,
    ) -> dict[str, Any]:
        """Like `call`, with the vendor's arguments carried over to the operation's members by name."""
        return self.call(service, operation, **self.carried(service, operation, inputs, names), **members)

    def carried(
        self, service: str, operation: str, inputs: Mapping[str, Any], names: Names | None = None
    ) -> dict[str, Any]:
        """The vendor's arguments as members of the operation."""
        client = self.cloud.client(service)
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        members: dict[str, Any] = to_api(dict(inputs), model.input_shape, names)
        return members

    def pages(self, service: str, operation: str, result: str, /, **members: Any) -> Iterator[Any]:
        """Every item of a listing."""
        from botocore.exceptions import ClientError

        try:
            for page in self.cloud.client(service).get_paginator(operation).paginate(**members):
                yield from page.get(result, [])
        except ClientError as error:
            raise _refusal(service, operation, error.response) from None


def context_from(environ: Mapping[str, str], region: str | None) -> Context:
    """The context that the engine wrapper's variables describe. Raises `Refusal` where there is no endpoint."""
    endpoint = environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        raise Refusal("TD505", "the sandbox's provider needs AWS_ENDPOINT_URL, and speaks to no other AWS")
    credentials = Credentials(
        access_key=environ.get("AWS_ACCESS_KEY_ID", ""),
        secret_key=environ.get("AWS_SECRET_ACCESS_KEY", ""),
        endpoint=endpoint,
    )
    where = region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return Context(Cloud(region=where, account="", credentials=credentials))


def current(region: str | None) -> Context:
    """The context of this process."""
    return context_from(os.environ, region)


def _refusal(service: str, operation: str, response: Mapping[str, Any]) -> Refusal:
    error = response.get("Error", {})
    code, message = str(error.get("Code", "Unknown")), str(error.get("Message", ""))
    if code in ("404", "500", "501") and ("<" in message or message in _BLANK):
        return _not_emulated(service, operation)
    return Refusal(code, f"{message} ({service}.{operation})")


def _not_emulated(service: str, operation: str) -> Refusal:
    return Refusal("TD503", f"the sandbox does not emulate {service}.{operation}")
