"""Rows from before the cut that a backtest can't see, because the file that holds them is dated after it, such as a month's file."""

from dataclasses import dataclass

from orchestration import lake
from orchestration.settings import Settings
from orchestration.sql import quoted, readable

DATED_BY = {"orders": "ordered_at", "order_headers": "ordered_at"}
"""Feeds that tell what was bought, and when."""


@dataclass(frozen=True)
class HiddenRows:
    """``rows`` of ``files`` files, of which ``file_name`` is one. ``last_day``: the last day with an order in the files that are read
    (ISO): a cut there hides nothing by mistake. None where nothing is read."""

    rows: int
    files: int
    file_name: str
    last_day: str | None

    @property
    def sentences(self) -> dict[str, str]:
        """The warning in each language."""
        en = (
            f"{self.rows:,} order rows from before the cut are not seen: they are in {self.files:,} file(s) with a later day in the name, "
            f"such as {self.file_name}."
        )
        zh = f"截止日之前有 {self.rows:,} 行订单未被计入：它们位于文件名日期晚于截止日的 {self.files:,} 个文件中，例如 {self.file_name}。"
        if self.last_day:
            en += f" What is read ends on {self.last_day}: cut there instead."
            zh += f"已读取的订单截至 {self.last_day}，建议以该日为截止日。"
        return {"en": en, "zh": zh}


def hidden_rows(settings: Settings) -> HiddenRows | None:
    """What a run that looks back leaves out although it was ordered by its day; None where that is nothing."""
    with lake.open_ledger(settings) as ledger:
        read = {file.file_id for file in lake.files_that_count(settings, ledger)}
        left_out = {file.file_id: file.file_name for file in ledger.files("live") if file.file_id not in read and file.feed in DATED_BY}
    if not left_out:
        return None
    ordered = " union all ".join(
        f"select file_id, timezone({quoted(settings.time_zone)}, timezone('UTC', {moment}))::date as day "
        f"from read_parquet({readable(lake.clean_path(settings, feed))}) where {moment} is not null"
        for feed, moment in DATED_BY.items()
    )
    with lake.engine(settings) as connection:
        counted = connection.execute(
            f"""select file_id, count(*) filter (day <= $cut) as rows, max(day) filter (day <= $cut)::varchar as last_day
            from ({ordered}) group by file_id order by file_id""",
            {"cut": settings.looks_back_to},
        ).fetchall()
    hidden = {file_id: rows for file_id, rows, _ in counted if file_id in left_out and rows}
    if not hidden:
        return None
    last_day = max((day for file_id, _, day in counted if file_id in read and day), default=None)
    return HiddenRows(sum(hidden.values()), len(hidden), min(left_out[file_id] for file_id in hidden), last_day)
