"""The words by which dumps say what the canonical columns, statuses and rules mean, as collected in ``vocabulary.yaml``."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

WORDS = Path(__file__).parent / "vocabulary.yaml"


@cache
def _words() -> dict[str, Any]:
    return yaml.safe_load(WORDS.read_text(encoding="utf-8"))


@cache
def _plain_words(kind: str) -> frozenset[str]:
    return frozenset(map(plain, _words()[kind]))


@lru_cache(maxsize=1 << 14)
def plain(name: str) -> str:
    """The name without case, width, blanks and punctuation: ``Order No.`` and ``order_no`` are one."""
    return "".join(character for character in unicodedata.normalize("NFKC", name).lower() if character.isalnum())


def forms(name: str) -> Iterator[str]:
    """A column's name as it is looked up: whole, then without what stands in brackets, as in ``Price (USD)``."""
    yield plain(name)
    if without := plain(re.sub(r"[(（\[【].*?[)）\]】]", "", name)):
        yield without


def names_of(column: str) -> list[str]:
    """Plain names that mean a canonical column, likelier ones first."""
    return [plain(name) for name in (column, *_words()["columns"].get(column, []))]


def patterns_of(column: str) -> dict[str, str]:
    """Plain names that mean a canonical column only where all values match a regular expression."""
    return {plain(name): pattern for name, pattern in _words()["columns_by_value"].get(column, {}).items()}


def is_unclear(name: str) -> bool:
    """Whether a column of that name may be the price of a piece or of a line."""
    return plain(name) in _plain_words("price_of_piece_or_line")


def is_of_orders(name: str) -> bool:
    """Whether a column of that name counts the pieces of a whole order: then an order has one row."""
    return plain(name) in _plain_words("pieces_of_orders")


def is_borne_by_others(name: str) -> bool:
    """Whether a column of that name has what a platform or a partner bears of the discounts."""
    return plain(name) in _plain_words("borne_by_others")


def is_writer(name: str) -> bool:
    """Whether a column of that name says who wrote a review."""
    return plain(name) in _plain_words("writers")


def is_time_of_day(name: str) -> bool:
    """Whether a column of that name may hold the time of day that belongs to a date in another column."""
    return plain(name) in _plain_words("times_of_day")


@cache
def _meanings(column: str) -> dict[str, str]:
    return {plain(word): meant for meant, words in _words()["choices"].get(column, {}).items() for word in words}


def meaning_of(column: str, word: str) -> str | None:
    """What a dump's word means in a column of few words, if it is known. JD writes ``(删除)`` before the status of what was deleted, and
    ``(锁定)`` before that of what is on hold; whatever went before 退款成功, the money was given back."""
    if column == "status" and (found := re.match(r"[(（](删除|锁定)[)）]", word.strip())):
        return "cancelled" if found[1] == "删除" else meaning_of(column, word.strip()[found.end() :])
    if column == "status" and plain(word).endswith("退款成功"):
        return "refunded"
    return _meanings(column).get(plain(word))


def rules_for(feed: str) -> Iterable[dict[str, Any]]:
    """Row rules that dumps of a feed may need: ``rule``, ``set`` or ``leave_out``, the ``columns`` that tell and what they hold."""
    return [rule for rule in _words()["rules"] if feed in rule["feeds"]]
