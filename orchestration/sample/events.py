"""What happened, in 24 bytes: one version of an order as a daily file will bring it, and one review.

Everything else about an order (its lines, prices, texts) follows from the seed and its key, so a version that comes weeks
later repeats the first one exactly.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestration.sample.season import DAY

ORDER = np.dtype([("key", "<u8"), ("person", "<u4"), ("ordered", "<u4"), ("delivered", "<u4"), ("flags", "<u4")])
"""One row per version of an order. ``ordered``, ``delivered``: seconds since midnight of the first day, local time."""

REVIEW = np.dtype([("key", "<u8"), ("person", "<u4"), ("created", "<u4"), ("flags", "<u4"), ("rating", "<u4")])
"""One row per review. ``key``, ``flags``: of the order it is about."""

STATUSES = ("pending", "paid", "shipped", "completed", "cancelled", "refunded")
PENDING, PAID, SHIPPED, COMPLETED, CANCELLED, REFUNDED = range(6)

STATUS = 0b111
SHOPS_BIT = 1 << 3
SECOND_ACCOUNT = 1 << 4
GUEST = 1 << 5
TEST = 1 << 6
RETURN = 1 << 7  # a receipt of goods brought back: one line, negative quantity
BROUGHT_BACK = 1 << 8  # an order that such a receipt belongs to
FULL_REFUND = 1 << 9
PART_REFUND = 1 << 10
SUPERSEDED = 1 << 11  # a later version of the order comes by the end
SUPERSEDED_LATER = 1 << 12  # … comes on the further day

NTH_BITS = 12
GUEST_KEY = 1 << 36
RETURN_KEY = 1 << 37
KEY_BITS = 38

WINDOW_DAYS = 30
"""Days that are sorted together."""
PORTION = 50_000
"""Events below which a window is not written by itself."""


def status(flags: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return flags & np.uint32(STATUS)


def has(flags: NDArray[np.uint32], flag: int) -> NDArray[np.bool_]:
    return np.asarray((flags & np.uint32(flag)) != 0, np.bool_)


def is_counted(flags: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether the order's money counts: not a test, and neither unpaid nor cancelled."""
    state = status(flags)
    return ~has(flags, TEST) & np.isin(state, (PAID, SHIPPED, COMPLETED, REFUNDED))


def is_settled(flags: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether this is the only version of its order that ever comes."""
    return ~has(flags, SUPERSEDED | SUPERSEDED_LATER | RETURN) & np.not_equal(status(flags), REFUNDED)


class Spool:
    """Events of one kind on disk, by source and window of ``WINDOW_DAYS`` days, so that memory holds one window at a time."""

    def __init__(self, folder: Path, name: str, record: np.dtype[np.void], moment: str) -> None:
        self._folder, self._name, self._record, self._moment = folder, name, record, moment

    def _path(self, source: int, window: int) -> Path:
        return self._folder / f"{self._name}-{source}-{window:04d}"

    def add(self, events: NDArray[np.void]) -> None:
        group = events[self._moment] // np.uint32(DAY * WINDOW_DAYS) * np.uint32(2) + has(events["flags"], SHOPS_BIT)
        places = np.argsort(group, kind="stable")
        sorted_groups = group[places]
        for number in np.unique(sorted_groups):
            low, high = np.searchsorted(sorted_groups, [number, number + 1])
            with self._path(int(number) % 2, int(number) // 2).open("ab") as file:
                file.write(events[places[low:high]].tobytes())

    def portions(self, source: int, days: int) -> Iterator[NDArray[np.void]]:
        """Whole windows in order, several of them together where little happened; events by moment, then key."""
        waiting: list[NDArray[np.void]] = []
        for window in range(-(-days // WINDOW_DAYS)):
            path = self._path(source, window)
            if not path.exists():
                continue
            events = np.fromfile(path, dtype=self._record)
            path.unlink()
            since = events[self._moment].astype(np.uint64) - np.uint64(window * WINDOW_DAYS * DAY)
            waiting.append(events[np.argsort(since << np.uint64(KEY_BITS) | events["key"], kind="stable")])
            if sum(map(len, waiting)) >= PORTION:
                yield np.concatenate(waiting)
                waiting = []
        if waiting:
            yield np.concatenate(waiting)
