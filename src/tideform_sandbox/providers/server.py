"""Serving a provider of ours to the engine: on a free loopback port, for as long as the process lives that began it."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

_CALLS_AT_ONCE = 16
_MESSAGE_LIMIT = 400 * 1024 * 1024  # the engine's own limit
_LOOK_AROUND_SECONDS = 2.0
_GRACE_SECONDS = 30.0  # a call under way is finished and told; a new one is refused


def serve(provider: provider_pb2_grpc.ResourceProviderServicer) -> None:
    """Listen, tell the port on standard output, and serve until the engine is gone."""
    options = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", _MESSAGE_LIMIT)]
    server = grpc.server(ThreadPoolExecutor(_CALLS_AT_ONCE), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    signal.signal(signal.SIGTERM, lambda _number, _frame: server.stop(grace=_GRACE_SECONDS))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    _serve_while_engine_lives(server)


def _serve_while_engine_lives(server: grpc.Server) -> None:
    """A killed engine leaves its providers behind; this one notices, finishes what it is doing, and ends."""
    engine = os.getppid()
    while server.wait_for_termination(_LOOK_AROUND_SECONDS):
        if os.getppid() != engine:
            server.stop(grace=_GRACE_SECONDS).wait()
            return
