"""The direction of imports, and who may do what, as `docs/architecture.md` draws it. Read from the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"
PACKAGE = SOURCE / "tideform"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.name != "__init__.py" or path.stat().st_size)
SANDBOX = "tideform_sandbox"

# From what knows least to what knows most: a part imports what stands before it, and nothing else of ours.
# What stands on one line knows nothing of each other.
ORDER: tuple[tuple[str, ...], ...] = (
    ("reaper", "checkpoint"),  # each runs where nothing else of ours is; of the reaper also each backend's `in_account`
    ("__init__", "__version__", "diagnostics", "files", "flock", "machine", "times", "words", "outlets", "signals"),
    ("errors", "process", "renewal"),
    ("paths", "unasked"),
    ("room", "sign_in"),
    ("cloud", "kube"),
    ("spec",),
    ("model", "prices"),
    ("registry",),
    ("pools",),
    ("resources",),
    ("state",),
    ("local",),
    ("connect",),
    ("components",),
    ("burst",),
    ("backends",),
    ("controls", "alarms", "frameworks"),
    ("checks",),
    ("engine",),
    ("plan",),
    ("operations",),
    ("views",),
    ("cli",),
)
# The seams where a lower part looks up: each by intention, each inside a function.
SEAMS: dict[str, tuple[str, ...]] = {
    "spec.checks": ("checks.available",),  # the names that a spec may use, and what holds of pools and endpoints
}
# Reasoning about a spec or a plan must cost nothing and work anywhere.
PURE = (
    "diagnostics",
    "errors",
    "paths",
    "spec",
    "model",
    "pools",
    "plan.review",
    "plan.cost",
    "plan.stages",
    "resources",
    "controls",
)
HEAVY = {"pulumi", "pulumi_aws", "pulumi_kubernetes", "boto3", "botocore", "typer", "moto", "rich", "grpc"}
WORLD = {"boto3", "botocore", "subprocess", "socket", "urllib.request", "http.client", "requests"}
TOUCH_THE_WORLD = (
    "engine",
    "state",
    "backends",
    "burst",
    "reaper",
    "checkpoint",
    "local",
    SANDBOX,
    "cloud",
    "sign_in",
    "renewal",
    "connect",
    "process",
    "operations.provenance",  # asks git for the commit
    "cli.sandbox",  # `sandbox exec` runs the user's command
)
# Programs of their own, started as processes; they end themselves.
PROGRAMS = (
    "checkpoint.__main__",
    "checkpoint.isolated",
    f"{SANDBOX}.server",
    f"{SANDBOX}.nodes.shell",
    f"{SANDBOX}.nodes.supervisor",
    f"{SANDBOX}.providers.server",
    f"{SANDBOX}.services.awslambda.runtime",
    f"{SANDBOX}.services.ssm.container",
)


def name_of(path: Path) -> str:
    """``spec.load`` or ``tideform_sandbox.clock``; a package's own module is the package."""
    return (
        path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else SOURCE)
        .with_suffix("")
        .as_posix()
        .replace("/", ".")
        .removesuffix(".__init__")
    )


def within(name: str, parts: tuple[str, ...]) -> bool:
    """Whether a module is one of ``parts``, or inside one."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


@cache
def tree(path: Path) -> ast.Module:
    """The module's syntax tree, read once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def for_types_only(path: Path) -> set[ast.AST]:
    """What stands under ``if TYPE_CHECKING``: it runs never."""
    guarded = (
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    return {inside for node in guarded for inside in ast.walk(node)}


def imports(path: Path) -> Iterator[str]:
    """Every module that is imported, at the top or inside a function."""
    never = for_types_only(path)
    for node in ast.walk(tree(path)):
        if node in never:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(names: Iterator[str]) -> set[str]:
    """Those of our own modules, named as `name_of` does."""
    return {name.removeprefix("tideform.") for name in names if name.startswith(("tideform.", f"{SANDBOX}."))}


def calls(path: Path) -> set[str]:
    """Every called name, as it is written: ``sys.exit``, ``print``."""
    return {ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)}


