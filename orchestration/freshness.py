"""Whether what is published still says what the lake and the settings say. Light: no engine is imported."""

from orchestration import lake
from orchestration.dumps.ledger import Ledger
from orchestration.lists import approval
from orchestration.publication import current
from orchestration.settings import Settings


def settings_of_run(settings: Settings, as_of: str | None) -> Settings:
    """The settings of a run as of that day: one that is asked for a day before the published one looks back, and publishes elsewhere.

    A run that names no day never looks back, though its day may lie before the published one: what was the last day has been withdrawn.
    """
    published = current(settings.home)
    if not as_of or not published:
        return settings
    day = lake.as_of_day(settings, as_of)
    return settings.looking_back_to(day) if day < published["as_of"] else settings


def publication_info(settings: Settings, ledger: Ledger) -> dict[str, str]:
    """What a publication remembers of its making: the same lake, settings and approvals make the same publication."""
    return {"ledger": ledger.fingerprint(), "settings": settings.fingerprint, "approvals": approval.fingerprint(settings)}


def is_current(settings: Settings, ledger: Ledger, as_of: str | None) -> bool:
    """Whether readers already see the present lake under the present settings, as of that day (default: the last day with an order)."""
    published = current(settings.results)
    if not published:
        return False
    wanted = {**publication_info(settings, ledger), "as_of": as_of or lake.last_day(settings)}
    return all(published.get(name) == value for name, value in wanted.items())
