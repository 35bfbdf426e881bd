"""A damaged or malicious upload ends as done or refused, its rows add up, and the next import goes on."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from stage_client import Athlete, Stage

Proof = Callable[[str, str], None]
SEED = 20261125
DAMAGED = 24
SETTINGS = {"weightUnit": "kg", "distanceUnit": "km", "timezone": "Europe/Berlin"}
PIECES = (
    b'"',
    b",",
    b";",
    b"\n",
    b"\r",
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\x1b[31m",
    b"=cmd|'/C calc'!A0",
    b"9" * 400,
)

OWN = b"type,startedAt,durationMin,distanceM,notes\n" + b"".join(
    b'run,2026-01-%02dT07:00:00Z,45.5,9000,"easy, dry"\n' % day for day in range(1, 29)
)
FITNOTES = b"Date,Exercise,Category,Weight (kgs),Reps,Distance,Distance Unit,Time,Comment\n" + b"".join(
    b"2026-01-%02d,Squat,Legs,80.0,5,,,,deep\n" % day for day in range(1, 29)
)
ITEMS = b'{"format": "wotr", "version": 1, "items": [\n'


def damaged() -> Iterator[bytes]:
    """Sound files with a few bytes put in, taken out and changed: the same in every run."""
    chance = random.Random(SEED)
    for number in range(DAMAGED):
        content = bytearray((OWN, FITNOTES)[number % 2])
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(content))
            match chance.randrange(3):
                case 0:
                    content[at:at] = chance.choice(PIECES)
                case 1:
                    del content[at : at + chance.randint(1, 60)]
                case _:
                    content[at] ^= 1 << chance.randrange(8)
        yield bytes(content)


def malicious() -> Iterator[bytes]:
    """Files made to take a reader's time, memory or stack, or to pass for another."""
    yield from (b"\n", b"\0" * 4_096, OWN[:20], gzip.compress(b"0" * 50_000_000), b"PK\x03\x04" + b"\0" * 100)
    yield OWN + b'"' + b"a,\n" * 40_000
    yield OWN + b'"a,"b,"' * 300_000
    yield OWN + b"," * 3_000_000
    yield OWN.replace(b"45.5", b"9" * 100_000)
    yield ITEMS + b"[" * 100_000 + b"\n]}\n"
    yield ITEMS + b'{"record":' * 50_000 + b"\n]}\n"
    yield OWN.decode().encode("utf-16")[:-1]


def brought_in(athlete: Athlete, content: bytes) -> tuple[str, int, int]:
    """How the import of a file ended, how many rows it had, and how many of them were set aside."""
    state = athlete.import_file(content, SETTINGS).ended(patience_s=120)
    assert state["state"] in {"done", "refused"}, state
    assert state["state"] == "done" or state["reason"], state
    counts = state.get("counts", {"rows": 0, "new": 0, "known": 0, "setAside": 0})
    assert counts["rows"] == counts["new"] + counts["known"] + counts["setAside"], state
    return state["state"], counts["rows"], counts["setAside"]


def test_damaged_and_malicious_uploads_end_and_add_up(stage: Stage, proof: Proof) -> None:
    files = [*damaged(), *malicious()]
    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(lambda content: brought_in(stage.athlete(), content), files))
    done = [end for end in ends if end[0] == "done"]
    assert len(done) >= DAMAGED / 2, "most damage costs single rows"
    assert brought_in(stage.athlete(), OWN) == ("done", 28, 0), "a sound file is read as ever"
    rows, aside = sum(end[1] for end in ends), sum(end[2] for end in ends)
    proof(
        "8 hostile uploads",
        f"{len(files)} files: {len(done)} done, {len(files) - len(done)} refused; "
        f"{rows} rows, {aside} of them set aside",
    )
