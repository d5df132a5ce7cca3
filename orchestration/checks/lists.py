"""What is expected of each marketing list, and what becomes of one that breaks it: it waits, and the others are published.

Each list is measured by the engine, one row per list, against what is on record of the people on it: consents, addresses, complaints and
past contacts are read again here, and what the builder of the list noted of them isn't looked at. So a fault of the builder is found too.
No personal data is in the measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from orchestration import lake, warehouse
from orchestration.checks.expectations import Expectation, Finding, among, between, equal
from orchestration.errors import RegularsError
from orchestration.exports.package import list_frame
from orchestration.lists import left_out, permission, verdicts
from orchestration.rules import contact_rules, list_definitions
from orchestration.settings import Settings
from orchestration.sql import quoted, readable
from transforms.contact import ADDRESS_OF, ALL, PERSONALISATION, ContactRules
from transforms.lists import ListDefinition

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Gate:
    """One thing that holds for a list that is published. ``en``, ``zh``: why one waits for which it doesn't, with measures in braces."""

    check: str
    expectation: Expectation
    en: str
    zh: str


GATES = (
    Gate(
        "columns",
        equal("columns", "columns_expected", "a list has the columns of its definition, in their order, each of its type"),
        "its columns are {columns}, expected {columns_expected}",
        "列为 {columns}，应为 {columns_expected}",
    ),
    Gate(
        "unique",
        equal("people", "different_people", "a customer is on a list once"),
        "{people} rows name {different_people} customers",
        "{people} 行仅对应 {different_people} 位客户",
    ),
    Gate(
        "day",
        between("of_another_day", 0, 0, "a list is of the day of the run"),
        "{of_another_day} of {people} rows are of another day",
        "{people} 行中有 {of_another_day} 行不属于本次运行的日期",
    ),
    Gate(
        "reason",
        between("without_reason", 0, 0, "every row says why, in both languages"),
        "{without_reason} of {people} rows don't say why",
        "{people} 行中有 {without_reason} 行没有理由",
    ),
    Gate(
        "consent",
        between("without_consent", 0, 0, "whoever is sent to has consented on that channel"),
        "{without_consent} of {people} have no consent for {channel} on record",
        "{people} 人中有 {without_consent} 人没有 {channel} 渠道的授权记录",
    ),
    Gate(
        "address",
        between("without_address", 0, 0, "whoever is sent to has an address there"),
        "{without_address} of {people} have no address for {channel} on record",
        "{people} 人中有 {without_address} 人没有 {channel} 渠道的联系方式",
    ),
    Gate(
        "suppressed",
        between("suppressed", 0, 0, "nobody is on it who was erased or has opted out"),
        "{suppressed} of {people} were erased or have opted out",
        "{people} 人中有 {suppressed} 人已被删除或已退订",
    ),
    Gate(
        "complaint",
        between("complaining", 0, 0, "nobody is sent to who has an open complaint or complained a short time ago"),
        "{complaining} of {people} have a complaint that is open or recent",
        "{people} 人中有 {complaining} 人的投诉未结或刚刚发生",
    ),
    Gate(
        "quiet_time",
        between("contacted", 0, 0, "nobody is sent to who was contacted a short time ago"),
        "{contacted} of {people} were contacted a short time ago",
        "{people} 人中有 {contacted} 人近期已被联系",
    ),
    Gate(
        verdicts.SIZE,
        among("size", ("as usual", "approved", "first"), "a list is about as long as it usually is, or a person has approved its size"),
        "{people} people where {usual} are usual: it waits for `regulars approve {list_name}`",
        "共 {people} 人，而通常为 {usual} 人：等待执行 `regulars approve {list_name}`",
    ),
)
_COUNTED = {
    "of_another_day": "is_of_another_day", "without_reason": "has_no_reason", "without_consent": "has_no_consent",
    "without_address": "has_no_address", "suppressed": "is_suppressed", "complaining": "is_complaining", "contacted": "was_contacted",
}  # fmt: skip
_CUSTOMERS, _FACTS = "warehouse.marts.customer_360", "warehouse.marts.customer_facts"
EXPECTATIONS = tuple(gate.expectation for gate in GATES)


