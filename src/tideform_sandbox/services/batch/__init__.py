"""AWS Batch in the sandbox: a small control plane that runs job commands for real, as processes of this machine.

moto keeps the definitions (compute environments, queues, job definitions); this package replaces what moto makes of a
job. One job's way: `operations` (the API) → `plane` (placement and life cycle) → `fleet` (instances, in moto's EC2) and
`process` (the command, under `supervisor`) → `logs` (CloudWatch Logs in moto).
"""
