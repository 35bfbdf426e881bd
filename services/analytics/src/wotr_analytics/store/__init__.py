"""The tables as this service sees them: it writes `Views`, and reads `Workouts` where views are rebuilt."""

from __future__ import annotations

from wotr_analytics.store.record import Record
from wotr_analytics.store.table import Table
from wotr_analytics.store.views import Views

__all__ = ["Record", "Table", "Views"]
