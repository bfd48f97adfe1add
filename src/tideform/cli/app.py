"""The root of the command line: a table of commands, each imported only when it is used.

To add a command, write ``cli/<name>.py`` and give it a line in `COMMANDS`. The module has either

- ``command``: a function with typer annotations whose docstring is its help, or
- ``app``: a `typer.Typer` with sub-commands (``burst up``, ``burst run``).

Options that several commands share stand in `tideform.cli.common`. A command imports what is heavy (pulumi,
boto3, rich) inside the function, raises `TideformError` for whatever its user can act on, ends with
``raise typer.Exit(ExitCode...)`` where it has an exit code of its own, and never calls ``sys.exit``.
A command whose module is not there is not listed.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tideform import __version__, outlets
from tideform.cli.boundary import Manner, guarded, plug_closed_streams
from tideform.cli.common import NoColorOption
from tideform.errors import ExitCode
from tideform.machine import settle

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("tideform.cli.init", "Start a project from a blueprint."),
    "validate": ("tideform.cli.validate", "Check the project spec; needs no cloud and no engine."),
    "plan": ("tideform.cli.plan", "Show what an apply would change, what it costs and what it breaks."),
    "apply": ("tideform.cli.apply", "Make the cloud match the spec, or carry out a saved plan."),
    "burst": ("tideform.cli.burst", "Bring a pool's capacity in, run a job on it, take it away again."),
    "jobs": ("tideform.cli.jobs", "List what ran and runs on the pools, or end one of them."),
    "logs": ("tideform.cli.logs", "Print what a pool's jobs print, or follow it."),
    "status": ("tideform.cli.status", "Show what stands, who holds capacity, and what nobody holds."),
    "output": ("tideform.cli.output", "Print the outputs of the stacks."),
    "explain": ("tideform.cli.explain", "Explain a field of the spec, a code (TD501), or what an apply walks."),
    "promote": ("tideform.cli.promote", "Pin a model version in an environment."),
    "destroy": ("tideform.cli.destroy", "Remove an environment and prove that nothing is left."),
    "state": ("tideform.cli.state", "Move an environment's state, or adopt what stands into a lost one."),
    "schema": ("tideform.cli.schema", "Print the JSON Schema of the project spec."),
    "bootstrap": ("tideform.cli.bootstrap", "Prepare an AWS account: state bucket, key and CI role."),
    "doctor": ("tideform.cli.doctor", "Say what is installed, what is missing, and how to get it."),
    "sandbox": ("tideform.cli.sandbox", "Start, stop, reset or inspect the local target's sandbox."),
}


_UNCUT = 1000  # characters


class Group(TyperGroup):
    """A group that answers an unknown command with the nearest known one."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Refuse an unknown command, naming the nearest known one."""
        from tideform.spec.suggest import did_you_mean

        if args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            hint = did_you_mean(args[0], self.list_commands(ctx))
            ctx.fail(f"There is no command {args[0]!r}. {hint or f'{ctx.command_path} --help lists them.'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands, each with its whole first sentence: click cuts it at 45 characters."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        if rows := [(name, one.get_short_help_str(_UNCUT)) for name, one in found if one and not one.hidden]:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


class LazyGroup(Group):
    """A group that knows its commands' help lines and imports a command's module on first use."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """The commands whose modules exist, in the table's order."""
        return [name for name, (module, _) in COMMANDS.items() if find_spec(module)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported now; none if there is no such command."""
        if cmd_name not in self.commands and cmd_name in self.list_commands(ctx):
            self.commands[cmd_name] = _load(cmd_name)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands from the table, without importing any."""
        if rows := [(name, COMMANDS[name][1]) for name in self.list_commands(ctx)]:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def _load(name: str) -> Any:
    module = import_module(COMMANDS[name][0])
    app: typer.Typer | None = getattr(module, "app", None)
    if app is None:
        app = _typer()
        app.command(name=name)(module.command)
    if not (isinstance(app.info.cls, type) and issubclass(app.info.cls, Group)):
        app.info.cls = Group
    app.rich_markup_mode = None  # plain help: rich alone would triple the time of --help
    app.info.help = app.info.help or COMMANDS[name][1]
    app._add_completion = False  # the root offers it
    loaded = typer.main.get_command(app)
    loaded.name = name
    return loaded


def _typer(**settings: Any) -> typer.Typer:
    return typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, **settings)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tideform {__version__}")
        raise typer.Exit


app = _typer(cls=LazyGroup, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001  # its callback acts
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    no_color: NoColorOption = False,  # noqa: ARG001  # its callback acts
) -> None:
    """One YAML project spec in, Pulumi stacks out; GPU capacity comes in like a tide and goes out again."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main(args: list[str] | None = None) -> int:
    """Run one command line and return its exit code; the ``tideform`` script exits with it."""
    settle(os.environ)
    plug_closed_streams()
    outlets.guard()
    gc.set_threshold(50_000)  # a command makes much and frees little: looking for garbage is 7 % of an offline plan
    if not completion_is_sound(os.environ):
        typer.echo("The shell's completion variables cannot be read.", err=True)
        return ExitCode.ERROR
    words = _color_first(sys.argv[1:] if args is None else args)
    return guarded(lambda: typer.main.get_command(app).main(words, "tideform", standalone_mode=False), Manner.of(words))


def completion_is_sound(environment: Mapping[str, str]) -> bool:
    """Whether what a shell asks for completions with can be read: bash gives the words, and the place among them."""
    if environment.get("_TIDEFORM_COMPLETE") != "complete_bash":
        return True
    return "COMP_WORDS" in environment and environment.get("COMP_CWORD", "").isdecimal()


def _color_first(args: list[str]) -> list[str]:
    """Let ``--no-color`` stand anywhere: moved to the front, but not out of a job's own command (after ``--``)."""
    ours = args[: args.index("--")] if "--" in args else args
    if "--no-color" not in ours:
        return args
    return ["--no-color", *(word for word in ours if word != "--no-color"), *args[len(ours) :]]
