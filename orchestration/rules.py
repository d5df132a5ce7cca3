"""The rules of every score, built from the settings: the bridge between ``regulars.yaml`` and ``transforms``."""

import dataclasses
import difflib
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from orchestration import contract
from orchestration.errors import RegularsError
from orchestration.settings import FILE_NAME, Settings
from orchestration.texts import words_of
from transforms import abc, clv, contact, credit, identity, lifecycle, lists, loyalty, preferences, quality, rfm, satisfaction, scores
from transforms.conditions import Codes, codes_of
from transforms.evidence import EvidenceRules, SourceRules

Rules = TypeVar("Rules")


def scoring_rules(settings: Settings) -> scores.Rules:
    """Rules of every score. Raises ``RegularsError`` for unknown keys and values out of range."""
    return scores.Rules(
        rfm=_section(settings, "rfm", rfm.Rules),
        abc=_section(settings, "abc", abc.Rules),
        clv=_section(settings, "clv", clv.Rules),
        quality=_section(settings, "quality", quality.Rules),
        credit=_section(settings, "credit", credit.Rules),
        preferences=_section(settings, "preferences", preferences.Rules),
        satisfaction=_section(settings, "satisfaction", satisfaction.Rules),
        lifecycle=_section(settings, "lifecycle", lifecycle.Rules),
        loyalty=_section(settings, "loyalty", loyalty.Rules),
    )


def check(settings: Settings) -> list[str]:
    """Raises ``RegularsError`` for the first section of rules that is not valid: before a run begins, not in the middle of it.

    Returns a sentence on each list that is not valid: it will be withheld, and stops nothing.
    """
    scoring_rules(settings)
    identity_rules(settings)
    contact_rules(settings)
    words_of(settings)
    broken = offer_of_lists(settings).broken.values()
    return [f"List '{each.name}' is not valid and will be withheld: {each.problem.en}" for each in broken]


def identity_rules(settings: Settings) -> identity.Rules:
    """Rules by which customer ids are linked to people."""
    return _section(settings, "identity", identity.Rules)


def identity_reading(settings: Settings) -> EvidenceRules:
    """How each source writes what identifies people."""
    named = {name: SourceRules(source.region or settings.region, source.membership_programme) for name, source in settings.sources.items()}
    return EvidenceRules(SourceRules(settings.region), named)


def contact_rules(settings: Settings) -> contact.ContactRules:
    """Rules of suppression."""
    return _built(contact.ContactRules, {**settings.contact.model_dump(), "time_zone": settings.time_zone}, "contact", settings)


@functools.cache
def shipped_lists() -> Mapping[str, Any]:
    """``lists.yaml`` beside this file: list name to fields, for ``transforms.lists.load_definitions``. A run asks several times."""
    import yaml

    content: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("lists.yaml").read_text(encoding="utf-8"))
    return content


def group_names_zh(settings: Settings) -> dict[str, str]:
    """The RFM groups of the preset in use, in Chinese."""
    return dict(rfm.preset_of(_section(settings, "rfm", rfm.Rules)).names_zh)


def offer_of_lists(settings: Settings) -> lists.Offer:
    """The shipped lists, changed and added to by the settings, held against the columns that ``customer_360`` has.

    A list that is not valid stops nothing: it is among the broken ones. Raises ``RegularsError`` for what is no list at all.
    """
    try:
        offer = lists.offer_of(shipped_lists(), settings.lists)
    except ValueError as error:
        raise RegularsError(f"{settings.home / FILE_NAME}: section 'lists' is not valid: {error}") from None
    return lists.sort_out(offer, contract.schema(), codes(settings), settings.time_zone)


def list_definitions(settings: Settings) -> tuple[lists.ListDefinition, ...]:
    """The lists that are valid."""
    return offer_of_lists(settings).definitions


def codes(settings: Settings) -> dict[str, Codes]:
    """Columns of ``customer_360`` that have a fixed set of texts, with the set, under the preset of RFM in use."""
    return codes_of(_section(settings, "rfm", rfm.Rules))


def _section(settings: Settings, name: str, rules: type[Rules]) -> Rules:
    return _built(rules, getattr(settings, name), name, settings)


def _built(rules: type[Rules], values: dict[str, Any], section: str, settings: Settings) -> Rules:
    known = [field.name for field in dataclasses.fields(rules)]  # type: ignore[arg-type]
    where = settings.home / FILE_NAME
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise RegularsError(f"Unknown key '{section}.{key}' in {where}.{hint} Known: {', '.join(known)}.")
    try:
        return rules(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})
    except (ValueError, TypeError) as error:
        raise RegularsError(f"{where}: section '{section}' is not valid: {error}") from None
