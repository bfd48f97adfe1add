"""Foundation: the ground that every other layer stands on.

key ──┬── lease table ── reaper
      ├── bursts: code on its way to jobs, and their checkpoints
      ├── logs of jobs whose pools are removed between bursts
      └── flow logs ── network ── firewall, endpoints
"""

import pulumi

from tideform.components.iam.key import ProjectKey
from tideform.components.kubernetes.platform import platform
from tideform.components.monitoring.logs import JobLogs
from tideform.components.network.existing import ExistingNetwork
from tideform.components.network.flow_logs import FlowLogs
from tideform.components.network.private import Network
from tideform.components.program import deployment, provider
from tideform.components.reaper.lease_table import LeaseTable
from tideform.components.reaper.reaper import Reaper
from tideform.components.scope import Scope
from tideform.components.storage.image_store import ImageStore
from tideform.components.storage.store import BurstStore
from tideform.pools.zones import makes_cluster

target = deployment()
scope = Scope(target, "foundation")
opts = pulumi.ResourceOptions(provider=provider(target))

key = ProjectKey(scope, opts)
leases = LeaseTable(scope, key_arn=key.key.arn, opts=opts)
if target.spec.training:
    BurstStore(scope, key_arn=key.key.arn, opts=opts)
    JobLogs(scope, key_arn=key.key.arn, opts=opts)
    reaper = Reaper(scope, leases, key_arn=key.key.arn, opts=opts)
    pulumi.export("reaper_function_name", reaper.function.name)
    pulumi.export("reaper_role_arn", reaper.role.arn)
    pulumi.export("reaper_schedule_name", reaper.schedule.name)
if any(pool.job.build for pool in target.spec.training.values()):
    ImageStore(scope, key_arn=key.key.arn, opts=opts)

network: Network | ExistingNetwork
if target.spec.network.existing:
    network = ExistingNetwork(scope, opts)
else:
    network = Network(scope, opts)
    FlowLogs(scope, vpc_id=network.vpc_id, key_arn=key.key.arn, opts=opts)

if makes_cluster(target.spec):
    for output, value in platform(
        scope,
        subnet_ids=network.subnet_ids,
        workload_group_id=network.firewall.workload.id,
        key_arn=key.key.arn,
        reaper_arn=reaper.role.arn,
        opts=opts,
    ).items():
        pulumi.export(output, value)

pulumi.export("vpc_id", network.vpc_id)
pulumi.export("private_subnet_ids", network.subnet_ids)
pulumi.export("endpoint_security_group_id", network.firewall.endpoints.id)
pulumi.export("workload_security_group_id", network.firewall.workload.id)
pulumi.export("kms_key_arn", key.key.arn)
pulumi.export("kms_key_id", key.key.key_id)
pulumi.export("lease_table_name", leases.table.name)
pulumi.export("lease_table_arn", leases.table.arn)
