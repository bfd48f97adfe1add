"""Serve the provider to the engine that started this process: ``python -m tideform_sandbox.providers.kubernetes``."""

from __future__ import annotations

from tideform_sandbox.providers.kubernetes.provider import KubernetesProvider
from tideform_sandbox.providers.server import serve

if __name__ == "__main__":
    serve(KubernetesProvider())
