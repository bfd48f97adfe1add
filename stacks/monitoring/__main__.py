"""Monitoring: what tells whom.

pools, endpoints, budget ── alarms ── topic ── people and queues
                        └── dashboard
"""

import pulumi

from tideform.components.monitoring.topic import AlertTopic
from tideform.components.monitoring.watch import Watch
from tideform.components.program import deployment, provider, upstream
from tideform.components.scope import Scope

target = deployment()
scope = Scope(target, "monitoring")
opts = pulumi.ResourceOptions(provider=provider(target))

alerts = AlertTopic(scope, target.spec.monitoring.notify, key_arn=upstream("foundation")["kms_key_arn"], opts=opts)
watch = Watch(scope, alerts, opts)

pulumi.export("topic_arn", alerts.topic.arn)
pulumi.export("dashboard_name", watch.dashboard.dashboard_name)
