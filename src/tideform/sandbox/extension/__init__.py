"""What moto lacks and this project needs, put inside moto: every client, the provider or plain boto3, sees it.

- `nouns`: whole resources (create, describe, update, delete, list) out of botocore's own shapes; a row in `table`.
- `remembered`: members that moto takes and forgets; a row in `table`.
- one module a service for what needs behaviour: `sagemaker`, `kms`, `budgets`, `ec2`, `s3`.

Whatever is stored without behaviour also gets a row in `tideform.sandbox.stored_only`.
"""

from __future__ import annotations


def install() -> None:
    """Extend moto's classes. Once a process, before it serves; only then is moto imported."""
    from tideform.sandbox.extension import budgets, ec2, kms, nouns, remembered, s3, sagemaker, table

    store = nouns.Store()
    for noun in table.NOUNS:
        nouns.install(noun, store)
    for row in table.REMEMBERED:
        remembered.install(row)
    sagemaker.install(store)
    for module in (kms, budgets, ec2, s3):
        module.install()
