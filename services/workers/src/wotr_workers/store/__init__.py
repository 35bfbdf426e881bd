"""The table `Workouts` as this service sees it."""

from wotr_workers.store.imports import Imports
from wotr_workers.store.items import (
    Changed,
    Item,
    NotesOf,
    NotesUnreadable,
    NotRead,
    Refused,
    plain,
    raw,
    streamed,
)
from wotr_workers.store.leases import Leases
from wotr_workers.store.table import READ_ITEMS, Delete, Keep, Put, Remove, Table, Write
from wotr_workers.store.workouts import Workouts

__all__ = [
    "READ_ITEMS",
    "Changed",
    "Delete",
    "Imports",
    "Item",
    "Keep",
    "Leases",
    "NotRead",
    "NotesOf",
    "NotesUnreadable",
    "Put",
    "Refused",
    "Remove",
    "Table",
    "Workouts",
    "Write",
    "plain",
    "raw",
    "streamed",
]