def offenders(found_in: Callable[[Path], set[str]], *, but_for: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """What a rule finds, by module; empty where the rule holds."""
    looked_at = [path for path in MODULES if not within(name_of(path), but_for)]
    return {name_of(path): found for path in looked_at if (found := found_in(path))}


def level(name: str) -> int | None:
    """Where a module of ours stands in the order; None for what is no part of it."""
    return next((i for i, parts in enumerate(ORDER) if within(name, parts)), None)


def test_every_part_has_its_place_in_the_order() -> None:
    assert offenders(lambda path: set() if level(name_of(path)) is not None else {"no place"}, but_for=(SANDBOX,)) == {}


def test_imports_point_one_way() -> None:
    """So packages form no circle: each has one place, and imports nothing that stands after it."""

    def upward(path: Path) -> set[str]:
        here, part = level(name_of(path)), name_of(path).split(".")[0]
        found = {name for name in own(imports(path)) if not within(name, SEAMS.get(name_of(path), ()))}
        others = {name for name in found if name.split(".")[0] != part}
        return {name for name in others if (there := level(name)) is not None and here is not None and there >= here}

    assert offenders(upward, but_for=(SANDBOX,)) == {}


def test_seams_look_up_inside_functions_only() -> None:
    def at_import(path: Path) -> set[str]:
        top = {node.module for node in tree(path).body if isinstance(node, ast.ImportFrom) and node.module}
        return {name for name in own(iter(top)) if within(name, SEAMS.get(name_of(path), ()))}

    assert offenders(at_import) == {}


def test_the_reaper_stands_alone_it_runs_where_nothing_else_of_ours_is() -> None:
    def home(name: str) -> str:
        """The reaper itself, or the folder of one backend; empty for all else."""
        return (
            "reaper"
            if within(name, ("reaper",))
            else "".join(name.partition(".in_account")[:2]) * (".in_account" in name)
        )

    def beyond(path: Path) -> set[str]:
        return {name for name in own(imports(path)) if not within(name, ("reaper", home(name_of(path))))}

    reaper = [path for path in MODULES if home(name_of(path))]
    assert reaper
    assert {name_of(path): beyond(path) for path in reaper if beyond(path)} == {}


def test_what_jobs_import_stands_alone_it_runs_in_images_without_anything_else_of_ours() -> None:
    def beyond(path: Path) -> set[str]:
        helper = within(name_of(path), ("checkpoint",))
        return {name for name in own(imports(path)) if helper and not within(name, ("checkpoint",))}

    assert offenders(beyond) == {}


def test_the_sandbox_is_started_as_a_program_and_imported_by_nobody() -> None:
    def found(path: Path) -> set[str]:
        return {name for name in own(imports(path)) if within(name, (SANDBOX,))}

    assert offenders(found, but_for=(SANDBOX,)) == {}


def test_the_sandbox_knows_how_it_is_found_the_prices_and_time_zones_and_nothing_else_of_ours() -> None:
    def beyond(path: Path) -> set[str]:
        allowed = (
            "__version__",
            SANDBOX,
            "local",
            "prices",
            "spec",
            "cloud",
            "diagnostics",
            "errors",
            "kube",
            "paths",
            "times",
        )
        inside = within(name_of(path), (SANDBOX,))
        return {name for name in own(imports(path)) if inside and not within(name, allowed)}

    assert offenders(beyond) == {}


def test_only_the_command_line_knows_the_command_line() -> None:
    assert offenders(lambda path: {n for n in own(imports(path)) if within(n, ("cli",))}, but_for=("cli",)) == {}


def test_only_the_command_line_knows_the_views() -> None:
    def found(path: Path) -> set[str]:
        return {name for name in own(imports(path)) if within(name, ("views",))}

    assert offenders(found, but_for=("cli", "views")) == {}


def test_reasoning_imports_nothing_heavy_not_even_inside_a_function() -> None:
    def heavy(path: Path) -> set[str]:
        return {name.split(".")[0] for name in imports(path)} & HEAVY if within(name_of(path), PURE) else set()

    assert offenders(heavy) == {}


def test_importing_the_reasoning_parts_loads_nothing_heavy() -> None:
    assert loaded_by(PURE) & HEAVY == set()


def test_a_burst_loads_no_pulumi() -> None:
    assert loaded_by(("burst",)) & {"pulumi", "pulumi_aws"} == set()


def test_the_root_of_the_command_line_loads_nothing_heavy_but_typer() -> None:
    assert loaded_by(("cli.app", "cli.common")) & HEAVY <= {"typer"}


def test_finding_the_engine_loads_no_pulumi() -> None:
    assert loaded_by(("engine.acquire", "state.lock", "state.processes")) & HEAVY == set()


def test_validate_loads_neither_pulumi_nor_boto3() -> None:
    spec = PACKAGE.parent.parent / "blueprints" / "quickstart" / "tideform.yaml"
    words = f"from tideform.cli.app import main; main(['validate', '--spec', {str(spec)!r}])"
    assert packages_after(words) & HEAVY <= {"typer"}


def loaded_by(parts: tuple[str, ...]) -> set[str]:
    """The top-level packages in a fresh interpreter after importing all modules of these parts."""
    assert not within(SANDBOX, parts)
    names = [f"tideform.{name_of(path)}" for path in MODULES if within(name_of(path), parts)]
    return packages_after(f"import {', '.join(names)}")


def packages_after(statement: str) -> set[str]:
    """The top-level packages in a fresh interpreter after a statement."""
    program = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_only_some_parts_touch_the_world() -> None:
    def world(path: Path) -> set[str]:
        found = set(imports(path))
        return {name for name in WORLD if any(within(module, (name,)) for module in found)}

    assert offenders(world, but_for=TOUCH_THE_WORLD) == {}


BACKENDS = {
    folder.name
    for kind in ("training", "serving")
    for folder in (PACKAGE / "backends" / kind).iterdir()
    if folder.is_dir()
}


def called_backend(node: ast.AST) -> bool:
    """``backend``, ``pool.backend``, ``handle["backend"]``, ``handle.get("backend")``, ``str(…)`` of these."""
    match node:
        case ast.Name(id="backend") | ast.Attribute(attr="backend"):
            return True
        case ast.Subscript(slice=ast.Constant(value="backend")):
            return True
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value="backend"), *_]):
            return True
        case ast.Call(func=ast.Name(id="str"), args=[inside]):
            return called_backend(inside)
    return False


