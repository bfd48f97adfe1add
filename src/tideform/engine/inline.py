"""Running a layer's file inside this process, as the engine's inline program.

The file is the very one that ``pulumi up`` would run in its folder. It gets globals of its own on each run, because
programs run side by side in threads of one process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tideform.errors import TideformError

if TYPE_CHECKING:
    from tideform.model.engine import Program
    from tideform.model.planned import Outputs
    from tideform.spec.deployment import Deployment


def inline_program(program: Program, deployment: Deployment, upstream: Mapping[str, Outputs]) -> Callable[[], None]:
    """The program as a function; what it reads is bound around its run."""

    def run() -> None:
        from tideform.components.program import Bound, bind
        from tideform.engine import deferred_import, lean_import

        end_with_engine()
        deferred_import.install()
        lean_import.install()
        code = compile(program.source.read_text(encoding="utf-8"), str(program.source), "exec")
        with bind(Bound(deployment, program.unit, upstream, partial(moved_over, deployment))):
            try:
                exec(code, {"__name__": "__main__", "__file__": str(program.source)})  # noqa: S102  # our own file
            except TideformError as refused:
                raise RuntimeError(_words(refused)) from refused

    return run


def moved_over(deployment: Deployment, endpoint: str, configuration: str, alarms: Sequence[str]) -> None:
    """As `require_moved`, in words that the engine hands on. Raises `RuntimeError`."""
    from tideform.engine.moved_over import require_moved

    try:
        require_moved(deployment, endpoint, configuration, alarms)
    except TideformError as refused:
        raise RuntimeError(_words(refused)) from refused


def _words(refused: TideformError) -> str:
    """All that its reader needs, since the engine hands on an exception's text and nothing else."""
    return "; ".join(f"{d.code}, {d.summary}: {d.detail} {d.fix}".rstrip() for d in refused.diagnostics)


def end_with_engine() -> None:
    """End the running program in order when its engine goes away; to be called inside of it.

    An engine that fails hangs up on its program. The SDK then stops the event loop where it stands, and half-run
    coroutines are left to the garbage collector, which tells the user of each. Cancelled, they end by themselves.
    """
    import asyncio

    import grpc

    program = asyncio.current_task()

    def hung_up(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if program is not None and isinstance(context.get("exception"), grpc.RpcError):
            program.cancel()
        else:
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(hung_up)
