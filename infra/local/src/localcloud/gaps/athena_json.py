"""Athena reads JSON lines with the columns that the table declares.

AWS: a table over JSON has the columns and types of its definition; what a line lacks is null.
MiniStack: guesses both from the files. A column that no line has yet is an error, and texts that
look like times or identifiers become something else.
Bridge: hand the declared columns to the engine's reader.
"""

from __future__ import annotations

from typing import Any

from ministack.services import athena

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.athena:_data_format",
    "ministack.services.athena:_duckdb_type",
    "ministack.services.athena:_hive_options",
    "ministack.services.athena:_path_partition_keys",
    "ministack.services.athena:_sql_list",
    "ministack.services.athena:_table_relation",
)


def apply(_settings: Settings) -> None:
    """Read JSON by its declaration, everything else as before."""
    guess = athena._table_relation

    def relation(table: dict[str, Any], files: list[str]) -> str:
        columns = (table.get("StorageDescriptor") or {}).get("Columns") or []
        if not columns or athena._data_format(table) != "json":
            guessed: str = guess(table, files)
            return guessed
        declared = ", ".join(f"{_text(each['Name'])}: {_text(athena._duckdb_type(each))}" for each in columns)
        partitions = athena._hive_options(athena._path_partition_keys(table, files))
        return (
            f"read_json({athena._sql_list(files)}, format = 'newline_delimited', "
            f"columns = {{{declared}}}, {partitions})"
        )

    athena._table_relation = relation


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
