"""Whether an object is one, by the schemas of the kinds that Kubernetes itself has.

Kinds that come with CRDs are not checked: we ship no schema of theirs, and a cluster checks them itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tideform.spec.project import Cluster
from tideform_sandbox.providers.aws.wire import has_unknown


def problem(found: Mapping[str, Any]) -> tuple[str, str]:
    """The first place that does not fit its schema and why; two empty texts where none is found, or none is known."""
    if has_unknown(dict(found)):
        return "", ""  # judged when everything is known
    import kubernetes_validate

    try:
        kubernetes_validate.validate(dict(found), Cluster().version, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return "", ""
    except kubernetes_validate.ValidationError as error:
        return ".".join(str(each) for each in error.path), str(error.message)
    return "", ""
