from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tests.unit.sandbox.batch.conftest import Pool
from tests.unit.sandbox.batch.family import family
from tests.unit.sandbox.waiting import lives, until
from tideform.local import client

_WAIT_FOR_EVER = "import signal; signal.pause()"


def test_a_job_runs_for_real_and_its_output_becomes_logs(pool: Pool) -> None:
    job = pool.ended(pool.python("print('accuracy', 1/4)"))
    assert job["status"] == "SUCCEEDED"
    assert job["container"]["exitCode"] == 0
    assert pool.lines(job["container"]["logStreamName"]) == ["accuracy 0.25"]


def test_the_log_stream_is_named_as_aws_names_it(pool: Pool) -> None:
    job = pool.ended(pool.python("print(1)"))
    definition, kind, task = job["container"]["logStreamName"].split("/")
    assert (definition, kind, len(task)) == (job["jobName"], "default", 32)


def test_instances_are_there_while_a_job_runs_and_gone_after(pool: Pool) -> None:
    job = pool.python(_WAIT_FOR_EVER)
    pool.running(job)
    assert [instance["InstanceType"] for instance in pool.instances()] == ["g5.xlarge"]
    pool.batch.terminate_job(jobId=job, reason="enough")
    pool.ended(job)
    until(lambda: not pool.instances())


def test_the_first_type_that_holds_the_job_is_launched(pool: Pool) -> None:
    needs = [{"type": "VCPU", "value": "8"}, {"type": "MEMORY", "value": "30000"}]
    job = pool.python(_WAIT_FOR_EVER, container={"resourceRequirements": needs})
    pool.running(job)
    assert [instance["InstanceType"] for instance in pool.instances()] == ["g5.4xlarge"]
    pool.batch.terminate_job(jobId=job, reason="enough")


