"""Chance that can be asked for again: the same seed, stream and counter give the same bits, in any order and any portion.

Attributes of a person or an order are drawn this way wherever they are needed, so that nothing has to be remembered
between the first delivery of an order and its second one weeks later. The mixing function is SplitMix64
(Steele, Lea & Flood, OOPSLA 2014).
"""

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint64]

WHEEL = 4096
"""Slots of a wheel; 12 bits turn it."""


@cache
def _key(seed: int, stream: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest(), "little")


def bits(seed: int, stream: str, counter: Bits) -> Bits:
    """64 random bits per counter. Streams of different names are independent of each other."""
    mixed = counter * np.uint64(0x9E3779B97F4A7C15)
    mixed += np.uint64(_key(seed, stream))
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def unit(seed: int, stream: str, counter: Bits) -> NDArray[np.float64]:
    """A number in [0, 1) per counter."""
    return (bits(seed, stream, counter) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def wheel(weights: Sequence[float] | NDArray[np.float64]) -> NDArray[np.uint16]:
    """A wheel of fortune: ``WHEEL`` slots shared among the choices by weight, so that a draw is one look-up."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    places = (np.arange(WHEEL) + 0.5) / WHEEL * edges[-1]
    slots: NDArray[np.uint16] = np.searchsorted(edges, places, side="right").astype(np.uint16)
    return slots


def turn(slots: NDArray[np.uint16], drawn: Bits, shift: int = 0) -> NDArray[np.uint16]:
    """The choice that 12 bits of each draw, from ``shift`` on, point to."""
    chosen: NDArray[np.uint16] = slots[(drawn >> np.uint64(shift)) & np.uint64(WHEEL - 1)]
    return chosen


def generator(seed: int, stream: str, number: int) -> np.random.Generator:
    """A counter-based generator of its own per stream and number."""
    return np.random.Generator(np.random.Philox(key=[_key(seed, stream), number]))
