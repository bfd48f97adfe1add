"""Secondary states of a SageMaker training job.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
"""

from __future__ import annotations

from typing import Final

# It has no machines, or has lost them.
NO_MACHINES: Final = ("Starting", "Pending", "LaunchingMLInstances", "Interrupted", "Restarting")
# Its own command does not run.
WAITS: Final = (*NO_MACHINES, "PreparingTrainingStack", "Downloading")
