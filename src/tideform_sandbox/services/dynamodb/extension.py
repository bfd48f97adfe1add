"""DynamoDB: another key for a table that stands, and quick answers.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from typing import Any

from moto.dynamodb.responses import DynamoHandler

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import put
from tideform_sandbox.services.dynamodb import answers as dynamodb_answers
from tideform_sandbox.services.dynamodb import compared as dynamodb_compared


def install(_: Store) -> None:
    """Extend moto's DynamoDB."""
    dynamodb_answers.install()
    dynamodb_compared.install()
    update = DynamoHandler.update_table

    def update_table(self: Any) -> Any:
        if "SSESpecification" in self.body:
            self.dynamodb_backend.get_table(self.body["TableName"]).sse_specification = self.body["SSESpecification"]
        return update(self)

    put(DynamoHandler, "update_table", update_table)
