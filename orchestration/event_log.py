"""Where Dagster writes down what happens in a run: its own SQLite files, by connections that stay open as long as the run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy.pool import StaticPool


class EventLog(SqliteEventLogStorage):
    """Dagster's own event log, read by its UI as ever, at a third of the cost: some 250 events a day each open and close up to three
    engines there, and compile their statements anew in each."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, sqlalchemy.Engine] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "EventLog":
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            if shard not in self._engines:
                self._engines[shard] = self._opened(shard)
            with self._engines[shard].connect() as connection, connection.begin():
                yield connection

    def _opened(self, shard: str) -> sqlalchemy.Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=StaticPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        self._initdb(engine)
        with engine.connect() as connection:
            # A power cut may take the last events with it, and no more than these; a run says what it did in files of its own.
            connection.execute(sqlalchemy.text("pragma synchronous = normal"))
        return engine

    def has_table(self, table_name: str) -> bool:
        """Asked with most events; what is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()
