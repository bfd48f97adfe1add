"""The reference page of controls and frameworks, made from the classes and the data themselves.

``python -m tideform.views.controls > docs/reference/controls.md`` writes it; a test holds that the page is current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tideform.controls import controls
from tideform.controls.base import Control
from tideform.frameworks import Framework, framework, known_frameworks

_HEAD = """\
# Controls and frameworks
Made by `python -m tideform.views.controls`; do not edit.

`compliance.frameworks` declares which standards a project answers to; the plan is then judged by the controls that
those map to. A failing control stops the apply if its severity is error. A waiver under `compliance.waivers` turns it
into a note that names who signed, why and until when. The mapping helps to prepare an audit; it is no certificate.
"""


def page() -> str:
    """The whole page as Markdown."""
    frameworks = [framework(name) for name in sorted(known_frameworks())]
    parts = [_HEAD, "## Controls", *(_control(c, frameworks) for c in controls().values())]
    parts += ["## Frameworks", *(_framework(f) for f in frameworks)]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _control(control: Control, frameworks: list[Framework]) -> str:
    asked = [f"{f.id} {', '.join(f.controls[control.id])}" for f in frameworks if control.id in f.controls]
    return "\n".join(
        [
            f"### {control.id}",
            f"**{control.title}** ({control.severity})",
            "",
            control.description,
            "",
            f"- To fix: {control.fix}.",
            f"- Asked for by: {'; '.join(asked) or 'no framework'}.",
            f"- Source: <{control.source}>",
        ]
    )


def _framework(found: Framework) -> str:
    head = [f"### {found.id}", f"{found.title}, <{found.source}>", ""]
    return "\n".join([*head, "| requirement | what it wants | controls |", "|---|---|---|", *_rows(found)])


def _rows(found: Framework) -> Iterator[str]:
    for r in found.requirements:
        yield f"| {r.id} {r.title} | {r.text} | {', '.join(f'[{c}](#{c})' for c in r.controls)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
