"""The sandbox's stand-in for the vendor's AWS provider.

The Pulumi engine runs it as ``pulumi-resource-aws``. It speaks the engine's provider protocol, and creates, reads,
updates and deletes with boto3 against the sandbox's endpoint, with the vendor's names, ids and replacement rules.
"""
