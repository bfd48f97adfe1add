"""A saved plan: what was shown, and everything that must still be so when it is applied.

It is data and only data: JSON that pydantic checks, of bounded size, never executed. Its values serve to compare
(`plan.moved`); what is carried out is always planned anew, so a forged file can make an apply refuse, not act.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError
from tideform.files import read_plain
from tideform.model.planned import Action, OutputChange, Plan, PlannedResource
from tideform.plan.markers import decode, encode

LIMIT: Final = 64 * 1024 * 1024  # bytes; a plan of 1,000 resources takes about 2 MB
_Digest = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]


@dataclass(frozen=True)
class Provenance:
    """What a plan was made of. ``versions``: the tools, the providers and the price book, by name."""

    spec_digest: str
    versions: Mapping[str, str]
    states: Mapping[str, str]  # program key: digest of its state, empty where there is none
    commit: str = ""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SavedResource(_Model):
    """One planned resource. ``before`` and ``after`` are encoded (`plan.markers`)."""

    program: str
    type: str
    name: str
    action: Action
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, resource: PlannedResource) -> Self:
        return cls(
            program=resource.program,
            type=resource.type,
            name=resource.name,
            action=resource.action,
            before=encode(resource.before),
            after=encode(resource.after),
        )

    def values(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Inputs before and after with their markers; empty where there are none. Raises `ValueError`."""
        before, after = decode(self.before or {}), decode(self.after or {})
        if not isinstance(before, Mapping) or not isinstance(after, Mapping):
            raise ValueError("the inputs of a resource are no marker")
        return before, after


class SavedOutput(_Model):
    """One output after the apply, encoded."""

    program: str
    name: str
    after: Any

    @classmethod
    def of(cls, output: OutputChange) -> Self:
        return cls(program=output.program, name=output.name, after=encode(output.after))


class SavedFinding(_Model):
    """One finding of the review."""

    code: str
    severity: Severity
    summary: str
    detail: str

    @classmethod
    def of(cls, finding: Diagnostic) -> Self:
        return cls(code=finding.code, severity=finding.severity, summary=finding.summary, detail=finding.detail)


class SavedPlan(_Model):
    """The whole file."""

    format: Literal["tideform-plan"] = "tideform-plan"
    format_version: Literal[1] = 1
    project: str
    environment: str
    target: Literal["local", "aws"]
    account: str
    region: str
    unit: str | None
    pool: str | None
    delete_data: tuple[str, ...] = ()  # stores whose data may be lost
    refreshed: bool = False  # what stands was read back: what is changed outside after that is found, too
    spec_digest: _Digest
    commit: str
    versions: dict[str, str]
    states: dict[str, _Digest]
    resources: tuple[SavedResource, ...]
    outputs: tuple[SavedOutput, ...]
    removed: tuple[str, ...]
    findings: tuple[SavedFinding, ...]

    @classmethod
    def of(
        cls,
        plan: Plan,
        provenance: Provenance,
        *,
        unit: str | None = None,
        pool: str | None = None,
        refreshed: bool = False,
        delete_data: tuple[str, ...] = (),
    ) -> Self:
        """What to save of a plan that was made with ``unit``, ``pool``, ``refreshed`` and ``delete_data``."""
        return cls.model_validate(
            {
                "project": plan.project,
                "environment": plan.environment,
                "target": plan.target,
                "account": plan.account,
                "region": plan.region,
                "unit": unit,
                "pool": pool,
                "refreshed": refreshed,
                "delete_data": delete_data,
                "spec_digest": provenance.spec_digest,
                "commit": provenance.commit,
                "versions": dict(provenance.versions),
                "states": dict(provenance.states),
                "resources": tuple(SavedResource.of(r) for r in plan.resources),
                "outputs": tuple(SavedOutput.of(o) for o in plan.outputs),
                "removed": tuple(plan.removed_programs),
                "findings": tuple(SavedFinding.of(f) for f in plan.findings),
            }
        )


def refuse_other_file(path: Path) -> None:
    """Raise `RefusedError` TD339 where something stands in the plan's place that is no plan: it is not written over."""
    try:
        held = json.loads(read_plain(path, LIMIT))
        why = "" if isinstance(held, dict) and held.get("format") == "tideform-plan" else "it holds something else"
    except FileNotFoundError:
        why = ""
    except OSError as error:
        why = str(error.strerror or error)
    except (ValueError, RecursionError):
        why = "it holds something else"
    if why:
        raise RefusedError.of(
            "TD339",
            "The plan would be written over another file",
            detail=f"{path} is there and is no saved plan: {why}.",
            fix="Name a file that is not there yet, or an earlier plan: `--out the.plan`.",
        )


def save(saved: SavedPlan, path: Path) -> None:
    """Write the plan, whole or not at all, for its owner's eyes only. Raises `RefusedError` where it cannot."""
    refuse_other_file(path)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(saved.model_dump_json(indent=1) + "\n")
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise RefusedError.of(
            "TD318",
            "The plan cannot be saved",
            detail=f"{path}: {error.strerror or error}.",
            fix="Name a file in a folder that exists and that you may write to.",
        ) from error


def load_saved(path: Path) -> SavedPlan:
    """Read a saved plan. Raises `RefusedError` for whatever is none, and never anything else."""
    try:
        content = read_plain(path, LIMIT)
    except OSError as error:
        raise _no_plan(path, str(error.strerror or error)) from error
    try:
        saved = SavedPlan.model_validate_json(content)
        for resource in saved.resources:
            resource.values()
        for output in saved.outputs:
            decode(output.after)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _no_plan(path, f"{where}: {first['msg']}" if where else first["msg"]) from error
    except (ValueError, RecursionError) as error:
        raise _no_plan(path, str(error)) from error
    return saved


def _no_plan(path: Path, why: str) -> RefusedError:
    return RefusedError(
        Diagnostic(
            "TD317",
            Severity.ERROR,
            "This is not a saved plan",
            detail=f"{path}: {why}.",
            fix="Make one with `tideform plan --out FILE`, with this version of tideform.",
        )
    )
