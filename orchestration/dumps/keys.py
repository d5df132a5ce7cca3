"""What the parts of a profile have in common: they never change once read, and refuse keys that nobody reads."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from orchestration.dumps.patterns import checked


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One name or a list of them."""


RowPattern = Annotated[str, AfterValidator(checked)]
"""A regular expression that rows are matched with, in SQL."""
