"""boto3 as the reaper needs it: small, and quick to start."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from boto3.session import Session
from botocore.loaders import Loader

from tideform.reaper.ec2_model import MODEL


class ShortLoader(Loader):
    """Finds our model of EC2 in the place of botocore's, and everything else where botocore does."""

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """As `Loader.load_service_model`."""
        if (service_name, type_name) == ("ec2", "service-2"):
            return MODEL
        return super().load_service_model(service_name, type_name, api_version)


@cache
def session() -> Session:
    """One for all rounds of a function that stays warm: what it has read of AWS's models, it does not read again."""
    inner = botocore.session.get_session()
    inner.register_component("data_loader", ShortLoader())
    return Session(botocore_session=inner)
