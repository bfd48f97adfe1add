"""One function of moto's as our code sees it, and one invocation's outcome."""

from __future__ import annotations

import io
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_unpacking = threading.Lock()  # the first invocations of a function may come at once


@dataclass(frozen=True)
class Outcome:
    """What an invocation answers: the payload as JSON text, Lambda's function error if any, the end of its log."""

    payload: str
    error: str | None
    log: str


@dataclass(frozen=True)
class Function:
    """moto's record of a function; everything is asked of it anew, because an update may change it."""

    record: Any

    @property
    def arn(self) -> str:
        return str(self.record.function_arn)

    @property
    def name(self) -> str:
        return str(self.record.function_name)

    @property
    def region(self) -> str:
        return str(self.record.region)

    @property
    def account(self) -> str:
        return str(self.record.account_id)

    @property
    def timeout(self) -> float:
        """Real seconds."""
        return float(self.record.timeout)

    @property
    def memory(self) -> int:
        """In MB."""
        return int(self.record.memory_size)

    @property
    def at_once(self) -> int | None:
        """How many invocations may run at once; None without a reservation."""
        reserved = self.record.reserved_concurrency
        return None if reserved is None else int(reserved)

    @property
    def retries(self) -> int:
        """How often an asynchronous invocation that failed is tried again."""
        for configured in reversed(self.record.event_invoke_config):
            if configured.get("MaximumRetryAttempts") is not None:
                return int(configured["MaximumRetryAttempts"])
        return 2

    @property
    def obstacle(self) -> str:
        """Why it cannot run here; empty if it can."""
        if self.record.package_type != "Zip":
            return "not emulated: functions out of container images"
        runtime = str(self.record.run_time)
        return "" if runtime.startswith("python") else f"not emulated: functions for {runtime}"

    @property
    def variables(self) -> dict[str, str]:
        """What it finds in its environment, apart from keys."""
        own = {name: str(value) for name, value in (self.record.environment_vars or {}).items()}
        return own | {
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.record.run_time}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": str(self.record.logs_group_name),
            "_HANDLER": str(self.record.handler),
        }

    def unpack(self, scratch: Path) -> Path:
        """Its code in a folder, unpacked once for each content."""
        folder: Path = scratch / "code" / self.record.code_sha_256.replace("/", "_").replace("=", "")
        with _unpacking:
            if folder.is_dir():
                return folder
            partial = folder.with_suffix(".partial")
            with zipfile.ZipFile(io.BytesIO(self.record.code_bytes)) as archive:
                archive.extractall(partial)  # it goes below the folder; the user's own code, run by them
            partial.rename(folder)
        return folder
