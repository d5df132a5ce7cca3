"""A backtest as one page of HTML that needs nothing beside it: words, tables and the picture."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from orchestration.backtest.window import Window
from orchestration.backtest.words import findings, group_name, text

if TYPE_CHECKING:
    from transforms.backtest import Result

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
h1,h2{line-height:1.2}table{border-collapse:collapse;margin:1rem 0;font-size:14px}
th,td{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
th.t,td.t{text-align:left}.better{color:#2e7d32}.worse{color:#b3261e}figure{margin:1rem 0;overflow-x:auto}
svg{max-width:100%;height:auto}div{overflow-x:auto}"""

_WORDS = {"measure", "signal", "baseline", "verdict", "probability", "ranking", "dimension"}


def page(
    result: "Result",
    window: Window,
    picture: str,
    language: str,
    rfm_names_zh: dict[str, str],
    currency: str,
    warnings: Sequence[str] = (),
) -> str:
    """The whole page. ``picture``: SVG."""

    def said(key: str) -> str:
        return escape(text(key, language))

    head = text("what", language).format(cut=window.cut, customers=result.totals["customers"], days=window.horizon_days)
    parts = [
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{said("title")} {window.cut}</title>',
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>',
        f"<h1>{said('title')}</h1><p>{escape(head)}</p>",
        *(f'<p class="worse">{escape(warning)}</p>' for warning in warnings),
        *(f"<p>{escape(finding)}</p>" for finding in findings(result.trust, result.lost, window.horizon_days, language)),
        f"<h2>{said('totals')}</h2>{_totals(result, language, currency)}",
        f"<figure>{picture[picture.index('<svg') :]}</figure>",
        f"<h2>{said('trust')}</h2>{_table(_trust(result), language)}",
        f"<h2>{said('comparisons')}</h2>{_table(_comparisons(result), language)}",
        f"<h2>{said('notes')}</h2><ul>",
        *(f"<li>{said(f'note_{note}')}</li>" for note in ("interval", "population", "alive", "brier")),
        f"</ul><h2>{said('calibration')}</h2>{_table(_calibration(result), language)}",
        f"<h2>{said('deciles')}</h2>{_table(_deciles(result), language)}",
        f"<h2>{said('groups')}</h2>{_table(_groups(result, language, rfm_names_zh), language)}</body></html>\n",
    ]
    return "\n".join(parts)


def with_interval(row: dict[str, Any], name: str, digits: int = 3) -> str:
    """A figure of a table and, in brackets, its interval; a dash where it is unknown."""
    if row[name] is None:
        return "–"
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{row[name]:.{digits}f}" + (f" ({low:.{digits}f} … {high:.{digits}f})" if low is not None and high is not None else "")


def _totals(result: "Result", language: str, currency: str) -> str:
    found = result.totals
    rows = [
        ("customers_back", found["expected_to_come_back"], found["came_back"], ""),
        ("purchase_days", found["expected_purchase_days"], found["purchase_days"], ""),
        ("net_amount", found["expected_net_amount"], found["net_amount"], f" {currency}"),
    ]
    return _table(({"value": text(key, language) + unit, "expected": said, "happened": came} for key, said, came, unit in rows), language)


def _trust(result: "Result") -> Iterator[dict[str, Any]]:
    for row in result.trust.to_dicts():
        figures = {name: with_interval(row, name) for name in ("value", "behind")}
        yield {"signal": row["signal"], **figures, "verdict": row["verdict"]}


def _comparisons(result: "Result") -> Iterator[dict[str, Any]]:
    for row in result.comparisons.to_dicts():
        figures = {name: with_interval(row, name) for name in ("value", "baseline_value", "gain")}
        yield {**{name: row[name] for name in ("measure", "signal", "baseline", "customers")}, **figures, "verdict": row["verdict"]}


def _calibration(result: "Result") -> Iterator[dict[str, Any]]:
    for row in result.calibration.to_dicts():
        told = {name: row[name] for name in ("probability", "customers", "predicted")}
        yield {**told, "came_back": with_interval(row, "came_back")}


def _deciles(result: "Result") -> Iterator[dict[str, Any]]:
    for row in result.deciles.to_dicts():
        yield {name: row[name] for name in ("ranking", "decile", "customers", "came_back", "lift")}


def _groups(result: "Result", language: str, rfm_names_zh: dict[str, str]) -> Iterator[dict[str, Any]]:
    for row in result.groups.to_dicts():
        yield {
            "dimension": row["dimension"],
            "group": group_name(row["dimension"], row["group"], language, rfm_names_zh),
            "customers": row["customers"],
            "came_back": with_interval(row, "came_back"),
            "mean_net_amount": row["net_amount_after"],
            "share_of_net_amount": row["share_of_net_amount"],
        }


def _table(rows: Iterable[dict[str, Any]], language: str) -> str:
    told = list(rows)
    if not told:
        return "<p>–</p>"
    names = list(told[0])
    header = "".join(f'<th class="t">{escape(text(name, language))}</th>' for name in names)
    body = "".join("<tr>" + "".join(_cell(name, row[name], language) for name in names) + "</tr>" for row in told)
    return f"<div><table><tr>{header}</tr>{body}</table></div>"


def _cell(name: str, value: Any, language: str) -> str:
    if name in _WORDS:
        return f'<td class="t {escape(value)}">{escape(text(value, language))}</td>'
    if isinstance(value, str):
        return f'<td class="{"t" if name in ("group", "value") else ""}">{escape(value)}</td>'
    return f"<td>{_number(value)}</td>"


def _number(value: float | int | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"
