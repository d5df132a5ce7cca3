"""``regulars results``: what past lists did, as a table in the terminal, in the language of the settings."""

import difflib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.errors import RegularsError
from orchestration.lists.results import TABLE
from orchestration.publication import current
from orchestration.rules import offer_of_lists, shipped_lists
from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl

DAYS_SHOWN = 31
"""Of one list, the latest so many."""

_WORDS = {
    "en": {
        "columns": ("List", "Day", "Sent", "Held out", "Bought: sent", "held out", "Lift in points (95 %)", "Verdict"),
        "all lists": "all lists together",
        "all days": "finished days: {days}",
        "first": "first results on {day}",
        "nothing yet": "Nothing yet: first results on {day}, {horizon} days after the first list.",
        "no days": "The days of a list: regulars results LIST",
        "note": "Each customer counts once per list, from the first day on it, for {horizon} days. Held out: would have been written to, "
        "but chance kept them off. Lift: the difference between the shares who bought. As of {as_of}; more in marts.list_results.",
        "verdict": "verdict",
    },
    "zh": {
        "columns": ("名单", "日期", "发送", "对照", "购买率：发送", "对照", "提升，百分点（95%）", "结论"),
        "all lists": "全部名单合计",
        "all days": "已结束天数：{days}",
        "first": "首次结果：{day}",
        "nothing yet": "暂无结果：首次结果在 {day}，即首份名单之后 {horizon} 天。",
        "no days": "查看某份名单的每一天：regulars results 名单",
        "note": "每位客户在每份名单中只计一次，自首次进入之日起 {horizon} 天。对照：本可发送，但被随机留出。提升：两组购买率之差。"
        "截至 {as_of}；全部数据见 marts.list_results。",
        "verdict": "verdict_zh",
    },
}


def show(console: Console, settings: Settings, list_name: str | None) -> None:
    """One row per list over its finished days; of ``list_name`` the days too. Raises ``RegularsError`` where nothing is published."""
    import polars as pl

    published = current(settings.home)
    if not published:
        raise RegularsError("Nothing is published yet.", where=settings.home, do="run `regulars run`")
    path = settings.home / "published" / "parquet" / TABLE / f"{TABLE}.parquet"
    if not path.exists():
        raise RegularsError("What is published was made by a version without results.", where=path, do="run `regulars run`")
    found, as_of, words = pl.read_parquet(path, glob=False), date.fromisoformat(published["as_of"]), _WORDS[settings.language]
    horizon = settings.contact.results_horizon_days
    if list_name is not None:
        _check_known(list_name, {*_titles(settings), *found["list_name"]})
        found = found.filter(list_name=list_name)
    if not found["is_complete"].any():
        first = found["ends_on"].min() or as_of + timedelta(days=horizon)
        console.print(str(words["nothing yet"]).format(day=first, horizon=horizon), soft_wrap=True)
    if found.is_empty():
        return
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for number, column in enumerate(words["columns"]):
        table.add_column(column, justify="right" if 2 <= number <= 6 else "left")
    for row in _rows(found, list_name, settings, words):
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)
    console.print()
    console.print(str(words["note"]).format(horizon=horizon, as_of=as_of), soft_wrap=True)
    if list_name is None:
        console.print(str(words["no days"]), soft_wrap=True)


def _rows(found: "pl.DataFrame", list_name: str | None, settings: Settings, words: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    titles = {**_titles(settings), "*": words["all lists"]}
    for (name,), rows in found.group_by("list_name", maintain_order=True):
        title = str(titles.get(str(name), name))
        together, days = rows.filter(rows["as_of_date"].is_null()), rows.filter(rows["as_of_date"].is_not_null())
        for row in together.iter_rows(named=True):
            yield (title, words["all days"].format(days=row["days_count"]), *_figures(row, words))
        if together.is_empty() and list_name is None:
            yield (title, words["first"].format(day=days["ends_on"].min()), *[""] * 6)
        if list_name is not None:
            for row in days.head(DAYS_SHOWN).iter_rows(named=True):
                yield (title, str(row["as_of_date"]), *_figures(row, words))


def _figures(row: dict[str, Any], words: dict[str, Any]) -> tuple[str, ...]:
    shares = [f"{row[name]:.1%}" if row[name] is not None else "–" for name in ("sent_bought_share", "held_out_bought_share")]
    lift, low, high = (row[f"bought_share_lift{end}"] for end in ("", "_low", "_high"))
    told = f"{100 * lift:+.1f} ({100 * low:+.1f} … {100 * high:+.1f})" if lift is not None else "–"
    return (f"{row['sent_count']:,}", f"{row['held_out_count']:,}", *shares, told, row[words["verdict"]])


def _titles(settings: Settings) -> dict[str, str]:
    """Of the lists as they are configured now; a list that is no more goes by its name."""
    offer = offer_of_lists(settings)
    titles = {name: str(fields["title"][settings.language]) for name, fields in shipped_lists().items()}
    titles |= {each.name: getattr(each.title, settings.language) for each in offer.definitions}
    return titles | {each.name: getattr(each.title, settings.language) for each in offer.broken.values()}


def _check_known(list_name: str, known: set[str]) -> None:
    if list_name not in known:
        near = difflib.get_close_matches(list_name, known, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise RegularsError(f"There is no list '{list_name}'.{hint} Known: {', '.join(sorted(known))}.")
