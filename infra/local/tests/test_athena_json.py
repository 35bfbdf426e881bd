"""Gap: Athena reads JSON lines with the columns that the table declares."""

from __future__ import annotations

import gzip
from typing import Any

from stack import Client, Deploy, Wait

WORKGROUP = "contract-json"


def table(*columns: tuple[str, str]) -> dict[str, Any]:
    """A bucket, a table over its JSON lines with one partition key, and a workgroup."""
    return {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": "contract"}},
        },
        "Table": {
            "Type": "AWS::Glue::Table",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseName": {"Ref": "Database"},
                "TableInput": {
                    "Name": "things",
                    "TableType": "EXTERNAL_TABLE",
                    "Parameters": {"classification": "json"},
                    "PartitionKeys": [{"Name": "dt", "Type": "string"}],
                    "StorageDescriptor": {
                        "Location": {"Fn::Sub": "s3://${Bucket}/things/"},
                        "Columns": [{"Name": name, "Type": kind} for name, kind in columns],
                    },
                },
            },
        },
        "WorkGroup": {
            "Type": "AWS::Athena::WorkGroup",
            "Properties": {
                "Name": WORKGROUP,
                "WorkGroupConfiguration": {
                    "ResultConfiguration": {"OutputLocation": {"Fn::Sub": "s3://${Bucket}/results/"}}
                },
            },
        },
    }


def test_columns_and_types_are_those_of_the_table(stack: Deploy, client: Client, eventually: Wait) -> None:
    made = stack(
        table(("occurred_at", "string"), ("id", "string"), ("minutes", "double"), ("never", "string")),
    )
    lines = b"""\
{"occurred_at":"2026-11-16T06:30:00.000Z","id":"ca7ae0a7-166d-51d2-bf1d-6a5f8391de3a","minutes":1}
{"occurred_at":"2026-11-16T07:30:00.000Z","id":"x","minutes":2.5,"other":[1]}
"""
    client("s3").put_object(
        Bucket=made.ids["Bucket"], Key="things/dt=2026-11-16/a.jsonl.gz", Body=gzip.compress(lines)
    )
    athena = client("athena")
    started = athena.start_query_execution(
        QueryString="SELECT substr(occurred_at, 1, 10), max(id), sum(minutes), count(never), max(dt) "
        "FROM things GROUP BY 1",
        QueryExecutionContext={"Database": "contract"},
        WorkGroup=WORKGROUP,
    )["QueryExecutionId"]

    def status() -> Any:
        found = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
        return found if found["State"] in ("SUCCEEDED", "FAILED") else None

    assert eventually(status)["State"] == "SUCCEEDED", eventually(status)
    _, row = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
    assert [cell["VarCharValue"] for cell in row["Data"]] == ["2026-11-16", "x", "3.5", "0", "2026-11-16"]
