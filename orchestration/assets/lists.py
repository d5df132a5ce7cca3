"""Assets of the marketing lists: who is on which list, and who was kept off it and why."""

from datetime import date

import dagster
from dagster import AssetKey, MaterializeResult, ResourceParam

from orchestration import warehouse
from orchestration.errors import RegularsError
from orchestration.io import write_json, write_parquet
from orchestration.lists import history, permission, results, verdicts
from orchestration.progress import Progress
from orchestration.resources import RunDay
from orchestration.rules import contact_rules, list_definitions
from orchestration.settings import FILE_NAME, Settings
from transforms import lists, scores

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
        definitions, rules, known = list_definitions(settings), contact_rules(settings), permission.known(settings, contacts, as_of)
        results.write(settings, as_of, rules.results_horizon_days, known.touches)
        try:
            # against all columns there are, before those that the lists name are fetched: a name that is not there gets the nearest one
            lists.check(definitions, warehouse.read(settings, "marts.customer_360").collect_schema())
            with warehouse.scan(settings, "marts.customer_360", lists.needed(definitions)) as customers:
                members = lists.build(
                    customers,
                    contacts,
                    known.touches,
                    definitions,
                    rules,
                    as_of,
                    known.erased,
                    known.opt_outs,
                    known.history,
                    known.feeds,
                    _group_names_zh(settings),
                )
                lacking = lists.unavailable(definitions, customers, known.feeds)
        except ValueError as error:
            raise RegularsError(f"A list can't be built: {error}", where=settings.home / FILE_NAME) from None
        write_parquet(members, verdicts.members_path(settings))
        write_json(lacking, settings.derived / "lists" / "unavailable.json")
    progress.figures["unavailable_lists"] = lacking
    counts = {"chosen": members.height, "sent": members.filter(status="send").height}
    return MaterializeResult(metadata={**counts, "not available": permission.sentences(lacking)})


def _group_names_zh(settings: Settings) -> dict[str, str]:
    """The RFM groups of the preset that was used."""
    stored = (settings.derived / "scores" / "parameters.json").read_text(encoding="utf-8")
    return dict(scores.Parameters.from_json(stored).rfm.groups_zh)
