"""One run at a time per home: a lock that the operating system drops when its process dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.errors import RegularsError

_held: set[Path] = set()


@contextmanager
def run_lock(state: Path) -> Iterator[None]:
    """Hold the home's run lock for the block. Taken again by the same process, it is simply still held.

    Raises ``RegularsError`` where another process holds it or the folder can't be written.
    """
    path = state / "run.lock"
    if path in _held:
        yield
        return
    try:
        state.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RegularsError(
            f"The home {state.parent} can't be written: {error.strerror}.",
            expected="a folder this user may write to, on a disk with free space",
            do="change its permissions, or choose another with --home or REGULARS_HOME",
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise RegularsError(
                f"Another run holds the lock of {state.parent} (process {holder}).",
                do="wait for it to end, or stop that process; then run again",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
    finally:
        os.close(descriptor)
