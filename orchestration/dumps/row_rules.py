"""Row rules of a profile: rows that are left out, or whose status or kind is another than they say, because of what a column holds."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from orchestration.dumps.feeds import Column
from orchestration.dumps.keys import Names, Part, RowPattern
from orchestration.sql import quoted

REPEATED_ORDER = "repeated_order"
"""The rule under which the ledger counts rows of an order that a later block of the same file brings once more."""


class Condition(Part):
    """What a column must hold. Texts are compared without regard to case and to blanks around them."""

    content: Literal["filled", "empty"] | None = None
    """Anything, or nothing. ``filled`` alone is short for ``{content: filled}``."""
    equals: Names = ()
    """One of these texts."""
    not_equals: Names = ()
    """None of these texts; an empty column passes."""
    matches: RowPattern | None = None
    """A text in which this regular expression is found."""

    @model_validator(mode="after")
    def _one_condition(self) -> "Condition":
        if sum(map(bool, (self.content, self.equals, self.not_equals, self.matches))) != 1:
            raise ValueError("expected filled, empty, or exactly one of 'equals', 'not_equals' and 'matches'")
        return self

    def sql(self, text: str) -> str:
        """The condition over the text of the column; never null."""
        held = f"coalesce(trim({text}), '')"
        if self.content:
            return f"{held} {'<>' if self.content == 'filled' else '='} ''"
        if self.matches:
            return f"regexp_matches({held}, {quoted(self.matches)})"
        words = ", ".join(quoted(word.strip().lower()) for word in self.equals or self.not_equals)
        return f"lower({held}) {'in' if self.equals else 'not in'} ({words})"


def _as_condition(value: Any) -> Any:
    if isinstance(value, dict | Condition):
        return value
    if value not in ("filled", "empty"):
        raise ValueError(f"{value!r} is no condition; expected filled, empty, {{equals: …}}, {{not_equals: …}} or {{matches: …}}")
    return {"content": value}


class RowRule(Part):
    """``when`` all conditions hold, a row is left out, or columns of it are set. Of several rules that do so, the first that holds."""

    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """The name under which rows left out are counted."""
    when: Annotated[dict[str, Annotated[Condition, BeforeValidator(_as_condition)]], Field(min_length=1)]
    """Column of the dump, or one that the layout adds → what it must hold. Without one of the columns the rule is passed over."""
    leave_out: Literal[True] | None = None
    set: dict[str, str] = Field(default_factory=dict)
    """Canonical column → its value: ``status``, ``line_kind`` and others that know few values, ``is_test``."""

    @model_validator(mode="after")
    def _one_effect(self) -> "RowRule":
        if bool(self.leave_out) == bool(self.set):
            raise ValueError(f"rule '{self.rule}': expected exactly one of 'leave_out: true' and 'set'")
        if self.rule == REPEATED_ORDER:
            raise ValueError(f"'{REPEATED_ORDER}' counts orders that stand twice in a file; choose another name")
        return self

    def check_against(self, columns: Iterable[Column]) -> None:
        """Raises ``ValueError`` for a column or a value that the feed doesn't know."""
        known = {column.name: column.choices or ("true", "false") for column in columns if column.kind in ("choice", "boolean")}
        for name, value in self.set.items():
            if name not in known:
                raise ValueError(f"rule '{self.rule}' can't set '{name}'. Known: {', '.join(sorted(known)) or 'none in this feed'}")
            if value not in known[name]:
                raise ValueError(f"rule '{self.rule}' can't set {name} to '{value}'. Known: {', '.join(known[name])}")

    def condition(self, places: Mapping[str, str]) -> str | None:
        """SQL over the dump's text; None where the file lacks a column that the rule looks at. ``places``: column → its name in SQL."""
        if not self.when.keys() <= places.keys():
            return None
        return " and ".join(condition.sql(places[name]) for name, condition in self.when.items())


def left_out(rules: Iterable[RowRule], places: Mapping[str, str]) -> str:
    """SQL: the name of the first rule by which a row is left out, or null."""
    return _first((rule.condition(places), quoted(rule.rule)) for rule in rules if rule.leave_out)


def set_by_rules(column: str, value: str, rules: Iterable[RowRule], places: Mapping[str, str]) -> str:
    """SQL: the value of a canonical column, by the first rule that sets it, else as it was read."""
    return _first(((rule.condition(places), quoted(rule.set[column])) for rule in rules if column in rule.set), value)


def _first(branches: Iterable[tuple[str | None, str]], otherwise: str = "null") -> str:
    whens = " ".join(f"when {condition} then {result}" for condition, result in branches if condition)
    return f"case {whens} else {otherwise} end" if whens else otherwise
