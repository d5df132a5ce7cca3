"""Which profile reads a dump: every feed of every profile against the dump's header, and why the best is best."""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestration.dumps.looks import BLANKS, Look
from orchestration.dumps.profiles import FeedMap, Profile, known_profiles, load_profile
from orchestration.errors import RegularsError


@dataclass(frozen=True)
class Match:
    """One feed of a profile against a header.

    ``found``: canonical column → the dump's column. ``missing``: what the feed can't do without → names it was looked for under.
    ``wanted``: how many columns the profile maps. ``unused``: the dump's columns that the profile doesn't read.
    """

    profile: Profile
    feed: str
    found: dict[str, str]
    missing: dict[str, tuple[str, ...]]
    wanted: int
    unused: tuple[str, ...]
    columns: int
    takes_name: bool

    @property
    def mapping(self) -> FeedMap:
        return self.profile.feeds[self.feed]

    @property
    def fits(self) -> bool:
        """Nothing required is missing, and not by chance: half of the profile's columns are there, or two thirds of the dump's are read."""
        used = self.columns - len(self.unused)
        return not self.missing and (2 * len(self.found) >= self.wanted or 3 * used >= 2 * self.columns)

    @property
    def rank(self) -> tuple[bool, int, float, bool]:
        return self.fits, self.columns - len(self.unused), len(self.found) / max(self.wanted, 1), self.takes_name


def readable_profiles(home: Path) -> tuple[list[Profile], list[str]]:
    """All profiles of a home, and what is wrong with those that can't be read."""
    found: list[Profile] = []
    broken: list[str] = []
    for name in known_profiles(home):
        try:
            found.append(load_profile(name, home, "inspect"))
        except RegularsError as error:
            broken.append(str(error))
    return found, broken


def matches(look: Look, profiles: Iterable[Profile]) -> list[Match]:
    """Every feed of every profile that finds any column, best first."""
    found = (match_of(profile, feed, look) for profile in profiles for feed in profile.feeds)
    return sorted((match for match in found if match.found), key=lambda match: match.rank, reverse=True)


def match_of(profile: Profile, feed: str, look: Look) -> Match:
    mapping = profile.feeds[feed]
    # Columns apart by blanks are seen one by one only by a profile that says so.
    header = look.header if mapping.layout.split_at_blanks or look.delimiter != BLANKS else ()
    located = mapping.locate(header)
    read = {name.strip() for name in located.values()} | mapping.layout.reads | {name for rule in mapping.rules for name in rule.when}
    read |= {name for column in located for name in mapping.columns[column].beside}
    patterns = [name for name in read if any(sign in name for sign in "*?[")]
    unused = (name for name in look.columns if name not in read)
    return Match(
        profile=profile,
        feed=feed,
        found=located,
        missing=mapping.missing(feed, header),
        wanted=sum(1 for column in mapping.columns.values() if column.source),
        unused=tuple(name for name in unused if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)),
        columns=len(look.columns),
        takes_name=mapping.matches(look.path.name),
    )
