"""Assets of the marketing lists: who is on which list, and who was kept off it and why."""

from datetime import date

import dagster
from dagster import AssetKey, MaterializeResult, ResourceParam

from orchestration import warehouse
from orchestration.io import write_parquet
from orchestration.lists import building, history, left_out, permission, results, verdicts
from orchestration.lists.left_out import LeftOut
from orchestration.progress import Progress
from orchestration.resources import RunDay
from orchestration.rules import contact_rules, offer_of_lists
from orchestration.settings import Settings
from transforms import lists

MEMBERS = AssetKey(["lists", "list_members"])
CUSTOMER_360 = AssetKey(["marts", "customer_360"])
ORDERS = [AssetKey(["marts", table]) for table in ("fct_orders", "fct_refunds")]
CONTACTS = AssetKey(["private", "customer_contacts"])


@dagster.asset(
    key=MEMBERS, group_name="lists", deps=[CUSTOMER_360, CONTACTS, *ORDERS, *(AssetKey(["clean", feed]) for feed in permission.FEEDS)]
)
def list_members(settings: ResourceParam[Settings], progress: ResourceParam[Progress], run_day: RunDay) -> MaterializeResult:
    """Whom each list would write to, and who is kept off it for which reason. Grain: one row per list and customer chosen by its filter.

    Beside it ``list_results``: what became of the customers of past lists. Grain: one row per list and past day, and one per list over all.
    """
    with progress.stage("lists"):
        contacts = warehouse.read(settings, "working.private.customer_contacts")
        as_of = date.fromisoformat(run_day.of(settings))
        history.keep_published(settings, as_of)
        known = permission.known(settings, contacts, as_of)
        results.write(settings, as_of, contact_rules(settings).results_horizon_days, known.touches)
        offer = offer_of_lists(settings)
        with warehouse.scan(settings, "marts.customer_360", lists.needed(offer.definitions)) as customers:
            built = building.build(settings, offer, customers, contacts, known, as_of)
        not_built = LeftOut(built.lacking, built.broken)
        write_parquet(built.members, verdicts.members_path(settings))
        left_out.write(settings, not_built)
    progress.figures["unavailable_lists"] = not_built.lacking
    counts = {"chosen": built.members.height, "sent": built.members.filter(status="send").height}
    return MaterializeResult(
        metadata={
            **counts,
            "not available": left_out.sentences(not_built),
            "not valid": {n: b.problem.en for n, b in not_built.broken.items()},
        }
    )
