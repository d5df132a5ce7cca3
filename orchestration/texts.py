"""The words of delivered reviews, read once: what they say goes to ``lake/texts/``, one file beside each batch of the clean layer.

What a text says depends on nothing but the text, its stars and the lists of words. So a batch that was read stays read, until the lists
change (its file's name holds their fingerprint) or the batch goes.
"""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from orchestration.errors import RegularsError
from orchestration.io import write_parquet
from orchestration.settings import FILE_NAME, Settings
from transforms import words

if TYPE_CHECKING:
    import polars as pl

SHIPPED = Path(__file__).with_name("texts.yaml")
TABLES = ("review_sentiments", "review_topics")
ROWS_AT_A_TIME = 50_000


def words_of(settings: Settings) -> words.Words:
    """The shipped lists, changed by the settings. Raises ``RegularsError`` for an entry that is not valid."""
    try:
        return words.load(_shipped(), settings.texts)
    except ValueError as error:
        raise RegularsError(f"{settings.home / FILE_NAME}: section 'texts' is not valid: {error}") from None


@functools.cache
def _shipped() -> dict[str, Any]:
    """Parsing YAML costs more than everything that is done with it, and a run asks several times."""
    return dict(yaml.load(SHIPPED.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def fingerprint(settings: Settings) -> str:
    """Another one whenever the same text may be read otherwise."""
    from transforms import texts

    lists = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in vars(words_of(settings)).items()}
    content = json.dumps([texts.VERSION, version("rjieba"), lists], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


@dataclasses.dataclass(frozen=True)
class TextsRead:
    """Batches and rows read in this run, and batches read before."""

    batches: int = 0
    rows: int = 0
    batches_read_before: int = 0


def read(settings: Settings, advance: Callable[[float], None] = lambda share: None) -> TextsRead:
    """Reads the batches of reviews that were not read under these lists, and removes what was read of others."""
    batches = sorted((settings.lake / "clean" / "reviews").glob("*.parquet"))
    mark = fingerprint(settings)
    unread = [batch for batch in batches if not all(_result(settings, table, batch, mark).exists() for table in TABLES)]
    known = words_of(settings) if unread else None
    rows = 0
    for number, batch in enumerate(unread):
        assert known is not None
        rows += _read_batch(settings, batch, mark, known)
        advance((number + 1) / len(unread))
    kept = {_result(settings, table, batch, mark) for table in TABLES for batch in batches}
    for table in TABLES:
        for file in (settings.lake / "texts" / table).glob("*.parquet"):
            if file not in kept:
                file.unlink()
    return TextsRead(len(unread), rows, len(batches) - len(unread))


def _read_batch(settings: Settings, batch: Path, mark: str, known: words.Words) -> int:
    import polars as pl

    from transforms import texts

    reviews = pl.read_parquet(batch, columns=["file_id", "line", "rating", "title", "body"], glob=False)
    parts = [texts.read(part, known) for part in _parts(reviews)]
    for number, table in enumerate(TABLES):
        write_parquet(pl.concat(part[number] for part in parts), _result(settings, table, batch, mark))
    return reviews.height


def _parts(reviews: "pl.DataFrame") -> Iterator["pl.DataFrame"]:
    """The reviews in pieces that need little memory; one at least."""
    yield from (reviews.slice(start, ROWS_AT_A_TIME) for start in range(0, max(reviews.height, 1), ROWS_AT_A_TIME))


def _result(settings: Settings, table: str, batch: Path, mark: str) -> Path:
    return settings.lake / "texts" / table / f"{batch.stem}.{mark}.parquet"
