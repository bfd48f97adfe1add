"""Every code that the spec's reader speaks, with its constant summary.

``docs/reference/diagnostics.md`` lists them for users; a test holds the two together.
"""

from __future__ import annotations

from tideform.diagnostics import Diagnostic, Location, Severity

SUMMARIES: dict[str, str] = {
    # reading the file
    "TD001": "There is no project spec",
    "TD002": "The project spec is not a regular file",
    "TD003": "The project spec cannot be opened",
    "TD004": "The project spec is too large",
    "TD005": "The project spec is not UTF-8 text",
    "TD006": "The project spec is not valid YAML",
    "TD007": "A tab stands where YAML wants spaces",
    "TD008": "The file holds more than one document",
    "TD009": "The project spec is empty",
    "TD010": "The project spec is not a mapping",
    "TD011": "A key is given twice",
    "TD012": "A YAML tag stands in the spec",
    "TD013": "A YAML merge key stands in the spec",
    "TD014": "An alias contains itself",
    "TD015": "The spec has too many values",
    "TD016": "The spec is nested too deeply",
    "TD017": "An alias names no anchor",
    "TD018": "A key is not plain text",
    "TD019": "A YAML directive stands in the spec",
    # the shape of the spec
    "TD100": "Unknown key",
    "TD101": "A key is missing",
    "TD102": "A value has the wrong type",
    "TD103": "A value is not one of the known ones",
    "TD104": "A value is malformed",
    "TD105": "A number or length is out of bounds",
    # environments
    "TD110": "There is no such environment",
    "TD111": "No environment was chosen",
    "TD112": "An environment on AWS is incomplete",
    "TD113": "A key cannot be overridden by an environment",
    # references
    "TD120": "There is no such store",
    "TD121": "A store has the wrong kind",
    "TD122": "There is no such endpoint",
    "TD123": "There is no such pool",
    "TD124": "A move names no unit",
    "TD125": "A waiver names no resource",
    # names
    "TD130": "A cloud name would be too long",
    "TD131": "Two cloud names would be the same",
    # values that contradict each other
    "TD140": "Two settings contradict each other",
    "TD141": "A lease is out of bounds",
    "TD142": "A schedule is malformed",
    "TD143": "The network is impossible",
    "TD144": "A receiver of alarms is malformed",
    "TD145": "Tags cannot be used",
    "TD146": "A limit cannot be enforced",
    "TD147": "A lease is longer than its owner may have",
    "TD148": "Nodes of one job would be far apart",
    "TD149": "A sweep is too large",
    "TD152": "A folder is not one of the project's",
    "TD153": "Work would be lost with its machine",
    "TD155": "A key is of another backend",
    "TD156": "Spot capacity cannot run this",
    "TD157": "A reservation would stay unused",
    "TD158": "A schedule has nothing to start",
    "TD159": "A job is larger than its pool",
    # what must not stand in a file
    "TD150": "A secret stands in the spec",
    "TD151": "A reference to a secret is malformed",
    # what a job is told
    "TD178": "A variable's name is taken",
    "TD179": "The backend does not take so much",
    # images
    "TD180": "The image cannot be pulled in this network",
    "TD181": "The image is one of the account's own registry",
    # disks
    "TD182": "The disk cannot be had",
    "TD183": "A disk costs money beside its machine",
    # machines by region
    "TD184": "The price of an instance type is not known",
    "TD185": "The region does not have an instance type",
    "TD186": "It is not known whether the region has an instance type",
    "TD187": "The file is not a project spec",
    "TD188": "The network has too few zones for a cluster",
    # promises with a date
    "TD160": "A waiver has expired",
    "TD658": "This version of Kubernetes is newer than what is known here",
    "TD667": "EKS does not have this version of Kubernetes",
    "TD668": "This version of Kubernetes leaves standard support",
    "TD172": "A schedule begins at once",
    "TD173": "A job would start itself",
    # capacity blocks
    "TD685": "A capacity block cannot be used here",
    "TD686": "A capacity block is of one type in one zone",
    # places
    "TD170": "Unknown region",
    # the catalogue
    "TD214": "No machine has this accelerator",
    "TD341": "The cap ends a burst before its first checkpoint",
    "TD343": "The cap is below the smallest bill",
    "TD220": "This backend is not available",
    "TD221": "Unknown instance type",
    "TD222": "Unknown control",
    "TD223": "Unknown compliance framework",
    "TD224": "There is no such blueprint",
    "TD225": "A file is in the way",
    "TD227": "A file cannot be written",
    "TD230": "This part of the spec has no effect yet",
}


def problem(
    code: str,
    detail: str,
    *,
    fix: str = "",
    location: Location | None = None,
    path: str = "",
    severity: Severity = Severity.ERROR,
) -> Diagnostic:
    """A diagnostic with its code's constant summary."""
    return Diagnostic(code, severity, SUMMARIES[code], detail, fix, location, path)


def error_at(code: str, summary: str, path: str, *, detail: str, fix: str) -> Diagnostic:
    """An error about one place of the spec, with a summary of its own."""
    return Diagnostic(code, Severity.ERROR, summary, detail=detail, fix=fix, path=path)
