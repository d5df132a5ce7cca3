"""What a backtest leaves in the home: figures as JSON and Parquet, the picture, and the page in both languages."""

import dataclasses
from typing import Any

import polars as pl

from orchestration.backtest import pictures, words
from orchestration.backtest.hidden import HiddenRows
from orchestration.backtest.page import page
from orchestration.backtest.window import Window
from orchestration.backtest.words import LANGUAGES
from orchestration.io import write_atomically, write_json, write_parquet, write_text
from orchestration.settings import Settings
from transforms.backtest import Result

PICTURE, FIGURES = "backtest.png", "backtest.json"


def write(
    settings: Settings, window: Window, result: Result, rfm_names_zh: dict[str, str], hidden: HiddenRows | None = None
) -> dict[str, Any]:
    """Writes ``backtests/<cut>_<horizon>/``, its JSON last; returns what that says. ``hidden``: rows that the cut hides by mistake."""
    folder = window.folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables(result).items():
        write_parquet(rows, folder / f"{name}.parquet")
    with write_atomically(folder / PICTURE) as path:
        pictures.write_png(result, path)
    warnings = {language: [hidden.sentences[language]] if hidden else [] for language in LANGUAGES}
    for language in LANGUAGES:
        picture = pictures.svg(result, language, rfm_names_zh)
        text = page(result, window, picture, language, rfm_names_zh, settings.currency, warnings[language])
        write_text(text, folder / f"report.{language}.html")
    days = {"cut": str(window.cut), "horizon_days": window.horizon_days, "published_as_of": str(window.published_as_of)}
    findings = {language: words.findings(result.trust, result.lost, window.horizon_days, language) for language in LANGUAGES}
    said = {
        **days,
        "findings": findings,
        "warnings": warnings,
        "totals": result.totals,
        "lost": result.lost,
        **{name: rows.to_dicts() for name, rows in tables(result).items()},
    }
    write_json(said, folder / FIGURES)
    return {**said, "folder": str(folder)}


def tables(result: Result) -> dict[str, pl.DataFrame]:
    """The result's tables by name."""
    named = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    return {name: value for name, value in named.items() if isinstance(value, pl.DataFrame)}
