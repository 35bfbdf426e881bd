"""What all ways of reading are told beside the file."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from wotr_common.limits import Limits

LIMITS = Limits(
    frozenset({"run", "ride", "swim", "walk", "hike", "row", "ski", "strength", "yoga", "other"}),
    Decimal("0.1"),
    Decimal(43_200),
    1,
)
ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
USER = "ada"
IMPORT = "benchmark"
