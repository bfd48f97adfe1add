"""The same programs previewed by the Automation API alone, one after the other: ``python bare_previews.py SPEC``.

This is what the live plan is held against. Every stack is an ordinary one with a provider of its own for each call,
as the engine does it by itself. Prints the sum of the previews in seconds: imports, the sandbox's start and the
making of the stacks are not in it, which favours this side.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from pulumi import automation

from tideform.connect import cloud_for
from tideform.engine.acquire import acquire
from tideform.engine.inline import inline_program
from tideform.engine.offline import OfflineCollector
from tideform.engine.provider_process import write_launcher
from tideform.model.engine import Program
from tideform.model.planned import Outputs
from tideform.model.programs import programs
from tideform.spec.deployment import Deployment
from tideform.spec.load import load


def main(spec: Path) -> float:
    """The sum of all previews, in seconds."""
    deployment = load(spec).deployment
    with tempfile.TemporaryDirectory(prefix="tideform-bench-") as name:
        folder = Path(name)
        environ = _environ(deployment, folder)
        engine = _engine(folder)
        upstream: dict[str, Outputs] = {}
        total = 0.0
        for program in programs(deployment):
            stack = _stack(program, deployment, upstream, folder / program.slug, engine, environ)
            begin = time.perf_counter()
            stack.preview(color="never")
            total += time.perf_counter() - begin
            upstream[program.key] = OfflineCollector(deployment).preview(program, upstream).outputs
    return total


def _environ(deployment: Deployment, folder: Path) -> dict[str, str]:
    provider = write_launcher(folder / "bin", "aws").parent
    return {
        **cloud_for(deployment).environ(),
        "PATH": f"{provider}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_BACKEND_URL": folder.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "for this measurement",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def _engine(folder: Path) -> automation.PulumiCommand:
    (folder / "engine" / "bin").mkdir(parents=True)
    (folder / "engine" / "bin" / "pulumi").symlink_to(acquire(lambda _: None).path)
    return automation.PulumiCommand(root=str(folder / "engine"), skip_version_check=True)


def _stack(
    program: Program,
    deployment: Deployment,
    upstream: dict[str, Outputs],
    folder: Path,
    engine: automation.PulumiCommand,
    environ: dict[str, str],
) -> automation.Stack:
    folder.mkdir()
    options = automation.LocalWorkspaceOptions(
        work_dir=str(folder), pulumi_command=engine, pulumi_home=str(folder / "home"), env_vars=environ
    )
    run = inline_program(program, deployment, upstream)
    return automation.create_stack(program.stack, program.pulumi_project, run, opts=options)


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]))}\n")
