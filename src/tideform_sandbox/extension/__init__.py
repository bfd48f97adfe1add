"""What moto lacks and this project needs, put inside moto: every client, the provider or plain boto3, sees it.

- `nouns`: whole resources (create, describe, update, delete, list) out of botocore's own shapes; a row in `table`.
- `remembered`: members that moto takes and forgets; a row in `table`.
- `taken`: names that moto gives to a second thing; a row in `table`.
- one module a service for what needs behaviour: `sagemaker`, `awslambda`, `kms`, `budgets`, `dynamodb`, `ec2`,
  `logs`, `s3`, `sns`.

Whatever is stored without behaviour also gets a row in `tideform.local.stored_only`.
"""

from __future__ import annotations

from importlib import import_module

from tideform_sandbox.extension import nouns, remembered, table, taken

_BEHAVIOUR = ("applicationautoscaling", "awslambda", "budgets", "dynamodb", "ec2", "kms", "logs", "s3", "sns")


def install(service: str) -> None:
    """Extend moto's classes of one service, before it serves; only then are they imported."""
    store = nouns.Store()
    for noun in table.NOUNS.get(service, ()):
        nouns.install(noun, store)
    for row in table.REMEMBERED.get(service, ()):
        remembered.install(row)
    for taken_row in table.TAKEN.get(service, ()):
        taken.install(taken_row)
    if service == "sagemaker":
        from tideform_sandbox.services.sagemaker import extension as sagemaker

        sagemaker.install(store)
    elif service in _BEHAVIOUR:
        import_module(f"{__name__}.{service}").install()
