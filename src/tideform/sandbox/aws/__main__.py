"""Serve the provider to the engine that started this process: ``python -m tideform.sandbox.aws ENGINE-ADDRESS``."""

from __future__ import annotations

from tideform.sandbox.aws.provider import SandboxProvider
from tideform.sandbox.provider_server import serve

if __name__ == "__main__":
    serve(SandboxProvider())
