"""How long a lease can be: whatever begins, reads or extends one goes by this. In seconds. Pure."""

from __future__ import annotations

LONGEST = 7 * 86_400  # a forgotten burst ends within a week, whatever else fails
# SSM runs a command for two days at most, by the schema of AWS-RunShellScript (``executionTimeout``):
# https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html
LONGEST_COMMAND = 172_800
