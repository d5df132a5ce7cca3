"""Small customer tables for the tests of lists: customers of ``customer_360``, their contact details, past contacts, and a plain list."""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import yaml

from transforms import schemas
from transforms.contact import CHANNELS, ContactRules
from transforms.lists import ListDefinition, Wording

AS_OF = date(2024, 6, 30)
NO_HOLDOUT = ContactRules(holdout_share=0)
CUSTOMER_360 = pl.Schema(
    {
        **schemas.CUSTOMER_FACTS,
        **schemas.CUSTOMER_SCORES,
        "previous_rfm_group": pl.String,
        "rfm_group_changed_at": pl.Date,
        "city": pl.String,
        "buys_mostly_in_shop": pl.Boolean,
        "has_shop_in_city": pl.Boolean,
    }
)
SHIPPED = yaml.safe_load((Path(__file__).parents[2] / "orchestration" / "lists.yaml").read_text(encoding="utf-8"))
IDS = pl.Series([f"online:C{number:05d}" for number in range(20_000)])


def customers_360(*rows: dict) -> pl.LazyFrame:
    return pl.LazyFrame([{"as_of_date": AS_OF, "has_open_complaint": False, "orders_count": 1, **row} for row in rows], schema=CUSTOMER_360)


def contacts(*rows: dict) -> pl.LazyFrame:
    agreed = {"name": "Ann", "email": "ann@example.com", "phone": "+8613800138000", **{f"{channel}_consent": True for channel in CHANNELS}}
    types = {name: pl.Boolean if name.endswith("_consent") else pl.String for name in ["customer_id", *agreed]}
    return pl.LazyFrame([{**agreed, **row} for row in rows], schema=types)


def touches(*rows: tuple[str, datetime]) -> pl.LazyFrame:
    content = [{"customer_id": customer_id, "channel": "sms", "contacted_at": at} for customer_id, at in rows]
    return pl.LazyFrame(content, schema={"customer_id": pl.String, "channel": pl.String, "contacted_at": schemas.TIMESTAMP})


def a_list(**fields) -> ListDefinition:
    text = Wording("text", "文字")
    given_fields = {
        "name": "all",
        "title": text,
        "purpose": text,
        "filter": "orders_count >= 1",
        "channel": "email",
        "suggested_action": text,
        "reason": text,
    }
    return ListDefinition(**{**given_fields, **fields})


def statuses(members: pl.DataFrame) -> dict[str, str]:
    return dict(members.select("customer_id", "status").iter_rows())
