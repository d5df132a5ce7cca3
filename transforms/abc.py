"""ABC (Pareto) class of every customer by net amount: who brings the first 80 % of the money, the next 15 %, the rest, and who nothing."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from math import ceil

import polars as pl

from transforms.ranges import check_ranges
from transforms.schemas import MONEY

CLASS_NAMES_ZH = {"A": "重点", "B": "一般", "C": "普通", "Z": "—"}


FORMS = ("money", "customers")


@dataclass(frozen=True)
class Rules:
    form: str = "money"
    """What the lines are shares of: ``money`` (Pareto), or ``customers``, the best 20, the next 30 and the other 50 % of them."""
    a_share: float = 0.80
    """A while the share of the money before the customer is below this. 0 to 1."""
    b_share: float = 0.95
    """B while it is below this, else C. 0 to 1, not below ``a_share``."""
    a_customers: float = 0.20
    """In the form ``customers``: A while the share of the customers before is below this. 0 to 1."""
    b_customers: float = 0.50
    """B while it is below this, else C. 0 to 1, not below ``a_customers``."""

    def __post_init__(self) -> None:
        check_ranges("abc", self, dict.fromkeys(("a_share", "b_share", "a_customers", "b_customers"), (0, 1)))
        if self.form not in FORMS:
            raise ValueError(f"abc.form is {self.form!r}; expected {' or '.join(FORMS)}.")
        for kind in ("share", "customers"):
            a, b = getattr(self, f"a_{kind}"), getattr(self, f"b_{kind}")
            if a > b:
                raise ValueError(f"abc.b_{kind} is {b!r}; expected at least a_{kind}, which is {a!r}.")


@dataclass(frozen=True)
class ClassLimit:
    """The last customer of a class, in the order net amount descending, then customer id; all before him are in the class or a better one.

    ``net_amount`` is a decimal in text, so that JSON keeps its last digit.
    """

    net_amount: str
    customer_id: str


@dataclass(frozen=True)
class Parameters:
    """The cuts (None: no customer is in that class or a better one) and the Pareto shares measured, per class A, B and C:
    ``customers_count``, ``customers_share``, ``net_amount`` (decimal in text), ``net_share``; shares are of the customers not in Z.

    ``curve``: the Pareto curve, for plotting: the share of the money that the best 0, 1, … 100 % of those customers bring; empty for none.
    """

    rules: Rules
    a_cut: ClassLimit | None
    b_cut: ClassLimit | None
    shares: dict[str, dict[str, int | float | str]]
    curve: tuple[float, ...]
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """Cuts by the share of what stands *before* each one, in exact decimals, so that the customer who crosses a line is still above it.

    Reads ``customer_id``, ``orders_count``, ``net_amount``.
    """
    ranked = (
        facts.filter(_counts())
        .select("net_amount")
        .sort("net_amount", descending=True)
        .with_columns(cumulative=pl.col("net_amount").cum_sum())
        .collect(engine="streaming")
    )
    total = _sum(ranked["net_amount"])
    a_count, b_count = _counts_above(ranked, rules, total)
    return Parameters(
        rules=rules,
        a_cut=_cut(facts, ranked, a_count),
        b_cut=_cut(facts, ranked, b_count),
        shares={
            "A": _share(ranked, 0, a_count, total),
            "B": _share(ranked, a_count, b_count, total),
            "C": _share(ranked, b_count, ranked.height, total),
        },
        curve=_curve(ranked, total),
        warnings=() if ranked.height else ("no customer has a purchase and a net amount above zero: all are Z",),
    )


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``abc_class`` (``A``, ``B``, ``C``, or ``Z``: no purchase, or net amount of zero or less) and ``abc_class_zh``."""
    abc_class = (
        pl.when(_counts().not_().fill_null(value=True))
        .then(pl.lit("Z"))
        .when(_is_up_to(parameters.a_cut))
        .then(pl.lit("A"))
        .when(_is_up_to(parameters.b_cut))
        .then(pl.lit("B"))
        .otherwise(pl.lit("C"))
    )
    return facts.with_columns(abc_class=abc_class).with_columns(
        abc_class_zh=pl.col("abc_class").replace_strict(CLASS_NAMES_ZH, return_dtype=pl.String)
    )


def _counts() -> pl.Expr:
    return (pl.col("orders_count") > 0) & (pl.col("net_amount") > 0)


def _counts_above(ranked: pl.DataFrame, rules: Rules, total: Decimal) -> tuple[int, int]:
    """How many are in A, and in A or B."""
    if rules.form == "customers":
        a, b = (ceil(Decimal(str(share)) * ranked.height) for share in (rules.a_customers, rules.b_customers))
    else:
        before = pl.col("cumulative") - pl.col("net_amount")
        a, b = ranked.select(a=(before < _line(rules.a_share, total)).sum(), b=(before < _line(rules.b_share, total)).sum()).row(0)
    return a, b


def _curve(ranked: pl.DataFrame, total: Decimal) -> tuple[float, ...]:
    if ranked.is_empty():
        return ()
    last_of = [ceil(Decimal(percent) * ranked.height / 100) - 1 for percent in range(1, 101)]
    return 0.0, *(float(cumulative / total) for cumulative in ranked["cumulative"].gather(last_of))


def _line(share: float, total: Decimal) -> pl.Expr:
    """``share`` of ``total``, rounded up to money's last digit: a sum of money is below the one exactly when it is below the other."""
    line = (Decimal(str(share)) * total).quantize(Decimal(1).scaleb(-4), rounding=ROUND_CEILING)
    return pl.lit(line, dtype=pl.Decimal(38, 4))


def _sum(amounts: pl.Series) -> Decimal:
    return Decimal(amounts.sum() or 0)


def _cut(facts: pl.LazyFrame, ranked: pl.DataFrame, count: int) -> ClassLimit | None:
    """The customer at that place. Ids are sorted only among those who tie with him: amounts are many times quicker to sort."""
    if not count:
        return None
    net_amount = ranked["net_amount"][count - 1]
    above = int((ranked["net_amount"] > net_amount).sum())
    tied = facts.filter(_counts() & (pl.col("net_amount") == pl.lit(net_amount, MONEY))).select("customer_id").collect(engine="streaming")
    return ClassLimit(net_amount=str(net_amount), customer_id=tied["customer_id"].sort()[count - 1 - above])


def _is_up_to(cut: ClassLimit | None) -> pl.Expr:
    if cut is None:
        return pl.lit(value=False)
    net_amount = pl.lit(Decimal(cut.net_amount), dtype=MONEY)
    is_tie_before = (pl.col("net_amount") == net_amount) & (pl.col("customer_id") <= cut.customer_id)
    return (pl.col("net_amount") > net_amount) | is_tie_before


def _share(ranked: pl.DataFrame, start: int, end: int, total: Decimal) -> dict[str, int | float | str]:
    net_amount = _sum(ranked["net_amount"].slice(start, end - start))
    return {
        "customers_count": end - start,
        "customers_share": (end - start) / ranked.height if ranked.height else 0.0,
        "net_amount": str(net_amount),
        "net_share": float(net_amount / total) if total else 0.0,
    }
