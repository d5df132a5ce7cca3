"""Loyalty of every customer, 0 to 100, from behaviour and attitude, each part a column from 0 to 1, and the type by Dick & Basu (1994).

A part that cannot be known is null and its weight moves to the parts beside it: to the other parts of attitude, or, where the whole
attitude is unknown (no review, no complaint), to behaviour, flagged by ``is_attitude_known``.

What a part did to a score is told in points: how far the customer's part lies from the mean of the base's buyers, times the weight that it
has for this customer. The points of all parts add up to how far the score lies from that of a customer with mean parts.
"""

from dataclasses import dataclass, replace

import polars as pl

from transforms.ranges import check_ranges
from transforms.reasons import reasons

TYPE_NAMES_ZH = {"true": "真忠诚", "latent": "潜在忠诚", "spurious": "虚假忠诚", "none": "不忠诚", "unknown": "未知"}

_BEHAVIOUR = ("repeat", "regularity", "active", "tenure", "breadth", "full_price")
_ATTITUDE = ("rating", "complaints", "word_of_mouth")
PARTS = (*_BEHAVIOUR, *_ATTITUDE)
PART_NAMES = {
    "repeat": "buys again",
    "regularity": "steady rhythm",
    "active": "still active",
    "tenure": "length of the relation",
    "breadth": "breadth of categories",
    "full_price": "buys at full price",
    "rating": "stars given",
    "complaints": "complaints",
    "word_of_mouth": "reviews that others found helpful",
}
PART_NAMES_ZH = {
    "repeat": "复购",
    "regularity": "购买节奏",
    "active": "当前活跃度",
    "tenure": "关系时长",
    "breadth": "品类广度",
    "full_price": "原价购买",
    "rating": "评分",
    "complaints": "投诉",
    "word_of_mouth": "口碑",
}
_NOTABLE = 0.5
"""Points of a score from which a part is said to have raised or lowered it."""


@dataclass(frozen=True)
class Rules:
    """Weights are relative among the parts of behaviour, and among the parts of attitude; of each, one at least is above zero."""

    repeat_weight: float = 0.30
    """Repeat purchase. 0 to 1."""
    regularity_weight: float = 0.15
    """Regularity of the gaps between purchases. 0 to 1."""
    active_weight: float = 0.20
    """Still active: the next order is not overdue. 0 to 1."""
    tenure_weight: float = 0.20
    """Active tenure: first to last purchase. 0 to 1."""
    breadth_weight: float = 0.15
    """Breadth of categories. 0 to 1."""
    full_price_weight: float = 0.20
    """Share bought at full price. 0 to 1."""
    rating_weight: float = 0.65
    """Bayesian mean rating. 0 to 1."""
    complaints_weight: float = 0.25
    """Absence of complaints. 0 to 1."""
    word_of_mouth_weight: float = 0.10
    """Praise that others found helpful. 0 to 1."""
    attitude_weight: float = 0.40
    """Weight of attitude in the score; behaviour has the rest. 0 to 1."""
    repeat_half: float = 3.0
    """Purchase days after the first that earn half of repeat purchase. 0.1 to 100."""
    tenure_half_days: float = 365.0
    """Days from first to last purchase that earn half of tenure. 1 to 3,650."""
    breadth_half: float = 2.0
    """Categories after the first that earn half of breadth. 0.1 to 100."""
    helpful_votes_half: float = 5.0
    """Helpful votes that earn half of word of mouth. 0.1 to 1,000."""
    rating_prior_reviews: float = 1.0
    """How many reviews of the base's mean rating are added to a customer's own. 0.01 to 100."""
    praise_rating: float = 3.5
    """Mean rating from which helpful votes are praise passed on; below it they are a warning passed on and earn nothing. 1 to 5."""
    closed_complaint: float = 0.5
    """What complaints earn when the customer has complained and nothing is open (open: 0, never: 1). 0 to 1."""
    behaviour_line: float = 0.45
    """Repeat patronage is high from here. 0 to 1."""
    attitude_line: float = 0.70
    """Relative attitude is high from here. 0 to 1."""

    def __post_init__(self) -> None:
        shares = {f"{part}_weight": (0, 1) for part in (*_BEHAVIOUR, *_ATTITUDE, "attitude")}
        shares |= dict.fromkeys(("closed_complaint", "behaviour_line", "attitude_line"), (0, 1))
        halves = {"repeat_half": (0.1, 100), "tenure_half_days": (1, 3650), "breadth_half": (0.1, 100), "helpful_votes_half": (0.1, 1000)}
        check_ranges("loyalty", self, {**shares, **halves, "rating_prior_reviews": (0.01, 100), "praise_rating": (1, 5)})
        for parts in (_BEHAVIOUR, _ATTITUDE):
            if not any(getattr(self, f"{part}_weight") for part in parts):
                raise ValueError(f"loyalty: the weights of {', '.join(parts)} are all 0; expected one at least above 0.")


