"""Serve the provider to the engine that started this process: ``python -m tideform.sandbox.kubernetes``."""

from __future__ import annotations

from tideform.sandbox.kubernetes.provider import KubernetesProvider
from tideform.sandbox.provider_server import serve

if __name__ == "__main__":
    serve(KubernetesProvider())
