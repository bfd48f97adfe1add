"""What an update or a replacement does to the work that is going on, by type. Pure.

Sources: AWS Batch user guide, 'Deleting a compute environment' (it must be disabled first, and then takes no new
jobs); AWS Batch API, DeleteJobQueue ('all jobs in the queue are eventually terminated'); SageMaker API, UpdateEndpoint
(new instances first, old ones deleted after traffic has moved).
"""

from __future__ import annotations

from typing import Final

from tideform.model.planned import Action, PlannedResource

_GONE: Final = frozenset({Action.REPLACE, Action.DELETE})
_NOTES: Final = {
    ("aws:batch/computeEnvironment:ComputeEnvironment", _GONE): ("drains first: it takes no new jobs before it goes"),
    ("aws:batch/jobQueue:JobQueue", _GONE): "jobs that wait or run in this queue are ended with it",
    ("aws:sagemaker/endpoint:Endpoint", frozenset({Action.UPDATE})): (
        "drains first: new instances take the traffic over before the old ones go"
    ),
    ("aws:sagemaker/endpoint:Endpoint", _GONE): "calls fail between the old endpoint and a new one",
}


def update_note(resource: PlannedResource) -> str:
    """What a reader of the plan should know before saying yes; mostly nothing."""
    found = (note for (kind, actions), note in _NOTES.items() if resource.type == kind and resource.action in actions)
    return next(found, "")
