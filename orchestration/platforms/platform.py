"""What a platform is to the command: columns, forms, channels, layout of its files, and words."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from orchestration.platforms.files import Layout
from orchestration.settings import Settings
from transforms.contact import CHANNELS
from transforms.lists import Wording
from transforms.platform_rows import Column


@dataclass(frozen=True)
class Platform:
    """One platform. ``columns``: by the channel that the people of the list agreed to, and the form of the file."""

    name: str
    columns: Callable[[str, str], tuple[Column, ...]]
    layout: Layout
    next_step: Wording
    """What to do with the files there, in one sentence."""
    forms: tuple[str, ...] = ("plain",)
    """``sha256``, ``md5``, ``plain``: what the platform takes, the default first."""
    channels: tuple[str, ...] = CHANNELS
    """Channels of lists that may go there: a platform that sends needs people who agreed to that channel."""
    is_for_ads: bool = False
    """Whether people are given to somebody who advertises to them: that takes a consent of its own (PIPL, article 23)."""
    minimum: int | None = None
    """With fewer people the platform does nothing with a file, as far as it says so."""
    enriched: Callable[[Settings, pl.DataFrame], pl.DataFrame] | None = None
    """Adds to the people what only this platform needs."""
