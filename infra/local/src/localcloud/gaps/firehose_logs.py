"""Firehose unpacks what CloudWatch Logs sends it.

AWS: the processors ``Decompression`` and ``CloudWatchLogProcessing`` make each log message out of the
compressed envelope, ``AppendDelimiterToRecord`` ends it with a delimiter.
MiniStack: knows the processor ``Lambda`` and passes everything else through.
Bridge: do what these processors do before a function gets the records. What cannot be unpacked, which
AWS writes below the error prefix, is dropped here with a warning in the server's log.
"""

from __future__ import annotations

import gzip
import json
import logging
from typing import Any

from ministack.services import firehose

from localcloud.gaps import Settings

TOUCHES = ("ministack.services.firehose:_apply_lambda_processors",)

Record = tuple[str, bytes]
_log = logging.getLogger("localcloud")


def apply(_settings: Settings) -> None:
    """Run the processors that need no function, then those that do."""
    by_functions = firehose._apply_lambda_processors

    def by_all(
        stream: dict[str, Any], destination: dict[str, Any], records: list[Record], **sinks: Any
    ) -> Any:
        processing = (destination.get("config") or {}).get("ProcessingConfiguration") or {}
        if str(processing.get("Enabled", False)).lower() == "true":
            records = [
                (record_id, made)
                for record_id, data in records
                for made in processed(data, processing.get("Processors") or [])
            ]
        return by_functions(stream, destination, records, **sinks)

    firehose._apply_lambda_processors = by_all


def processed(data: bytes, processors: list[dict[str, Any]]) -> list[bytes]:
    """What the processors make of one record: nothing, where it is no log data."""
    wanted = {processor.get("Type"): _parameters(processor) for processor in processors}
    made = [data]
    if "Decompression" in wanted:
        try:
            made = [gzip.decompress(data)]
        except OSError:
            _log.warning("Firehose cannot decompress a record of %d bytes", len(data))
            return []
    if wanted.get("CloudWatchLogProcessing", {}).get("DataMessageExtraction", "").lower() == "true":
        made = [event["message"].encode() for event in json.loads(made[0]).get("logEvents", [])]
    if "AppendDelimiterToRecord" in wanted:
        delimiter = wanted["AppendDelimiterToRecord"].get("Delimiter", "\\n").replace("\\n", "\n")
        made = [each + delimiter.encode() for each in made]
    return made


def _parameters(processor: dict[str, Any]) -> dict[str, str]:
    return {
        parameter["ParameterName"]: str(parameter["ParameterValue"])
        for parameter in processor.get("Parameters") or []
    }
