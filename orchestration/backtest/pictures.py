"""The picture of a backtest: gains over the baseline, calibration, lift, and who came back. Drawn without a display."""

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.backtest.words import group_name, text
from transforms.backtest import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, PALE, GOOD, BAD = "#1f4e79", "#9db4c8", "#2e7d32", "#b3261e"
_COLOURS = {"better": GOOD, "worse": BAD}


def write_png(result: Result, path: Path) -> None:
    """In English: a PNG holds its letters as pixels, and a machine may have none for Chinese."""
    _drawn(result, "en", {}).savefig(path, format="png", dpi=80)


def svg(result: Result, language: str, rfm_names_zh: dict[str, str]) -> str:
    """Its words stay text, for the reader's browser to set in its own letters."""
    import matplotlib

    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "regulars"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # what is drawn elsewhere is only measured here
        _drawn(result, language, rfm_names_zh).savefig(drawn, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return drawn.getvalue()


def _drawn(result: Result, language: str, rfm_names_zh: dict[str, str]) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 10), layout="constrained")
    (one, two), (three, four) = figure.subplots(2, 2)
    _draw_auc(one, result, language)
    _draw_calibration(two, result, language)
    _draw_lift(three, result, language)
    _draw_groups(four, result, language, rfm_names_zh)
    for axes in (one, two, three, four):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_auc(axes: "Axes", result: Result, language: str) -> None:
    rows = [row for row in result.comparisons.filter(measure="auc", baseline="recency").to_dicts() if row["value"] is not None]
    for place, row in enumerate(reversed(rows)):
        axes.errorbar(row["value"], place, xerr=_reach(row, "value"), fmt="o", color=_COLOURS.get(row["verdict"], INK), capsize=3)
        axes.plot(row["baseline_value"], place, "|", color="black", markersize=16)
    axes.set_yticks(range(len(rows)), [text(row["signal"], language) for row in reversed(rows)])
    axes.set_title(f"{text('auc', language)}  ( | {text('recency', language)} )")


def _draw_calibration(axes: "Axes", result: Result, language: str) -> None:
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1)
    for probability, colour in (("p_purchase", INK), ("p_alive", PALE)):
        rows = result.calibration.filter(probability=probability).drop_nulls().to_dicts()
        reach = [[_reach(row, "came_back")[edge][0] for row in rows] for edge in (0, 1)]
        places, shares = [row["predicted"] for row in rows], [row["came_back"] for row in rows]
        if rows:
            axes.errorbar(places, shares, yerr=reach, fmt="o-", color=colour, capsize=2, label=text(probability, language))
            axes.legend(frameon=False, loc="upper left")
    axes.set_xlabel(text("predicted", language))
    axes.set_ylabel(text("came_back", language))
    axes.set_title(text("calibration", language))


def _draw_lift(axes: "Axes", result: Result, language: str) -> None:
    for ranking, style in (("clv", "o-"), ("money_so_far", "s:"), ("recency", "^--"), ("loyalty", "d-.")):
        rows = result.deciles.filter(ranking=ranking).drop_nulls()
        if rows.height:
            axes.plot(rows["decile"].to_list(), rows["lift"].to_list(), style, label=text(ranking, language))
            axes.legend(frameon=False)
    axes.set_xlabel(text("decile", language))
    axes.set_ylabel(text("lift", language))
    axes.set_title(text("deciles", language))


def _draw_groups(axes: "Axes", result: Result, language: str, rfm_names_zh: dict[str, str]) -> None:
    rows = list(reversed(result.groups.filter(dimension="lifecycle_stage").to_dicts()))
    rows = list(reversed(result.groups.filter(dimension="rfm_group").to_dicts())) + rows
    for place, row in enumerate(rows):
        colour = INK if row["dimension"] == "lifecycle_stage" else PALE
        axes.barh(place, row["came_back"], xerr=_reach(row, "came_back"), color=colour, ecolor="black", capsize=2)
    axes.set_yticks(range(len(rows)), [group_name(row["dimension"], row["group"], language, rfm_names_zh) for row in rows])
    axes.set_title(text("groups", language))


def _reach(row: dict[str, Any], name: str) -> list[list[float]]:
    """From a figure to the ends of its interval, as error bars want them."""
    value = row[name]
    low, high = (value if row[f"{name}_{edge}"] is None else row[f"{name}_{edge}"] for edge in ("low", "high"))
    return [[max(value - low, 0.0)], [max(high - value, 0.0)]]
