"""A value that changes step by step, as SQL."""

from collections.abc import Sequence


def stepwise(value: str, steps: Sequence[tuple[str, str]]) -> str:
    """SQL of the result that holds at ``value``; ``steps`` are (from, result) in rising order, the first holds from the beginning.

    A binary search in nested CASEs: as DuckDB evaluates only the branches that a vector needs, hundreds of steps cost a row about as much
    as one comparison per halving; a join costs more.
    """
    if len(steps) == 1:
        return steps[0][1]
    middle = len(steps) // 2
    return f"case when {value} < {steps[middle][0]} then {stepwise(value, steps[:middle])} else {stepwise(value, steps[middle:])} end"
