"""Marketing lists: who is on them, who of those is written to, and why, in the words a marketer would use.

What a list is stands in ``list_definitions``, who may be written to in ``contact``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms import schemas
from transforms.conditions import Codes, parse
from transforms.contact import CONTACT_COLUMNS, ON_LIST, ContactRules, evidence, holdout, last_touches, suppression
from transforms.list_definitions import ALWAYS_READ, ListDefinition, Wording, columns_of, general, order_term
from transforms.list_offers import BrokenList, Offer, broken_list, check, load_definitions, offer_of, sort_out, unavailable
from transforms.list_reasons import Words, sentence
from transforms.refusals import Refusal

__all__ = [
    "BrokenList", "Built", "ListDefinition", "Offer", "Wording", "build", "build_each", "check", "general", "holdout_share",
    "load_definitions", "needed", "offer_of", "sort_out", "still_allowed", "unavailable",
]  # fmt: skip


CUSTOMERS_AT_A_TIME = 500_000
"""With what the lists read of them and is known of them, some 400 MB."""


@dataclass(frozen=True)
class Built:
    """``members``: ``schemas.LIST_MEMBERS``. ``lacking``: lists that can't be told → what they need and is not there. ``broken``: lists
    that are not valid, or whose condition fails on the data."""

    members: pl.DataFrame
    lacking: Mapping[str, tuple[str, ...]]
    broken: Mapping[str, BrokenList]


def build_each(
    customers: pl.LazyFrame,
    contacts: pl.LazyFrame,
    touches: pl.LazyFrame,
    definitions: Sequence[ListDefinition],
    rules: ContactRules,
    as_of: date,
    erased: pl.LazyFrame | None = None,
    opt_outs: pl.LazyFrame | None = None,
    history: pl.LazyFrame | None = None,
    feeds: Iterable[str] = (),
    codes: Mapping[str, Codes] | None = None,
    group_names_zh: Mapping[str, str] | None = None,
) -> Built:
    """Members of all lists, each sent to or suppressed for one reason; lists in the order given, members in the order of their list.

    ``customers``: ``customer_360``. ``contacts``: one row per customer at most (customer_id, email, phone, ``<channel>_consent`` booleans,
    null = not on record); without a row there is no address. ``touches``: one row per past contact (customer_id, channel, contacted_at).
    ``erased``: customer_id of those who asked to be forgotten. ``opt_outs``: customer_id, channel as ``contact.opted_out`` gives them.
    ``history``: ``schemas.PAST_LISTS``, who was on which list before, or was written to for it.
    ``feeds``: those ever delivered. ``codes``: as ``conditions.codes_of`` has them. ``group_names_zh``: RFM groups of the preset in use in
    Chinese, where it is not a shipped one.
    A list that is not available, or broken, has no members, and keeps no customer off another list.
    """
    schema = customers.collect_schema()
    offer = sort_out(Offer(tuple(definitions)), schema, codes or {}, rules.time_zone)
    wanted = needed(offer.definitions)
    chosen_from = customers.select(column for column in schema if column in wanted)
    lacking = _united(unavailable(offer.definitions, chosen_from, feeds), offer.lacking)
    available = [definition for definition in offer.definitions if definition.name not in lacking]
    contacts, touches = (
        rows.collect().lazy() for rows in (contacts.select("customer_id", *CONTACT_COLUMNS), last_touches(touches, rules, as_of))
    )
    erased, opt_outs = (None if rows is None else rows.collect().lazy() for rows in (erased, opt_outs))

    def with_evidence(portion: pl.LazyFrame) -> pl.DataFrame:
        return evidence(portion, contacts, touches, erased, opt_outs).collect(engine="streaming")

    chosen, failed = _chosen(chosen_from, with_evidence, available, rules, as_of, group_names_zh or {})
    past = schemas.PAST_LISTS.to_frame() if history is None else history.select(schemas.PAST_LISTS.names()).collect()
    members = _in_turn(chosen, [each for each in available if each.name in chosen], past, rules, as_of)
    return Built(members, lacking, {**offer.broken, **failed})


def _united(*lacking: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    names = dict.fromkeys(name for each in lacking for name in each)
    return {name: tuple(need for each in lacking for need in each.get(name, ())) for name in names}


def build(
    customers: pl.LazyFrame,
    contacts: pl.LazyFrame,
    touches: pl.LazyFrame,
    definitions: Sequence[ListDefinition],
    rules: ContactRules,
    as_of: date,
    erased: pl.LazyFrame | None = None,
    opt_outs: pl.LazyFrame | None = None,
    history: pl.LazyFrame | None = None,
    feeds: Iterable[str] = (),
) -> pl.DataFrame:
    """The members of ``build_each`` for who wants all lists or none: raises ``Refusal`` for the first broken one."""
    built = build_each(customers, contacts, touches, definitions, rules, as_of, erased, opt_outs, history, feeds)
    for name, broken in built.broken.items():
        raise Refusal(broken.problem.en, broken.problem.zh, name)
    return built.members


def _in_turn(
    chosen: Mapping[str, pl.DataFrame], definitions: Sequence[ListDefinition], past: pl.DataFrame, rules: ContactRules, as_of: date
) -> pl.DataFrame:
    """Members of all lists, from the customers that each chooses. A customer chosen by several is sent the first by priority."""
    taken: dict[str, pl.Series] = {}
    members: dict[str, pl.DataFrame] = {}
    for definition in sorted(definitions, key=lambda each: each.priority):
        pool = {"customer": "", "channel": definition.channel}.get(rules.one_list_per)
        turns = None if pool is None or definition.is_internal else taken.get(pool, pl.Series([], dtype=pl.String))
        found = _members(chosen[definition.name], definition, rules, as_of, _cooling(past, definition, as_of), turns)
        members[definition.name] = found
        # who is held out of a list gets no other in its place: that would hide what the list does
        if turns is not None and pool is not None:
            taken[pool] = pl.concat([turns, found.filter(pl.col("status").is_in(["send", "holdout"]))["customer_id"]])
    return pl.concat([schemas.LIST_MEMBERS.to_frame(), *(members[definition.name] for definition in definitions)])


def needed(definitions: Iterable[ListDefinition]) -> list[str]:
    """Columns of ``customer_360`` that the lists read or need, the id first."""
    read = (column for each in definitions for column in (*columns_of(each), *each.needs))
    return list(dict.fromkeys([*ALWAYS_READ, *read]))


def still_allowed(
    members: pl.DataFrame,
    definition: ListDefinition,
    complaints: pl.LazyFrame,
    contacts: pl.LazyFrame,
    touches: pl.LazyFrame,
    rules: ContactRules,
    today: date,
    erased: pl.LazyFrame | None = None,
    opt_outs: pl.LazyFrame | None = None,
) -> pl.DataFrame:
    """Members of a list that was built before (customer_id and more), in their order, with ``status`` by what is known now.

    ``complaints``: customer_id, has_open_complaint, last_complaint_at. The others as ``build`` takes them. All of it counts, whatever its
    date: ``today`` only says which spans have passed by then.
    """
    people = members.lazy().with_row_index("place").join(complaints, on="customer_id", how="left", validate="1:1")
    known = evidence(people, contacts, last_touches(touches, rules, today, until=date.max), erased, opt_outs).sort("place")
    return known.select(*members.columns, status=suppression(definition.channel, rules, today, bool(definition.traits))).collect()


def _chosen(
    customers: pl.LazyFrame,
    with_evidence: Callable[[pl.LazyFrame], pl.DataFrame],
    definitions: Sequence[ListDefinition],
    rules: ContactRules,
    as_of: date,
    group_names_zh: Mapping[str, str],
) -> tuple[dict[str, pl.DataFrame], dict[str, BrokenList]]:
    """List name → the customers that its filter chooses, as ``_chosen_of`` has them; and lists that fail on the data.

    ``with_evidence``: customers → ``evidence`` of them. A portion of the customers at a time: all that the lists read of everybody takes
    more memory than all lists together.
    """
    found: dict[str, list[pl.DataFrame]] = {definition.name: [] for definition in definitions}
    failed: dict[str, BrokenList] = {}
    for start in range(0, max(customers.select(pl.len()).collect().item(), 1), CUSTOMERS_AT_A_TIME):
        base = with_evidence(customers.slice(start, CUSTOMERS_AT_A_TIME))
        for definition in definitions:
            if definition.name in failed:
                continue
            try:
                found[definition.name].append(_chosen_of(base, definition, rules, as_of, group_names_zh))
            except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
                what = type(error).__name__  # its text may hold values of somebody
                refusal = Refusal(f"it fails on the customers there are ({what})", f"对现有客户执行时出错（{what}）")
                failed[definition.name] = broken_list(definition, refusal)
    return {name: pl.concat(portions) for name, portions in found.items() if name not in failed}, failed


def _chosen_of(
    base: pl.DataFrame, definition: ListDefinition, rules: ContactRules, as_of: date, group_names_zh: Mapping[str, str]
) -> pl.DataFrame:
    """Row by row: customer_id, reason, reason_zh, status by ``suppression``, and what the list is ordered by (order_0, order_1, …)."""
    return (
        base.lazy()
        .filter(parse(definition.filter).meaning(base.schema, rules.time_zone).expression)
        .select(
            "customer_id",
            reason=sentence(definition.reason.en, base.schema, Words("en", rules.time_zone)),
            reason_zh=sentence(definition.reason.zh, base.schema, Words("zh", rules.time_zone, group_names_zh)),
            status=suppression(definition.channel, rules, as_of, bool(definition.traits)),
            **{f"order_{number}": pl.col(order_term(term)[0]) for number, term in enumerate(definition.order_by)},
        )
        .collect()
    )


def _members(
    chosen: pl.DataFrame, definition: ListDefinition, rules: ContactRules, as_of: date, cooling: pl.Series, turns: pl.Series | None
) -> pl.DataFrame:
    """``LIST_MEMBERS`` of one list. ``chosen``: as ``_chosen_of`` has them. ``cooling``, ``turns``: ids whose turn it is not."""
    descending = [order_term(term)[1] for term in definition.order_by]
    keys = [f"order_{number}" for number in range(len(descending))]
    status = pl.col("status")
    for reason, ids in (("list_cool_down", cooling), ("other_list", turns)):
        if ids is not None:
            status = pl.when((status == "send") & pl.col("customer_id").is_in(ids.implode())).then(pl.lit(reason)).otherwise(status)
    chosen = chosen.sort(*keys, "customer_id", descending=[*descending, False], nulls_last=True).with_columns(
        list_name=pl.lit(definition.name), as_of_date=pl.lit(as_of), channel=pl.lit(definition.channel), status=status
    )
    sendable = chosen.filter(pl.col("status") == "send").select("customer_id")
    drawn = sendable.with_columns(holdout(sendable["customer_id"], definition.name, holdout_share(definition, rules), rules)).drop_nulls()
    marked = chosen.join(drawn, on="customer_id", how="left", maintain_order="left").with_columns(
        status=pl.when(pl.col("holdout").is_null()).then("status").otherwise(pl.lit("holdout"))
    )
    if definition.size_limit is not None:
        is_sent = pl.col("status").is_in(ON_LIST).cast(pl.Int64)
        marked = marked.filter(is_sent.cum_sum() - is_sent < definition.size_limit)
    return marked.select(schemas.LIST_MEMBERS.names()).match_to_schema(schemas.LIST_MEMBERS)


def holdout_share(definition: ListDefinition, rules: ContactRules) -> float:
    """Share of a list that is not written to; of an internal one nobody is."""
    if definition.is_internal:
        return 0
    return rules.holdout_share if definition.holdout_share is None else definition.holdout_share


def _cooling(history: pl.DataFrame, definition: ListDefinition, as_of: date) -> pl.Series:
    """Who was on the list within its cool-down; what happened on the day itself or later is not known yet."""
    days_ago = (pl.lit(as_of) - pl.col("as_of_date")).dt.total_days()
    recent = (pl.col("list_name") == definition.name) & (days_ago > 0) & (days_ago < definition.cool_down_days)
    return history.filter(recent)["customer_id"].unique()