def measures(settings: Settings) -> "pl.DataFrame":
    """Grain: one row per list; counts of those it would be sent to, by what is on record of them."""
    import polars as pl

    not_built = left_out.read(settings)
    chosen = [each for each in list_definitions(settings) if each.name not in {*not_built.lacking, *not_built.broken}]
    found = _counted(settings, chosen)
    usual = verdicts.usual_sizes(settings, found["as_of"][0]) if found.height else {}
    approved = verdicts.approvals(settings)
    sizes = []
    for name, people, as_of, fingerprint in found.select("list_name", "people", "as_of", "fingerprint").iter_rows():
        known = usual.get(name, verdicts.Usual())
        is_approved = approved.get(name) == {"as_of": as_of, "fingerprint": fingerprint}
        size = "approved" if is_approved else "first" if known.people is None else compared(people, known.people, settings)
        sizes.append((size, known.people, as_of if is_approved else known.since))
    schema = {"size": pl.String, "usual": pl.Float64, "usual_since": pl.String}
    return pl.concat([found, pl.DataFrame(sizes, schema=schema, orient="row")], how="horizontal")


def settle(settings: Settings, frame: "pl.DataFrame", findings: Sequence[Finding]) -> list[str]:
    """Keeps a verdict on each list: ``frame`` is what was judged, ``findings`` one of each of ``EXPECTATIONS``.

    A list that is not valid was not built, and is withheld like one that fails a check. Returns a sentence on each list that is withheld.
    """
    settled = _not_valid(settings, frame)
    for row in frame.iter_rows(named=True):
        broken = [gate for gate, finding in zip(GATES, findings, strict=True) if _breaks(row["list_name"], finding)]
        told = {**row, "usual": f"{row['usual']:,.0f}" if row["usual"] is not None else "?"}
        settled[row["list_name"]] = verdicts.Verdict(
            people=row["people"],
            fingerprint=row["fingerprint"],
            usual=row["usual"],
            usual_since=row["usual_since"],
            is_approved=row["size"] == "approved",
            checks={gate.check: gate not in broken for gate in GATES},
            reasons=tuple(verdicts.Reason(gate.check, gate.en.format(**told), gate.zh.format(**told)) for gate in broken),
        )
    verdicts.write(settings, settled)
    return [f"{name}: {reason['en']}" for name, verdict in settled.items() if (reason := verdict.reason())]


def _not_valid(settings: Settings, frame: "pl.DataFrame") -> dict[str, verdicts.Verdict]:
    broken = left_out.read(settings).broken
    usual = verdicts.usual_sizes(settings, frame["as_of"][0]) if broken and frame.height else {}  # remembered until it is valid again
    found = {}
    for name, each in broken.items():
        before = usual.get(name, verdicts.Usual())
        reason = verdicts.Reason(verdicts.DEFINITION, f"it is not valid: {each.problem.en}", f"名单定义无效：{each.problem.zh}")
        found[name] = verdicts.Verdict(0, "", before.people, before.since, False, {verdicts.DEFINITION: False}, (reason,))
    return found


def _breaks(name: str, finding: Finding) -> bool:
    if not finding.is_met and not finding.broken_by:
        raise RegularsError(
            f"The lists could not be checked: {finding.sentence}",
            do="look at the check of list_members in the Dagster UI (`regulars dagster`)",
        )
    return any(row["list_name"] == name for row in finding.broken_by)


def compared(people: int, usual: float, settings: Settings) -> str:
    """`as usual` or `unusual`: what is so much longer or shorter than it usually is that a person should look at it first."""
    rules = settings.list_sizes
    if max(people, usual) < rules.min_people:
        return "as usual"
    return "as usual" if usual / rules.max_factor < people < usual * rules.max_factor else "unusual"


