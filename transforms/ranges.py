"""The valid range of each number in a model's ``Rules``: checked when rules are made, so that no run starts with one that means nothing."""

import math
from collections.abc import Mapping
from typing import Any


def check_ranges(model: str, rules: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Raise ``ValueError`` naming the field, the value and its range (both ends included) for the first field of ``rules`` out of range."""
    for name, (low, high) in ranges.items():
        value = getattr(rules, name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not low <= value <= high:
            raise ValueError(f"{model}.{name} is {value!r}; expected a number from {low:g} to {high:g}.")
