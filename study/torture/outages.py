"""Stores that fail: full, read-only, locked, damaged, or behind a server that is slow, fails or is no more.

A sweep then ends soon and in one message, or waits where waiting helps; where a server is away it trains on, and what
it trained waits for the next sweep. What it cannot read it leaves as it is.
"""

import ctypes
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from random import Random

import sqlalchemy as sa

from study.bench.servers import free_port
from study.torture.serving import gateway, served
from study.torture.strikes import SOON, Strike, Struck, untidy
from study.torture.sweep import OPTIMIZERS, Store, asked, moment
from study.ui import HOST

_FAILS = (1, 2)  # exit statuses of what could not be kept, and of what was refused
_DROP, _DAC_OVERRIDE = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE: see prctl(2) and capabilities(7)


def _full(store: Store, draw: Random, _: float) -> Struck:
    """Let no file grow beyond a size that the store's would have soon."""
    size = draw.randint(100_000, 1_500_000)
    sweep = store.train(first=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    return Struck(wrong=untidy(sweep.end(), 0, *_FAILS))


def _read_only(store: Store, draw: Random, _: float) -> Struck:
    """Take the right to write to the store away, of which root is then not free."""
    _begin(store, draw)
    folder = store.database.parent
    files = [folder, *folder.rglob("*")]
    for path in files:
        path.chmod(path.stat().st_mode & ~0o222)
    ended = store.train(first=_no_override).end()
    for path in files:
        path.chmod(path.stat().st_mode | 0o200)
    return Struck(wrong=untidy(ended, 2))


def _no_override() -> None:
    if os.getuid() == 0:
        ctypes.CDLL(None).prctl(_DROP, _DAC_OVERRIDE, 0, 0, 0)


def _locked(store: Store, draw: Random, seconds: float) -> Struck:
    """Lock the database for some seconds: the sweep waits."""
    if draw.random() < 0.5:
        _begin(store, draw)
    sweep = store.train()
    moment(sweep, store, draw.random(), seconds=seconds, written=draw.random() < 0.5)
    if store.database.exists():
        with closing(sqlite3.connect(store.database, timeout=60, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(draw.uniform(1, 4))
            other.execute("ROLLBACK")
    return Struck(wrong=untidy(sweep.end(), 0))


def _damaged(store: Store, draw: Random, _: float) -> Struck:
    """Damage the database: it is said, and what is left of it is left as it is."""
    _begin(store, draw)
    whole = store.database.read_bytes()
    cut = draw.randrange(5_000, len(whole) // 2)
    damaged = draw.choice(
        [b"\0" * 4096 + whole[4096:], draw.randbytes(4096) + whole[4096:], whole[:cut], whole[:50]]
    )
    store.database.write_bytes(damaged)
    ended = store.train().end()
    kept = store.database.read_bytes() == damaged
    store.database.write_bytes(whole)
    return Struck(wrong=untidy(ended, *_FAILS) or ("" if kept else "the damaged file was written"))


def _server_absent(store: Store, draw: Random, _: float) -> Struck:
    """Name a tracking server that is not there."""
    _begin(store, draw)
    return Struck(wrong=untidy(store.train(uri=f"http://{HOST}:{free_port()}").end(), 2))


def _server_killed(store: Store, draw: Random, seconds: float) -> Struck:
    """Kill a tracking server while a sweep writes through it; its store is whole afterwards, for the next sweep."""
    _begin(store, draw)
    port = free_port()
    with served(store, port) as (url, pid):
        sweep = store.train(uri=url)
        hit = moment(sweep, store, draw.random(), seconds=2 * seconds, written=draw.random() < 0.7)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        began = time.monotonic()
        ended = sweep.end()
        late = hit and time.monotonic() - began > SOON + seconds
    with served(store, port) as (
        url,
        _,
    ):  # by the same way, so that what it left half written can be mended
        again = store.train(uri=url).end()
    return Struck(late, untidy(ended, 0, *_FAILS) or untidy(again, 0))


def _server_slow(store: Store, draw: Random, _: float) -> Struck:
    """Have each answer of a tracking server come late: the sweep takes longer, and that is all."""
    most = draw.uniform(0.05, 0.4)

    def late() -> int:
        time.sleep(draw.uniform(0, most))
        return 0

    with served(store) as (behind, _), gateway(behind, late) as url:
        return Struck(wrong=untidy(store.train(uri=url).end(), 0))


def _server_fails(store: Store, draw: Random, seconds: float) -> Struck:
    """Have a tracking server answer 500 from some moment on, for seconds or until the sweep has ended."""
    _begin(store, draw)
    broken = threading.Event()
    with served(store) as (behind, _), gateway(behind, lambda: 500 * broken.is_set()) as url:
        sweep = store.train(uri=url)
        hit = moment(sweep, store, draw.random(), seconds=2 * seconds, written=draw.random() < 0.7)
        broken.set()
        began = time.monotonic()
        if draw.random() < 0.5:
            time.sleep(draw.uniform(0.1, 3))
            broken.clear()
        ended = sweep.end()
        late = hit and time.monotonic() - began > SOON + 2 * seconds
        broken.clear()
        again = store.train(uri=url).end()
    return Struck(late, untidy(ended, 0, *_FAILS) or untidy(again, 0))


def _refused(store: Store, draw: Random, _: float) -> Struck:
    """Have a tracking server refuse whoever asks, as one with another password does: nothing is trained."""
    _begin(store, draw)
    with served(store) as (behind, _), gateway(behind, lambda: draw.choice([401, 403])) as url:
        return Struck(wrong=untidy(store.train(uri=url).end(), 2))


def _database_crashes(store: Store, draw: Random, seconds: float) -> Struck:
    """Kill a process of PostgreSQL: the server then ends all its connections, and recovers."""
    sweep = store.train()
    hit = moment(sweep, store, draw.random(), seconds=seconds, written=draw.random() < 0.7)
    engine = sa.create_engine(store.uri, poolclass=sa.NullPool)
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        pids = list(connection.execute(sa.text(query)).scalars())
    if pids:
        os.kill(draw.choice(pids), signal.SIGKILL)
    began = time.monotonic()
    ended = sweep.end()
    late = hit and bool(pids) and ended.status != 0 and time.monotonic() - began > SOON + seconds
    _wait_for(engine)
    return Struck(late, untidy(ended, 0, *_FAILS))


def _wait_for(engine: sa.Engine) -> None:
    """Wait until a database has recovered."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(sa.exc.SQLAlchemyError):
            engine.connect().close()
            return
        time.sleep(0.2)


def _begin(store: Store, draw: Random) -> None:
    """Have some of the runs in the store beforehand."""
    store.train(*asked(draw.sample(OPTIMIZERS, 2), 0, draw.randint(1, 5))).end()


POSTGRESQL = "PostgreSQL crashes"
OUTAGES: Mapping[str, Strike] = {
    "disk full": _full,
    "store read-only": _read_only,
    "database locked for seconds": _locked,
    "database damaged": _damaged,
    "tracking server absent": _server_absent,
    "tracking server killed": _server_killed,
    "tracking server slow": _server_slow,
    "tracking server answers 500": _server_fails,
    "tracking server refuses": _refused,
    POSTGRESQL: _database_crashes,
}
