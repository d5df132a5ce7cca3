"""Assets of the marketing lists: who is on which list, and who was kept off it and why."""

from datetime import date

import dagster
from dagster import AssetKey, MaterializeResult, ResourceParam

from orchestration import lake, list_history, list_results, warehouse
from orchestration.errors import RegularsError
from orchestration.exports import shipped_lists
from orchestration.io import write_parquet
from orchestration.progress import Progress
from orchestration.resources import RunDay
from orchestration.rules import contact_rules
from orchestration.settings import FILE_NAME, Settings
from transforms import lists

MEMBERS = AssetKey(["lists", "list_members"])
CUSTOMER_360 = AssetKey(["marts", "customer_360"])
ORDERS = [AssetKey(["marts", table]) for table in ("fct_orders", "fct_refunds")]
CONTACTS = AssetKey(["private", "customer_contacts"])


def definitions(settings: Settings) -> tuple[lists.ListDefinition, ...]:
    """The shipped lists, changed and added to by the settings."""
    try:
        return lists.load_definitions(shipped_lists(), settings.lists)
    except ValueError as error:
        raise RegularsError(f"{settings.home / FILE_NAME}: section 'lists' is not valid: {error}") from None


@dagster.asset(key=MEMBERS, group_name="lists", deps=[CUSTOMER_360, CONTACTS, *ORDERS, AssetKey(["clean", "contacts"])])
def list_members(settings: ResourceParam[Settings], progress: ResourceParam[Progress], run_day: RunDay) -> MaterializeResult:
    """Whom each list would write to, and who is kept off it for which reason. Grain: one row per list and customer chosen by its filter.

    Beside it ``list_results``: what became of the customers of past lists. Grain: one row per list and past day, and one per list over all.
    """
    with progress.stage("lists"):
        customers, contacts = warehouse.read(settings, "marts.customer_360"), warehouse.read(settings, "working.private.customer_contacts")
        as_of = date.fromisoformat(run_day.of(settings))
        touches, rules = lake.touches(settings), contact_rules(settings)
        list_history.keep_published(settings, as_of)
        list_results.write(settings, as_of, rules.results_horizon_days, touches)
        try:
            members = lists.build(customers, contacts, touches, definitions(settings), rules, as_of)
        except ValueError as error:
            raise RegularsError(f"A list can't be built: {error}", where=settings.home / FILE_NAME) from None
        write_parquet(members, settings.derived / "lists" / "list_members.parquet")
    return MaterializeResult(metadata={"chosen": members.height, "sent": members.filter(status="send").height})
