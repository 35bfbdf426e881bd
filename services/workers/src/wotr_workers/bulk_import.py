"""One large upload imported by a process of its own: ``python -m wotr_workers.bulk_import --event JSON``.

The same import as the function's, without its time limit. It notes after each batch how far it got, and
whoever comes next goes on from there: after SIGTERM, which ends it behind the batch at hand, and after a
crash or a kill, once the athlete's lease has ended.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Any

from wotr_common.observability import MetricUnit, annotate_span, logger, metrics
from wotr_common.settings import SettingsError
from wotr_workers.formats.detect import Opened, opened
from wotr_workers.imports.desk import Desk, DeskSettings
from wotr_workers.imports.lease import BUSY_S, Later
from wotr_workers.imports.long_turn import LongTurn
from wotr_workers.uploads import NoUpload, Upload, upload_of

# What the process ends with. The first two are argparse's and Python's own.
DONE, FAILED, WRONG_CALL = 0, 1, 2
NO_UPLOAD, GO_ON, NOT_SET_UP = 65, 75, 78  # sysexits' EX_DATAERR, EX_TEMPFAIL and EX_CONFIG

_CODES = f"""exit codes:
  {DONE:>2}  imported, refused, or nothing left to do
  {FAILED:>2}  an error; what was stored stays, another try goes on behind it
  {WRONG_CALL:>2}  wrong arguments
  {NO_UPLOAD:>2}  the event is not of an upload, or the object is gone: no try will help
  {GO_ON:>2}  stopped (SIGTERM); another try goes on behind the last batch
  {NOT_SET_UP:>2}  a variable of the environment is missing or wrong
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Import one upload; the exit code."""
    options = _parser().parse_args(arguments)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = DeskSettings.load()
        upload = upload_of(options.event)
        logger.set_correlation_id(upload.import_id)
        annotate_span(user_id=upload.user_id)
        metrics.set_default_dimensions(stage=settings.wotr_stage)
        return imported(Desk.of(settings, _now), upload, stop)
    except SettingsError as error:
        logger.error("not set up", reason=str(error))
        return NOT_SET_UP
    except NoUpload as error:
        logger.error("no upload", reason=str(error))
        return NO_UPLOAD
    except Exception:  # noqa: BLE001 - whatever it is, what was written stays and another try goes on
        logger.exception("import not finished, another try goes on")
        return FAILED


def imported(desk: Desk, upload: Upload, stop: Event, wait: Callable[[float], Any] | None = None) -> int:
    """Import `upload`, after other imports of its athlete, until `stop`; the exit code. Errors are raised."""
    wait = wait or stop.wait
    while True:
        turn = LongTurn(desk.clock, stop)
        try:
            tally = desk.importer(partial(_opened, turn)).run_in(upload, turn)
        except Later as later:
            logger.info("to be continued", why=str(later), stopped=stop.is_set())
            if stop.is_set():
                return GO_ON
            wait(later.delay_s or BUSY_S)
            continue
        if tally is not None:
            logger.info("import ended", counts=tally.counts())
            metrics.add_metric("WorkoutsImported", MetricUnit.Count, tally.new)
            metrics.add_metric("RowsSetAside", MetricUnit.Count, tally.set_aside)
            metrics.flush_metrics()
        return DONE


def _opened(turn: LongTurn, chunks: Iterable[bytes]) -> Opened:
    return opened(turn.during(chunks))


def _now() -> datetime:
    return datetime.now(UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wotr_workers.bulk_import",
        description="Import one uploaded export, however long that takes.",
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--event", required=True, metavar="JSON", help="S3's event of the created object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
