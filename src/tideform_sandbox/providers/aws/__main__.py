"""Serve the provider to the engine that started this process: ``-m tideform_sandbox.providers.aws ADDRESS``."""

from __future__ import annotations

from tideform_sandbox.providers.aws.provider import SandboxProvider
from tideform_sandbox.providers.server import serve

if __name__ == "__main__":
    serve(SandboxProvider())
