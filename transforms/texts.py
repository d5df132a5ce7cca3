"""What the words of a review say: its sentiment, and the topics it praises or complains about, in Chinese and English.

A pure function of the text, the stars and the lists of words, so a review is read once, when it lands. Chinese is segmented by the
dictionary and algorithm of jieba (rjieba: in Rust, without files or logs); other scripts are parted at what is no letter. The sentiment is
VADER's sum (Hutto & Gilbert 2014): words have a weight; a negation among the three words before turns it (× -0.74); degree words there
multiply it; what follows a contrast ("but") counts 1.5 times, what stands before it half; s / √(s² + 15) brings the sum between -1 and 1.
A text none of whose words is known has no sentiment: unknown, not neutral.
"""

from collections.abc import Iterable, Iterator

import polars as pl

from transforms.words import LONGEST, Words

VERSION = 1
"""To be counted up when the same text and lists would be read otherwise: everything is then read anew."""

MOST_CHARACTERS = 20_000
"""What stands beyond is not read: no text takes long."""
TONE_LINE = 0.2
"""A sentiment from here up is positive, from minus this down negative."""
NEGATIVE_STARS, POSITIVE_STARS = 2, 4

_TURNED, _REACH, _ALPHA = -0.74, 3, 15.0
_BEFORE_CONTRAST, _AFTER_CONTRAST = 0.5, 1.5
_LATIN = r"[[\p{L}\p{N}]--\p{Han}]"
_PIECES = rf"\p{{Han}}+|{_LATIN}+(?:['-]{_LATIN}+)*|\p{{Extended_Pictographic}}|[^\s]|\n"
_INVISIBLE = "[\u200b-\u200f\u2060\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]"
_WORD = rf"^(?:\p{{Han}}|{_LATIN}|\p{{Extended_Pictographic}})"

SENTIMENTS = pl.Schema({"file_id": pl.String, "line": pl.Int64, "sentiment": pl.Float64, "tone": pl.String})
"""Grain: one row per delivered review with a known word."""
TOPICS = pl.Schema({"file_id": pl.String, "line": pl.Int64, "topic": pl.String, "topic_zh": pl.String, "tone": pl.String})
"""Grain: one row per delivered review and topic it names. ``tone``: null where neither words nor stars say."""