def compares_backends(node: ast.AST) -> bool:
    """Whether a backend is compared with an id, or with several."""
    if not isinstance(node, ast.Compare):
        return False
    sides = (node.left, *node.comparators)
    words = (
        one for side in sides for one in ast.walk(side) if isinstance(one, ast.Constant) and one.value != "backend"
    )
    return any(map(called_backend, sides)) and any(isinstance(word.value, str) for word in words)


def lists_backends(node: ast.AST) -> bool:
    """Whether a collection is of ids of backends and of nothing else; a list of AWS services has others as well."""
    parts = (
        node.keys
        if isinstance(node, ast.Dict)
        else node.elts
        if isinstance(node, ast.Tuple | ast.Set | ast.List)
        else []
    )
    return len(parts) > 1 and all(isinstance(part, ast.Constant) and part.value in BACKENDS for part in parts)


def test_what_a_backend_can_do_is_asked_of_it_and_nowhere_told_from_its_id() -> None:
    def found(path: Path) -> set[str]:
        nodes = (node for node in ast.walk(tree(path)) if compares_backends(node) or lists_backends(node))
        return {f"line {node.lineno}: {ast.unparse(node)}" for node in nodes if isinstance(node, ast.expr)}

    # what `resources` lists are AWS services, to which roles are passed
    assert offenders(found, but_for=("backends", "resources", SANDBOX)) == {}


def test_only_the_command_line_exits() -> None:
    exits = {"sys.exit", "exit", "quit", "os._exit", "SystemExit", "typer.Exit"}
    assert offenders(lambda path: calls(path) & exits, but_for=("cli", *PROGRAMS)) == {}


def test_only_views_and_the_command_line_print() -> None:
    prints = {"print", "typer.echo", "sys.stdout.write", "sys.stderr.write"}
    assert offenders(lambda path: calls(path) & prints, but_for=("cli", "views", *PROGRAMS)) == {}


def test_no_client_is_made_at_import_time() -> None:
    def made(path: Path) -> set[str]:
        at_import = (node for node in tree(path).body if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr))
        found = {ast.unparse(n.func) for top in at_import for n in ast.walk(top) if isinstance(n, ast.Call)}
        return {call for call in found if call.startswith("boto3.") or call.endswith((".client", ".resource"))}

    assert offenders(made) == {}


def test_every_module_says_what_it_is_for() -> None:
    assert offenders(lambda path: set() if ast.get_docstring(tree(path)) else {"no docstring"}) == {}


def test_modules_stay_readable() -> None:
    def length(path: Path) -> set[str]:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        return {f"{lines} lines"} if lines > 300 else set()

    assert offenders(length) == {}


def test_functions_stay_short() -> None:
    def long(path: Path) -> set[str]:
        functions = (n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
        return {f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 50}

    assert offenders(long) == {}
