"""Assets of the marketing lists: who is on which list, and who was kept off it and why."""

from datetime import date

import dagster
from dagster import AssetKey, MaterializeResult, ResourceParam

from orchestration import permission, verdicts, warehouse
from orchestration.errors import RegularsError
from orchestration.io import write_json, write_parquet
from orchestration.progress import Progress
from orchestration.resources import RunDay
from orchestration.rules import contact_rules, list_definitions
from orchestration.settings import FILE_NAME, Settings
from transforms import lists

MEMBERS = AssetKey(["lists", "list_members"])
CUSTOMER_360 = AssetKey(["marts", "customer_360"])
CONTACTS = AssetKey(["private", "customer_contacts"])


@dagster.asset(key=MEMBERS, group_name="lists", deps=[CUSTOMER_360, CONTACTS, *(AssetKey(["clean", feed]) for feed in permission.FEEDS)])
def list_members(settings: ResourceParam[Settings], progress: ResourceParam[Progress], run_day: RunDay) -> MaterializeResult:
    """Whom each list would write to, and who is kept off it for which reason. Grain: one row per list and customer chosen by its filter."""
    with progress.stage("lists"):
        customers, contacts = warehouse.read(settings, "marts.customer_360"), warehouse.read(settings, "working.private.customer_contacts")
        as_of = date.fromisoformat(run_day.of(settings))
        definitions, known = list_definitions(settings), permission.known(settings, contacts, as_of)
        try:
            members = lists.build(
                customers,
                contacts,
                known.touches,
                definitions,
                contact_rules(settings),
                as_of,
                known.erased,
                known.opt_outs,
                known.history,
                known.feeds,
            )
        except ValueError as error:
            raise RegularsError(f"A list can't be built: {error}", where=settings.home / FILE_NAME) from None
        lacking = lists.unavailable(definitions, customers, known.feeds)
        write_parquet(members, verdicts.members_path(settings))
        write_json(lacking, settings.derived / "lists" / "unavailable.json")
    progress.figures["unavailable_lists"] = lacking
    counts = {"chosen": members.height, "sent": members.filter(status="send").height}
    return MaterializeResult(metadata={**counts, "not available": permission.sentences(lacking)})
