"""What sqlfluff is told in place of dbt's adapter: a dispatched macro reads as a call of its name."""

from collections.abc import Callable
from typing import Any


def dispatch(name: str) -> Callable[..., str]:
    """A stand-in for the macro of that name, whichever engine it would be written for."""

    def call(*arguments: Any) -> str:
        return f"{name}({', '.join(', '.join(each) if isinstance(each, list) else str(each) for each in arguments)})"

    return call
