"""Engines that read parts of batches: each for one part at a time and on one thread, as parts are read side by side."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import duckdb

    from orchestration.settings import Settings


class Engines:
    """DuckDBs, made when needed and kept for later parts: to make one costs as much as to read a thousand rows."""

    def __init__(self, settings: "Settings") -> None:
        self._config: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": settings.memory_limit}
        self._idle: list[duckdb.DuckDBPyConnection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        with ExitStack() as closing:
            while self._idle:
                closing.enter_context(self._idle.pop())

    @contextmanager
    def one(self) -> Iterator["duckdb.DuckDBPyConnection"]:
        """A connection whose temporary tables and views are gone after the block. An engine that met an error is not used again."""
        import duckdb

        database = self._idle.pop() if self._idle else duckdb.connect(config=self._config)
        try:
            with database.cursor() as connection:
                connection.execute("set TimeZone = 'UTC'")
                yield connection
        except BaseException:
            database.close()
            raise
        self._idle.append(database)