def test_spot_environments_launch_spot_instances_with_the_environments_tags(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(type="SPOT", minvCpus=4, tags={"tideform:lease": "one"})
    (instance,) = until(pool.instances)
    assert instance["InstanceLifecycle"] == "spot"
    assert {"Key": "tideform:lease", "Value": "one"} in instance["Tags"]


def test_jobs_share_an_instance_that_has_room(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(instanceTypes=["g5.4xlarge"])
    jobs = [pool.python(_WAIT_FOR_EVER) for _ in range(2)]
    for job in jobs:
        pool.running(job)
    assert len(pool.instances()) == 1
    for job in jobs:
        pool.batch.terminate_job(jobId=job, reason="enough")


def test_a_job_waits_where_maxvcpus_leaves_no_room(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(maxvCpus=4)
    first, second = pool.python(_WAIT_FOR_EVER), pool.python("pass")
    pool.running(first)
    assert pool.job(second)["status"] == "RUNNABLE"
    pool.batch.terminate_job(jobId=first, reason="enough")
    assert pool.ended(second)["status"] == "SUCCEEDED"


def test_a_job_that_fits_nowhere_says_so(pool: Pool) -> None:
    needs = [{"type": "VCPU", "value": "128"}, {"type": "MEMORY", "value": "1024"}]
    job = pool.python("pass", container={"resourceRequirements": needs})
    until(lambda: "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT" in pool.job(job).get("statusReason", ""))
    pool.batch.cancel_job(jobId=job, reason="too large")
    assert pool.job(job)["isCancelled"]


def test_a_failure_is_the_commands_own_exit_code(pool: Pool) -> None:
    job = pool.ended(pool.python("raise SystemExit(3)"))
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 3)


def test_a_command_that_does_not_exist_fails_with_its_reason_in_the_log(pool: Pool) -> None:
    job = pool.ended(pool.submit("no-such-command"))
    assert job["container"]["exitCode"] == 127
    assert "no-such-command" in pool.lines(job["container"]["logStreamName"])[0]


def test_a_missing_log_group_fails_the_job_as_on_aws(pool: Pool) -> None:
    options = {"logDriver": "awslogs", "options": {"awslogs-group": "/absent"}}
    job = pool.ended(pool.python("pass", container={"logConfiguration": options}))
    assert "log group does not exist" in job["container"]["reason"]


def test_retries_follow_the_strategy_and_count_attempts(pool: Pool) -> None:
    code = "import os, sys; sys.exit(0 if os.environ['AWS_BATCH_JOB_ATTEMPT'] == '3' else 9)"
    job = pool.ended(pool.python(code, retryStrategy={"attempts": 5}))
    assert job["status"] == "SUCCEEDED"
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [9, 9, 0]


def test_the_environment_is_clean_but_for_what_batch_and_the_sandbox_give(pool: Pool) -> None:
    given = {"environment": [{"name": "OWN", "value": "yes"}, {"name": "AWS_ENDPOINT_URL", "value": "http://evil"}]}
    job = pool.ended(
        pool.python("import os; print(*sorted(os.environ)); print(os.environ['AWS_ENDPOINT_URL'])", container=given)
    )
    names, endpoint = pool.lines(job["container"]["logStreamName"])
    own = {name for name in names.split() if not name.startswith(("AWS_", "LC_"))}
    assert own == {"OWN", "PATH", "HOME", "TMPDIR", "LANG", "PYTHONUNBUFFERED", "TIDEFORM_COMMAND"}
    assert {"AWS_BATCH_JOB_ID", "AWS_BATCH_JQ_NAME", "AWS_ACCESS_KEY_ID"} <= set(names.split())
    assert endpoint == client.ensure(pool.workspace).endpoint


def test_python_is_the_one_that_runs_tideform(pool: Pool) -> None:
    job = pool.ended(pool.python("import sys; print(sys.prefix)"))
    assert pool.lines(job["container"]["logStreamName"]) == [sys.prefix]


def test_the_command_runs_in_the_workspace_or_a_folder_of_it(pool: Pool) -> None:
    (pool.workspace.root / "code").mkdir(exist_ok=True)
    own = {"environment": [{"name": "TIDEFORM_WORKDIR", "value": "code"}]}
    job = pool.ended(pool.python("import os; print(os.getcwd())", container=own))
    assert pool.lines(job["container"]["logStreamName"]) == [str((pool.workspace.root / "code").resolve())]


def test_a_command_never_runs_outside_of_the_workspace(pool: Pool) -> None:
    own = {"environment": [{"name": "TIDEFORM_WORKDIR", "value": "../.."}]}
    job = pool.ended(pool.python("pass", container=own))
    assert "no folder of the workspace" in job["container"]["reason"]


def test_parameters_are_filled_in(pool: Pool) -> None:
    job = pool.ended(
        pool.submit("echo", "Ref::who", parameters={"who": "nobody"}, submission={"parameters": {"who": "world"}})
    )
    assert pool.lines(job["container"]["logStreamName"]) == ["world"]


def test_an_array_runs_each_member_with_its_index(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(instanceTypes=["g5.4xlarge"])
    code = "import os, sys; sys.exit(int(os.environ['AWS_BATCH_JOB_ARRAY_INDEX']))"
    job = pool.ended(pool.python(code, submission={"arrayProperties": {"size": 2}}))
    assert job["status"] == "FAILED"
    members = pool.batch.describe_jobs(jobs=[f"{job['jobId']}:0", f"{job['jobId']}:1"])["jobs"]
    assert [member["container"]["exitCode"] for member in members] == [0, 1]


def test_a_job_waits_for_another_and_fails_with_it(pool: Pool) -> None:
    first = pool.python("raise SystemExit(1)")
    second = pool.python("pass", submission={"dependsOn": [{"jobId": first}]})
    assert pool.ended(second)["statusReason"] == "Dependent Job failed"


def test_a_timeout_ends_the_attempt_for_good(pool: Pool) -> None:
    settings: dict[str, Any] = {"timeout": {"attemptDurationSeconds": 3600}, "retryStrategy": {"attempts": 3}}
    job = pool.python(_WAIT_FOR_EVER, **settings)
    pool.running(job)
    pool.advance(3601)
    ended = pool.ended(job)
    assert ended["statusReason"] == "Job attempt duration exceeded timeout"
    assert len(ended["attempts"]) == 1


def test_terminating_kills_the_whole_tree_after_the_grace(pool: Pool) -> None:
    job, pids = family(pool)
    pool.batch.terminate_job(jobId=job, reason="enough")
    assert all(lives(pid) for pid in pids)
    pool.advance(31)
    ended = pool.ended(job)
    assert (ended["statusReason"], ended["isTerminated"]) == ("enough", True)
    assert not any(lives(pid) for pid in pids)


_COUNTS = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))
while True:
    print("on", flush=True)
    time.sleep(0.1)
"""


def test_a_job_that_is_terminated_again_and_again_is_asked_once(pool: Pool) -> None:
    job = pool.python(_COUNTS)
    stream = pool.running(job)["container"]["logStreamName"]

    def goes_on() -> None:
        there = len(pool.lines(stream))
        until(lambda: len(pool.lines(stream)) > there + 2)

    for _ in range(3):
        goes_on()
        pool.batch.terminate_job(jobId=job, reason="enough")
    goes_on()
    pool.advance(31)
    pool.ended(job)
    assert pool.lines(stream).count("asked") == 1


def test_an_instance_that_is_ended_takes_its_job_along(pool: Pool) -> None:
    job, pids = family(pool)
    (instance,) = pool.instances()
    pool.cloud.client("ec2").terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert pool.ended(job)["statusReason"].startswith("Host EC2 (instance i-")
    until(lambda: not any(lives(pid) for pid in pids))


_SMALL = {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]}
_FORKED = """
import os, signal
held = b"x" * 60 * 2**20
for _ in range(3):
    if os.fork() == 0:
        {child}
        signal.pause()
{after}
"""


def test_a_job_that_holds_more_memory_than_it_asked_for_is_killed(pool: Pool) -> None:
    job = pool.ended(pool.python("held = b'x' * 300 * 2**20\nimport signal; signal.pause()", container=_SMALL))
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 137)
    (line,) = pool.lines(job["container"]["logStreamName"])
    assert line.startswith("out of memory: killed") and line.endswith("of the 128 MiB that it has")


def test_the_memory_of_what_a_job_started_counts(pool: Pool) -> None:
    code = _FORKED.format(child="held = b'y' * 60 * 2**20", after="signal.pause()")
    job = pool.ended(pool.python(code, container=_SMALL))
    assert job["container"]["exitCode"] == 137


def test_memory_that_processes_share_counts_once(pool: Pool) -> None:
    code = _FORKED.format(child="pass", after="import time; time.sleep(1.5)")
    job = pool.ended(pool.python(code, container=_SMALL))
    assert (job["status"], job["container"]["exitCode"]) == ("SUCCEEDED", 0)


def test_overrides_that_ecs_does_not_take_fail_the_job_once_its_machine_is_there(pool: Pool) -> None:
    job = pool.python("print(1)", submission={"containerOverrides": {"command": ["echo", "x" * 8192]}})
    ended = pool.ended(job)
    assert (ended["status"], ended["statusReason"]) == ("FAILED", "Container Overrides length must be at most 8192")


def test_an_empty_variable_is_dropped_as_by_batch(pool: Pool) -> None:
    look = "import os; print('GONE' in os.environ)"
    job = pool.ended(
        pool.python(look, submission={"containerOverrides": {"environment": [{"name": "GONE", "value": ""}]}})
    )
    assert pool.lines(job["container"]["logStreamName"]) == ["False"]
