"""Guests: who buys or reviews without a customer id, but leaves an e-mail or a phone.

The row gets an id made of the address while it lands, so that everything behind treats a guest as any other customer. Who the guest is
follows from the address as evidence: it links the id with every other id of the same address, in any source (``transforms.identity``).
"""

from orchestration.dumps.feeds import FEEDS

PREFIX = "guest-"
"""Begins the id of a guest; 16 hex digits follow. ``transforms.evidence`` and dbt's macro ``is_guest_id`` know ids by this form."""

_BETWEEN = "chr(31)"
"""Stands between an e-mail and a phone: neither holds it."""


def may_be_of_guests(feed: str) -> bool:
    """Whether rows of the feed may come without a customer id and with an address. An opt-out is by nobody in particular."""
    names = {column.name for column in FEEDS[feed]}
    is_free = any(column.name == "customer_id" and not column.filled for column in FEEDS[feed])
    return is_free and feed != "opt_outs" and {"email", "phone"} <= names


def guest_id(email: str, phone: str) -> str:
    """SQL of the id for SQL of an e-mail and a phone; null where neither can be an address, as a masked one.

    E-mail and phone both make the id where both are there. Made of the e-mail alone it would be one id for all who type the same
    ``none@none.com``, and their phones would make them one person.
    """
    plain_email = f"lower(trim({email}))"
    own_email = f"case when regexp_full_match({plain_email}, '[^@\\s*]+@[^@\\s*]+') then {plain_email} end"
    digits = f"regexp_replace({phone}, '[^+\\p{{Nd}}]', '', 'g')"
    own_phone = f"case when not regexp_matches({phone}, '[*＊\\p{{L}}]') and length({digits}) >= 5 then {digits} end"
    address = f"nullif(concat_ws({_BETWEEN}, {own_email}, {own_phone}), '')"
    return f"'{PREFIX}' || left(sha256({address}), 16)"