def read(reviews: pl.DataFrame, words: Words) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``file_id, line, rating, title, body`` of clean reviews → ``SENTIMENTS`` and ``TOPICS``."""
    texts = reviews.with_row_index("review").with_columns(
        text=pl.concat_str(pl.col("title", "body").str.slice(0, MOST_CHARACTERS), separator="\n", ignore_nulls=True)
    )
    tokens = _tokens(texts, words)
    entries = _entries(tokens, words)
    weighed = _weighed(tokens, entries, words)
    sentiments = (
        weighed.group_by("review", maintain_order=True)
        .agg(pl.col("in_text").sum())
        .with_columns(sentiment=_normalised(pl.col("in_text")))
        .with_columns(tone=_tone(pl.col("sentiment")))
    )
    found = texts.select("review", "file_id", "line", "rating").join(sentiments, on="review", how="left", maintain_order="left")
    topics = _topics(found, entries, weighed, words)
    return (
        found.filter(pl.col("sentiment").is_not_null()).select(SENTIMENTS.names()).cast(SENTIMENTS),
        topics.select(TOPICS.names()).cast(TOPICS),
    )


def _tokens(texts: pl.DataFrame, words: Words) -> pl.DataFrame:
    """``token`` of each ``review`` in its order, with ``clause``: a number that is another after each sign between words."""
    text = pl.col("text").str.normalize("NFKC").str.to_lowercase().str.replace_all("’", "'").str.replace_all(_INVISIBLE, "")
    pieces = texts.select("review", token=text.str.extract_all(_PIECES)).explode("token", empty_as_null=False, keep_nulls=False)
    chinese = pieces.filter(pl.col("token").str.contains(r"^\p{Han}{2}"))["token"].unique()
    if len(chinese):
        parted = pl.Series(list(_segmented(chinese, words)), dtype=pl.List(pl.String))
        lists = pl.DataFrame({"token": chinese, "parts": parted})
        pieces = (
            pieces.join(lists, on="token", how="left", maintain_order="left")
            .select("review", token=pl.coalesce("parts", pl.concat_list("token")))
            .explode("token", empty_as_null=False, keep_nulls=False)
        )
    is_word = pl.col("token").str.contains(_WORD)
    begins = ~is_word | pl.col("token").is_in(_listed(words.contrasts)) | (pl.col("review") != pl.col("review").shift(1))
    return pieces.with_columns(clause=begins.fill_null(value=True).cast(pl.UInt32).cum_sum()).filter(is_word).with_row_index("place")


def _segmented(pieces: Iterable[str], words: Words) -> Iterator[list[str]]:
    """Words of each run of Chinese characters. One that weighs nothing itself but begins with a negation or degree is two: 太慢, 不高."""
    import rjieba  # takes a quarter of a second, where there is Chinese to read at all

    vocabulary, modifiers = words.vocabulary, words.modifiers
    weighing = {*words.sentiment, *modifiers, *words.contrasts}
    for piece in pieces:
        found: list[str] = []
        for token in rjieba.cut(piece):
            is_two = len(token) > 1 and token not in weighing and token[0] in modifiers and token[1:] in vocabulary
            found += [token[0], token[1:]] if is_two else [token]
        yield found


def _entries(tokens: pl.DataFrame, words: Words) -> pl.DataFrame:
    """Where entries of the lists stand: ``place`` of the first word, how many words (``length``), and the ``entry``."""
    entries = pl.Series("entry", sorted(words.vocabulary), dtype=pl.String)
    heads = {head for entry in words.vocabulary for head in _heads(entry)}
    starts = tokens.with_columns(
        pl.when(pl.col("clause").shift(-ahead) == pl.col("clause")).then(pl.col("token").shift(-ahead)).alias(f"next_{ahead}")
        for ahead in range(1, LONGEST)
    ).filter(pl.col("token").is_in(_listed(heads)))
    found = []
    run = starts.rename({"token": "entry"})
    for length in range(1, LONGEST + 1):
        found.append(
            run.join(entries.to_frame(), on="entry", how="semi").select("review", "clause", "place", "entry", length=pl.lit(length))
        )
        if length < LONGEST:
            joint = (
                pl.when(pl.col("entry").str.contains(rf"{_LATIN}$") & pl.col(f"next_{length}").str.contains(rf"^{_LATIN}"))
                .then(pl.lit(" "))
                .otherwise(pl.lit(""))
            )
            run = run.with_columns(entry=pl.concat_str("entry", joint, f"next_{length}")).filter(pl.col("entry").is_not_null())
    return pl.concat(found)


def _heads(entry: str) -> Iterable[str]:
    """What the first word of the entry may be: all of it, a word of it, or, in Chinese, any beginning of it."""
    first = entry.split(" ", 1)[0]
    return [first] if first.isascii() else [first[:end] for end in range(1, len(first) + 1)]


def _weighed(tokens: pl.DataFrame, entries: pl.DataFrame, words: Words) -> pl.DataFrame:
    """The words that praise or complain, each once, with its weight ``in_clause``, and ``in_text`` where a contrast counts too."""
    weights = pl.DataFrame(
        {"entry": list(words.sentiment), "weight": list(words.sentiment.values())}, schema={"entry": pl.String, "weight": pl.Float64}
    )
    longest = (
        entries.join(weights, on="entry")
        .sort("place", "length", descending=[False, True])
        .with_columns(end=pl.col("place") + pl.col("length"))
        .filter((pl.col("place") >= pl.col("end").shift(1).cum_max()).fill_null(value=True))
    )
    degrees = pl.DataFrame(
        {"entry": list(words.degrees), "degree": list(words.degrees.values())}, schema={"entry": pl.String, "degree": pl.Float64}
    )
    turning = entries.filter(pl.col("entry").is_in(_listed(words.negations))).select("place", turns=pl.lit(_TURNED))
    strengthening = entries.join(degrees, on="entry").group_by("place").agg(pl.col("degree").sort_by("length").last())
    around = tokens.select("place", "clause").join(turning.unique("place"), on="place", how="left", maintain_order="left")
    around = around.join(strengthening, on="place", how="left", maintain_order="left").with_columns(
        factor=pl.col("turns").fill_null(1.0) * pl.col("degree").fill_null(1.0)
    )
    before = [
        pl.when(pl.col("clause").shift(back) == pl.col("clause")).then(pl.col("factor").shift(back)).otherwise(1.0)
        for back in range(1, _REACH + 1)
    ]
    factors = around.select("place", factor=before[0] * before[1] * before[2])
    contrasts = entries.filter(pl.col("entry").is_in(_listed(words.contrasts))).group_by("review").agg(contrast=pl.col("place").max())
    side = (
        pl.when(pl.col("contrast").is_null())
        .then(1.0)
        .when(pl.col("place") < pl.col("contrast"))
        .then(_BEFORE_CONTRAST)
        .otherwise(_AFTER_CONTRAST)
    )
    return (
        longest.join(factors, on="place", how="left", maintain_order="left")
        .join(contrasts, on="review", how="left", maintain_order="left")
        .with_columns(in_clause=pl.col("weight") * pl.col("factor"))
        .with_columns(in_text=pl.col("in_clause") * side)
        .sort("place")
    )


def _topics(found: pl.DataFrame, entries: pl.DataFrame, weighed: pl.DataFrame, words: Words) -> pl.DataFrame:
    named = pl.DataFrame(
        [(entry, topic, words.names_zh[topic]) for entry, topics in words.topics.items() for topic in topics],
        schema={"entry": pl.String, "topic": pl.String, "topic_zh": pl.String},
        orient="row",
    )
    by_clause = weighed.group_by("clause").agg(pl.col("in_clause").sum())
    stars = (
        pl.when(pl.col("rating") >= POSITIVE_STARS)
        .then(pl.lit("positive"))
        .when(pl.col("rating") <= NEGATIVE_STARS)
        .then(pl.lit("negative"))
    )
    said = _tone(_normalised(pl.col("in_clause")))
    tones = [pl.when(tone != "neutral").then(tone) for tone in (said, stars, pl.col("tone"))]
    return (
        entries.join(named, on="entry")
        .select("review", "clause", "topic", "topic_zh")
        .unique()
        .join(by_clause, on="clause", how="left")
        .group_by("review", "topic", "topic_zh")
        .agg(pl.col("in_clause").sort().sum(), pl.col("in_clause").count().alias("said"))
        .with_columns(in_clause=pl.when(pl.col("said") > 0).then("in_clause"))
        .join(found, on="review", how="left")
        .with_columns(tone=pl.coalesce(tones))
        .sort("review", "topic")
    )


def _listed(words: Iterable[str]) -> pl.Series:
    return pl.Series(sorted(words), dtype=pl.String).implode()


def _normalised(total: pl.Expr) -> pl.Expr:
    # Rounded, because sums of the same weights may differ in their last bits with the size of the batch.
    return (total / (total * total + _ALPHA).sqrt()).round(4)


def _tone(sentiment: pl.Expr) -> pl.Expr:
    return (
        pl.when(sentiment >= TONE_LINE)
        .then(pl.lit("positive"))
        .when(sentiment <= -TONE_LINE)
        .then(pl.lit("negative"))
        .when(sentiment.is_not_null())
        .then(pl.lit("neutral"))
    )
