"""The lists of the settings, built for the customers of a day: the same for a run and for a preview."""

from dataclasses import replace
from datetime import date

import polars as pl

from orchestration.lists.permission import Known
from orchestration.rules import codes, contact_rules, group_names_zh
from orchestration.settings import Settings
from transforms import lists
from transforms.list_offers import Offer


def build(settings: Settings, offer: Offer, customers: pl.LazyFrame, contacts: pl.LazyFrame, known: Known, as_of: date) -> lists.Built:
    """Members of the offered lists, as ``lists.build_each`` has them. Among the broken lists are those that the offer has."""
    built = lists.build_each(
        customers,
        contacts,
        known.touches,
        offer.definitions,
        contact_rules(settings),
        as_of,
        known.erased,
        known.opt_outs,
        known.history,
        known.feeds,
        codes(settings),
        group_names_zh(settings),
    )
    return replace(built, broken={**offer.broken, **built.broken})