@dataclass(frozen=True)
class Parameters:
    """``base_rating``: mean of all the base's reviews. ``has_*``: whether the base has such facts at all; where not, what is missing says
    nothing about one customer, and the part is unknown. ``means``: of each part over the buyers of whom it is known."""

    rules: Rules
    base_rating: float
    reviews_count: int
    has_categories: bool
    has_complaints: bool
    has_helpful_votes: bool
    means: dict[str, float]
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """The prior of the mean rating, which kinds of facts the base has, and what its buyers have of each part.

    Reads what ``apply`` reads, ``overdue_ratio`` of ``lifecycle.overdue`` beside the facts.
    """
    is_rated = (pl.col("rated_reviews_count") > 0) & pl.col("mean_rating").is_not_null()
    found = (
        facts.select(
            stars=(pl.col("mean_rating") * pl.col("rated_reviews_count")).filter(is_rated).sum(),
            reviews=pl.col("rated_reviews_count").filter(is_rated).sum(),
            has_categories=(pl.col("categories_count") > 0).any(),
            has_complaints=_has_complained().any(),
            has_helpful_votes=(pl.col("helpful_votes_count") > 0).any(),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    missing = {
        "breadth": found["has_categories"],
        "complaints": found["has_complaints"],
        "rating": found["reviews"] > 0,
        "word_of_mouth": found["has_helpful_votes"],
    }
    parameters = Parameters(
        rules=rules,
        base_rating=found["stars"] / found["reviews"] if found["reviews"] else 3.0,
        reviews_count=found["reviews"],
        has_categories=found["has_categories"],
        has_complaints=found["has_complaints"],
        has_helpful_votes=found["has_helpful_votes"],
        means={},
        warnings=tuple(f"loyalty_{part} is unknown for all: the base has no such facts" for part, has in missing.items() if not has),
    )
    return replace(parameters, means=_means(facts, parameters))


def _means(facts: pl.LazyFrame, parameters: Parameters) -> dict[str, float]:
    """Means to eight digits: more would hang on the order in which customers are added up."""
    buyers = facts.filter(pl.col("purchase_days_count") > 0)
    means = (
        buyers.select(part.mean().alias(name) for name, part in _parts(parameters).items()).collect(engine="streaming").row(0, named=True)
    )
    return {name: round(mean, 8) for name, mean in means.items() if mean is not None}


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``loyalty_score`` (0 to 100), ``loyalty_behaviour``, ``loyalty_attitude`` and their parts (0 to 1), ``is_attitude_known``,
    ``loyalty_type`` (``true``, ``latent``, ``spurious``, ``none``, ``unknown``), ``loyalty_raised_by`` and ``loyalty_lowered_by`` (the part
    that did so most, if any did notably), ``discontent`` (what the customer complained of or rated badly, null where nothing), each of
    these four with ``_zh``. Reads ``overdue_ratio`` beside the facts.

    A customer without a purchase has behaviour 0. Where the attitude is unknown the score is behaviour alone, and the type is
    ``unknown``: the quadrants need both sides.
    """
    rules = parameters.rules
    behaviour, attitude = pl.col("loyalty_behaviour"), pl.col("loyalty_attitude")
    both = (1 - rules.attitude_weight) * behaviour + rules.attitude_weight * attitude
    is_high_behaviour, is_high_attitude = behaviour >= rules.behaviour_line, attitude >= rules.attitude_line
    return (
        facts.with_columns(part.alias(f"loyalty_{name}") for name, part in _parts(parameters).items())
        .with_columns(
            loyalty_behaviour=_weighted_mean(rules, _BEHAVIOUR).fill_null(0.0),
            loyalty_attitude=_weighted_mean(rules, _ATTITUDE),
        )
        .with_columns(
            loyalty_score=(100 * both.fill_null(behaviour)).clip(0.0, 100.0),
            is_attitude_known=attitude.is_not_null(),
            loyalty_type=pl.when(attitude.is_null())
            .then(pl.lit("unknown"))
            .when(is_high_behaviour & is_high_attitude)
            .then(pl.lit("true"))
            .when(is_high_attitude)
            .then(pl.lit("latent"))
            .when(is_high_behaviour)
            .then(pl.lit("spurious"))
            .otherwise(pl.lit("none")),
        )
        .pipe(_with_points, parameters)
        .with_columns(_most=pl.max_horizontal(_POINTS.values()), _least=pl.min_horizontal(_POINTS.values()))
        .with_columns(
            _raised_by=_place_of(pl.col("_most"), pl.col("_most") >= _NOTABLE),
            _lowered_by=_place_of(pl.col("_least"), pl.col("_least") <= -_NOTABLE),
        )
        .with_columns(
            pl.col(f"_{direction}").replace_strict(dict(enumerate(names)), return_dtype=pl.String).alias(f"loyalty_{direction}{language}")
            for direction in ("raised_by", "lowered_by")
            for language, names in (("", PARTS), ("_zh", PART_NAMES_ZH.values()))
        )
        .drop("_most", "_least", "_raised_by", "_lowered_by", *_POINTS)
        .with_columns(loyalty_type_zh=pl.col("loyalty_type").replace_strict(TYPE_NAMES_ZH, return_dtype=pl.String))
        .pipe(_with_discontent, rules)
    )


def _with_discontent(facts: pl.LazyFrame, rules: Rules) -> pl.LazyFrame:
    """Adds ``discontent`` and ``discontent_zh``. A mean rating is bad where helpful votes on it count as a warning."""
    is_open = pl.col("has_open_complaint").fill_null(value=False)
    said = [
        (is_open, "an open complaint", "有未解决的投诉"),
        (~is_open & pl.col("last_complaint_at").is_not_null(), "complained before", "曾经投诉"),
        (pl.col("mean_rating") < rules.praise_rating, "rates {rating} of 5 on average", "平均评分 {rating}（满分 5）"),
        (pl.col("mean_rating").is_null() & (pl.col("negative_reviews_count") > 0), "wrote a bad review", "写过差评"),
    ]
    rating = pl.col("mean_rating").round(1, mode="half_away_from_zero").cast(pl.String)
    return facts.with_columns(reasons(said, "discontent")).with_columns(
        pl.when(rating.is_null()).then(name).otherwise(pl.col(name).str.replace("{rating}", rating, literal=True)).alias(name)
        for name in ("discontent", "discontent_zh")
    )


def explain(scored: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """How each score came about, what moved it most first. Grain: one row per customer and known part.

    ``scored``: ``customer_id`` and the parts as ``apply`` adds them. Out: ``customer_id``, ``part``, its name as ``name`` and ``name_zh``,
    ``value`` and ``base_mean`` (0 to 1), ``points`` (of 100; above zero: raised the score).
    """
    pointed = _with_points(scored, parameters)
    told = [
        pointed.select(
            "customer_id",
            part=pl.lit(part),
            name=pl.lit(PART_NAMES[part]),
            name_zh=pl.lit(PART_NAMES_ZH[part]),
            value=pl.col(f"loyalty_{part}"),
            base_mean=pl.lit(parameters.means.get(part), pl.Float64),
            points=points,
        )
        for part, points in zip(PARTS, _POINTS.values(), strict=True)
    ]
    by_size = ["customer_id", pl.col("points").abs(), "part"]
    return pl.concat(told).drop_nulls("points").sort(by_size, descending=[False, True, False])


_POINTS = {f"_{part}_points": pl.col(f"_{part}_points") for part in PARTS}


def _with_points(scored: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``_<part>_points``: how far the part moves the score from that of a customer who has the base's mean of it."""
    rules, means = parameters.rules, parameters.means
    said = pl.col("_known_attitude")
    of_behaviour = 100 * pl.when(said > 0).then(1 - rules.attitude_weight).otherwise(1.0) / pl.col("_known_behaviour")
    sides = {"_of_behaviour": of_behaviour, "_of_attitude": 100 * rules.attitude_weight / said}

    def points(part: str) -> pl.Expr:
        side = pl.col("_of_behaviour" if part in _BEHAVIOUR else "_of_attitude")
        beside_mean = pl.col(f"loyalty_{part}") - pl.lit(means.get(part), pl.Float64)
        return pl.when(beside_mean.is_not_null()).then(side * getattr(rules, f"{part}_weight") * beside_mean)

    return (
        scored.with_columns(_known_behaviour=_known_weight(rules, _BEHAVIOUR), _known_attitude=_known_weight(rules, _ATTITUDE))
        .with_columns(**sides)
        .with_columns(**{f"_{part}_points": points(part) for part in PARTS})
        .drop("_known_behaviour", "_known_attitude", *sides)
    )


def _place_of(points: pl.Expr, is_notable: pl.Expr) -> pl.Expr:
    """The place in ``PARTS`` of the part that has these points, the first of equals."""
    place = pl.lit(None, pl.Int8)
    for number, own in reversed(list(enumerate(_POINTS.values()))):
        place = pl.when(own == points).then(pl.lit(number, pl.Int8)).otherwise(place)
    return pl.when(is_notable).then(place)


def _parts(parameters: Parameters) -> dict[str, pl.Expr]:
    parts = _behaviour_parts(parameters) | _attitude_parts(parameters)
    return {name: parts[name].clip(0.0, 1.0) for name in PARTS}


def _behaviour_parts(parameters: Parameters) -> dict[str, pl.Expr]:
    """What has been shown: a customer with one purchase has shown no repeat and no rhythm, and earns 0 for them."""
    rules = parameters.rules
    days = pl.col("purchase_days_count").fill_null(0)
    active_days = (pl.col("last_order_date") - pl.col("first_order_date")).dt.total_days().fill_null(0)
    # 1 for equal gaps, 1/2 for gaps as scattered as chance makes them (standard deviation = mean). One gap shows no rhythm.
    regularity = pl.col("mean_gap_days") / (pl.col("mean_gap_days") + pl.col("gap_stddev_days"))
    breadth = _saturating(pl.col("categories_count").fill_null(0) - 1, rules.breadth_half)
    return {
        "repeat": _saturating(days - 1, rules.repeat_half),
        "regularity": pl.when((days >= 3) & (pl.col("mean_gap_days") > 0)).then(regularity).fill_null(0.0),
        "active": pl.when(days > 0).then(1 / pl.max_horizontal(pl.col("overdue_ratio"), 1.0)).fill_null(0.0),
        "tenure": _saturating(active_days, rules.tenure_half_days),
        "breadth": breadth if parameters.has_categories else pl.lit(None, pl.Float64),
        "full_price": pl.col("full_price_share"),
    }


def _attitude_parts(parameters: Parameters) -> dict[str, pl.Expr]:
    rules = parameters.rules
    reviews, rated = pl.col("reviews_count").fill_null(0), pl.col("rated_reviews_count").fill_null(0)
    votes = pl.col("helpful_votes_count").fill_null(0)
    prior = rules.rating_prior_reviews
    mean = (prior * parameters.base_rating + rated * pl.col("mean_rating")) / (prior + rated)
    praise = pl.when(pl.col("mean_rating") >= rules.praise_rating).then(_saturating(votes, rules.helpful_votes_half)).otherwise(0.0)
    return {
        "rating": pl.when(rated > 0).then((mean - 1) / 4),
        # Never having complained counts only for those who speak at all: silence alone is no attitude.
        "complaints": pl.when(pl.col("has_open_complaint"))
        .then(0.0)
        .when(_has_complained())
        .then(rules.closed_complaint)
        .when((reviews > 0) & parameters.has_complaints)
        .then(1.0),
        "word_of_mouth": pl.when((reviews > 0) & ((votes > 0) | parameters.has_helpful_votes)).then(praise),
    }


def _has_complained() -> pl.Expr:
    return pl.col("has_open_complaint").fill_null(value=False) | pl.col("last_complaint_at").is_not_null()


def _saturating(amount: pl.Expr, half: float) -> pl.Expr:
    """0 for nothing, 1/2 at ``half``, towards 1 for ever more: each further one counts less than the one before."""
    positive = pl.max_horizontal(amount.cast(pl.Float64), 0.0)
    return positive / (positive + half)


def _weighted_mean(rules: Rules, parts: tuple[str, ...]) -> pl.Expr:
    """Mean of the known parts by their weights; null where none with a weight is known."""
    weights = {f"loyalty_{part}": getattr(rules, f"{part}_weight") for part in parts}
    weighted = pl.sum_horizontal(weight * pl.col(part) for part, weight in weights.items())
    known = _known_weight(rules, parts)
    return pl.when(known > 0).then(weighted / known).clip(0.0, 1.0)


def _known_weight(rules: Rules, parts: tuple[str, ...]) -> pl.Expr:
    """What the known ones of these parts weigh together."""
    weights = {f"loyalty_{part}": getattr(rules, f"{part}_weight") for part in parts}
    return pl.sum_horizontal(pl.when(pl.col(part).is_not_null()).then(weight) for part, weight in weights.items())
