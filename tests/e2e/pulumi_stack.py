"""A bare Pulumi stack on the real engine, with the sandbox's provider found as the vendor's would be: on the path."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import automation

from tideform.cloud import Credentials
from tideform.engine.acquire import acquire
from tideform.engine.inline import end_with_engine
from tideform.engine.provider_process import write_launcher


def counts(summary: automation.UpdateSummary) -> dict[str, int]:
    """How many resources each operation touched, by the operation's name."""
    return {str(operation): count for operation, count in (summary.resource_changes or {}).items()}


@dataclass(frozen=True)
class BareStack:
    """One stack in a folder of its own; ``program`` may differ from call to call."""

    folder: Path
    credentials: Credentials

    def up(self, program: Callable[[], None]) -> dict[str, int]:
        """Counts by operation. Raises what the engine raises."""
        return counts(self._stack(program).up(color="never").summary)

    def failure(self, program: Callable[[], None]) -> str:
        """What the engine prints when the program cannot be carried out."""
        try:
            self._stack(program).up(color="never")
        except automation.CommandError as error:
            return str(error)
        raise AssertionError("it did not fail")

    def refresh(self) -> dict[str, int]:
        """Counts by operation."""
        return counts(self._stack(lambda: None).refresh(color="never").summary)

    def destroy(self) -> None:
        """Delete everything in the stack."""
        self._stack(lambda: None).destroy(color="never")

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's resources by logical name, secrets still encrypted."""
        deployment = self._stack(lambda: None).export_stack().deployment or {}
        found = deployment.get("resources", [])
        return {resource["urn"].rpartition("::")[2]: resource for resource in found}

    def state_on_disk(self) -> str:
        """The state as the engine keeps it."""
        return (self.folder / ".pulumi" / "stacks" / "bare" / "dev.json").read_text(encoding="utf-8")

    def _stack(self, program: Callable[[], None]) -> automation.Stack:
        engine = acquire(lambda _: None).path
        root = self.folder / "engine"
        (root / "bin").mkdir(parents=True, exist_ok=True)
        if not (root / "bin" / "pulumi").exists():
            (root / "bin" / "pulumi").symlink_to(engine)
        options = automation.LocalWorkspaceOptions(
            work_dir=str(self.folder),
            pulumi_command=automation.PulumiCommand(root=str(root), skip_version_check=True),
            pulumi_home=str(self.folder / "home"),
            env_vars=self._environ(),
        )
        return automation.create_or_select_stack("dev", "bare", _ending_with_engine(program), opts=options)

    def _environ(self) -> dict[str, str]:
        path = write_launcher(self.folder / "bin", "aws").parent
        return {
            **self.credentials.environ("us-east-1"),
            "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": self.folder.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "for this test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }


def _ending_with_engine(program: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        end_with_engine()
        program()

    return run


def trust(service: str = "batch.amazonaws.com") -> str:
    """A role's trust policy."""
    who = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return json.dumps({"Version": "2012-10-17", "Statement": [who]})