def _counted(settings: Settings, chosen: Sequence[ListDefinition]) -> "pl.DataFrame":
    import polars as pl

    members, rules = verdicts.members_path(settings), contact_rules(settings)
    channels = pl.DataFrame(
        {
            "list_name": [each.name for each in chosen],
            "channel": [each.channel for each in chosen],
            "address": [ADDRESS_OF.get(each.channel) for each in chosen],
            "is_vouched_for": [each.is_internal or each.channel in rules.assume_consent_for for each in chosen],
            "is_by_traits": [bool(each.traits) for each in chosen],
        },
        schema_overrides={"list_name": pl.String, "channel": pl.String, "address": pl.String},
    )
    contacts = warehouse.read(settings, "working.private.customer_contacts", ("customer_id", "email", "phone"))
    known = permission.known(settings, contacts, date.min)  # what was sent before is of no concern here
    with lake.connect(settings) as connection:
        connection.execute(f"attach {quoted(settings.warehouse)} as warehouse (read_only)")
        connection.execute(f"attach {quoted(settings.working)} as working (read_only)")
        connection.register("channels", channels.with_row_index("number"))
        for name, said in (("touches", known.touches), ("erased", known.erased), ("opt_outs", known.opt_outs)):
            connection.register(name, said.collect())
        counts = ", ".join(f"count(*) filter ({flag}) as {measure}" for measure, flag in _COUNTED.items())
        found = connection.sql(
            f"""with {_people(f"select * from read_parquet({readable(members)})", rules)}
            select channels.list_name, channels.channel, (select as_of::varchar from days) as as_of,
                count(customer_id) as people, count(distinct customer_id) as different_people,
                {counts},
                concat_ws('-', count(customer_id), bit_xor(hash(customer_id)), sum(hash(customer_id))) as fingerprint
            from channels left join people on people.list_name = channels.list_name
            group by number, channels.list_name, channels.channel order by number"""
        ).pl()
        tables = [connection.sql(f"from {table} limit 0").pl().lazy() for table in ("working.private.customer_contacts", _CUSTOMERS)]
    shapes = [_shape(each, pl.scan_parquet(members, glob=False), tables[0], tables[1], settings.language) for each in chosen]
    expected = [_expected(each, tables[1].collect_schema()) for each in chosen]
    return found.with_columns(pl.Series("columns", shapes, pl.String), pl.Series("columns_expected", expected, pl.String))


def _people(members: str, rules: ContactRules) -> str:
    """Common table expressions: ``people``, one row per list and customer it would be sent to, with what speaks against that on record."""

    def day(timestamp: str) -> str:
        return f"timezone({quoted(rules.time_zone)}, timezone('UTC', {timestamp}))::date"

    return f"""days as (select max(as_of_date) as as_of from {_FACTS}),
        touched as (
            select customer_id, max({day("contacted_at")}) as touched_on from touches
            where {day("contacted_at")} <= (select as_of from days) group by customer_id),
        people as (
            select members.list_name, members.customer_id,
                members.as_of_date is distinct from days.as_of as is_of_another_day,
                coalesce(trim(reason::varchar), '') = '' or coalesce(trim(reason_zh::varchar), '') = '' as has_no_reason,
                not coalesce(
                    case channels.channel
                        when 'email' then contacts.email_consent when 'sms' then contacts.sms_consent
                        when 'wechat' then contacts.wechat_consent when 'phone' then contacts.phone_consent
                    end,
                    is_vouched_for
                ) as has_no_consent,
                is_addressed and coalesce(trim(case address when 'email' then contacts.email else contacts.phone end), '') = ''
                    as has_no_address,
                members.customer_id in (from erased) or is_addressed and exists (
                    from opt_outs where opt_outs.customer_id = members.customer_id
                    and (opt_outs.channel in (channels.channel, {quoted(ALL)})
                        or is_by_traits and opt_outs.channel = {quoted(PERSONALISATION)})
                ) as is_suppressed,
                is_addressed and coalesce(
                    has_open_complaint or as_of - {day("last_complaint_at")} < {rules.complaint_cool_down_days}, false) as is_complaining,
                is_addressed and as_of - touched_on < {rules.quiet_days} as was_contacted
            from ({members}) as members cross join days
            join (select *, address is not null as is_addressed from channels) as channels on channels.list_name = members.list_name
            left join working.private.customer_contacts as contacts on contacts.customer_id = members.customer_id
            left join {_FACTS} as customers on customers.customer_id = members.customer_id
            left join touched on touched.customer_id = members.customer_id
            where status in ('send', 'listed'))"""


def _shape(definition: ListDefinition, members: "pl.LazyFrame", contacts: "pl.LazyFrame", customers: "pl.LazyFrame", language: str) -> str:
    """Columns and types of the list's files, as they would be written."""
    import polars as pl

    try:
        schema = list_frame(definition, members, contacts, language, customers).collect_schema()
    except pl.exceptions.PolarsError as error:
        return str(error).splitlines()[0]
    return ", ".join(f"{name} {dtype}" for name, dtype in schema.items())


def _expected(definition: ListDefinition, customers: "pl.Schema") -> str:
    import polars as pl

    personal = [] if definition.is_internal else ["name", ADDRESS_OF[definition.channel]]
    own = {column: pl.Decimal(18, 2) if customers[column].is_decimal() else customers[column] for column in definition.columns}
    columns = {**dict.fromkeys(["customer_id", *personal], pl.String), **own, **dict.fromkeys(["reason", "suggested_action"], pl.String)}
    return ", ".join(f"{name} {dtype}" for name, dtype in columns.items())
