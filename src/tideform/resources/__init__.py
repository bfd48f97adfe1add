"""What is known of each type of resource, written once: a module per AWS service, with its ``TYPES``.

Recovery, the price lines, receipts, the CI role's policy and the plan ask `tideform.resources.registry` for a type and
read there what they need. To add a type, write one entry in its service's module, and its kind in the sandbox. Nothing
here is asked of AWS at import: whatever looks something up is handed the `Cloud` to ask.
"""
