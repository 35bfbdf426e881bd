"""What imports work with: tables, topic, bucket and clock, the same in a function and in a container."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from wotr_common.envelope import DataKeys
from wotr_common.limits import Limits, LimitsReader
from wotr_common.notes import Notes
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.formats.detect import Opened, opened
from wotr_workers.imports.run import Importer
from wotr_workers.imports.told import Records
from wotr_workers.imports.undo import Undoer
from wotr_workers.records.kept import KeptRecords
from wotr_workers.records.rebuild import Rebuilder
from wotr_workers.store import Imports, Leases, Table
from wotr_workers.topics import ImportsTopic
from wotr_workers.uploads import Uploads


class DeskSettings(Settings):
    """Environment of whatever imports."""

    workouts_table: str
    config_path: str
    uploads_bucket: str
    imports_topic_arn: str
    notes_key_alias: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The neighbours of an import and of an undo."""

    uploads: Uploads
    table: Table
    imports: Imports
    leases: Leases
    topic: ImportsTopic
    records: Records
    limits: Callable[[], Limits]
    clock: Callable[[], datetime]

    @classmethod
    def of(cls, settings: DeskSettings, clock: Callable[[], datetime]) -> Self:
        """A desk with real AWS behind it."""
        dynamodb, name = clients.dynamodb(patient=True), settings.workouts_table
        table = Table(dynamodb, name, Notes(DataKeys(clients.kms, settings.notes_key_alias)))
        return cls(
            Uploads(clients.s3(), settings.uploads_bucket),
            table,
            Imports(dynamodb, name),
            Leases(dynamodb, name),
            ImportsTopic(clients.sns(), settings.imports_topic_arn),
            Rebuilder(KeptRecords(table, clock)),
            LimitsReader(clients.ssm(), f"{settings.config_path}/workouts").get,
            clock,
        )

    def importer(self, reading: Callable[[Iterable[bytes]], Opened] = opened) -> Importer:
        """Imports uploads, which `reading` opens."""
        return Importer(
            self.uploads,
            self.table,
            self.imports,
            self.leases,
            self.topic,
            self.records,
            self.limits,
            self.clock,
            reading,
        )

    def undoer(self) -> Undoer:
        """Takes imports back."""
        return Undoer(
            self.table, self.imports, self.leases, self.topic, self.records, self.limits, self.clock
        )
