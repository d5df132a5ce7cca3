"""What the words of a review say: its sentiment, and the topics it praises or complains about, in Chinese and English.

A pure function of the text, the stars and the lists of words, so a review is read once, when it lands. Chinese is segmented by the
dictionary and algorithm of jieba (rjieba: in Rust, without files or logs); other scripts are split at everything that is not a letter.

The sentiment is VADER's sum (Hutto & Gilbert 2014). Words have a weight. A negation among the three words before turns it (× -0.74) and
degree words there multiply it, but only back to the previous word with a weight: in "not good not good" each "good" has its own "not". In
a sentence with a contrast ("but"), what follows it counts 1.5 times and what precedes it half. s / √(s² + 15) brings the sum between -1
and 1. Unlike VADER, a negation that turns nothing ("did not arrive") weighs by itself, because in reviews it mostly complains.
A text without a known word has no sentiment: unknown, not neutral.

A review is bad up to two stars, or, without stars, if its sentiment is negative. No topic of a bad review counts as praised.
"""

from collections.abc import Iterable, Iterator

import polars as pl

from transforms.words import LONGEST, Words

VERSION = 2
"""To be counted up when the same text and lists would be read otherwise: everything is then read anew."""

MOST_CHARACTERS = 20_000
"""What stands beyond is not read: no text takes long."""
TONE_LINE = 0.18
"""A sentiment from here up is positive, from minus this down negative: one mild word that is turned ("not cheap") reaches it."""
NEGATIVE_STARS, POSITIVE_STARS = 2, 4
"""As the variables negative_rating_max and positive_rating_min of the dbt project."""

_TURNED, _REACH, _ALPHA = -0.74, 3, 15.0
_BEFORE_CONTRAST, _AFTER_CONTRAST = 0.5, 1.5
_LATIN = r"[[\p{L}\p{N}]--\p{Han}]"
_PIECES = rf"\p{{Han}}+|{_LATIN}+(?:['-]{_LATIN}+)*|\p{{Extended_Pictographic}}|[^\s]|\n"
_INVISIBLE = "[\u200b-\u200f\u2060\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]"
_SENTENCE_ENDS = pl.Series([".", "!", "?", ";", "。", "~", "\n"])
_WORD = rf"^(?:\p{{Han}}|{_LATIN}|\p{{Extended_Pictographic}})"

SENTIMENTS = pl.Schema({"file_id": pl.String, "line": pl.Int64, "sentiment": pl.Float64, "tone": pl.String})
"""Grain: one row per delivered review with a known word."""
TOPICS = pl.Schema({"file_id": pl.String, "line": pl.Int64, "topic": pl.String, "topic_zh": pl.String, "tone": pl.String})
"""Grain: one row per delivered review and topic it names. ``tone``: null where nothing says it, and for praise in a bad review."""


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
    """``token`` of each ``review`` in its order. ``clause`` and ``sentence``: numbers that change at signs, the first at contrasts too."""
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
    is_other_review = pl.col("review") != pl.col("review").shift(1)
    begins_clause = ~is_word | pl.col("token").is_in(_listed(words.contrasts)) | is_other_review
    begins_sentence = pl.col("token").is_in(_SENTENCE_ENDS.implode()) | is_other_review
    numbers = {
        name: begins.fill_null(value=True).cast(pl.UInt32).cum_sum()
        for name, begins in (("clause", begins_clause), ("sentence", begins_sentence))
    }
    return pieces.with_columns(**numbers).filter(is_word).with_row_index("place")


def _segmented(pieces: Iterable[str], words: Words) -> Iterator[list[str]]:
    """Words of each run of Chinese characters. Words that the dictionary of jieba joins are split where only their parts are listed."""
    import rjieba  # takes a quarter of a second, where there is Chinese to read at all

    vocabulary, modifiers = words.vocabulary, words.modifiers
    weighing = {*words.sentiment, *modifiers, *words.contrasts}
    for piece in pieces:
        found: list[str] = []
        for token in rjieba.cut(piece):
            if len(token) == 3 and token[0] == token[2] and token[1] in words.negations and found and found[-1] in words.negations:
                found += token  # 不 + 好不好: not a question, but 不好 twice
            elif token in weighing or len(token) == 1:
                found.append(token)
            elif len(set(token)) == 1 and token[0] in words.sentiment:
                found += token  # 差差, 赞赞
            elif token[0] in modifiers and token[1:] in vocabulary:
                found += [token[0], token[1:]]  # 太慢, 不高
            else:
                found.append(token)
        yield found


def _entries(tokens: pl.DataFrame, words: Words) -> pl.DataFrame:
    """Where entries of the lists stand: ``place`` of the first word, how many words (``length``), and the ``entry``."""
    entries = _listed(words.vocabulary)
    beginnings = _listed(beginning for entry in words.vocabulary for beginning in _beginnings(entry))
    run = tokens.select("review", "clause", "place", entry="token")
    found = []
    for length in range(1, LONGEST + 1):
        found.append(run.filter(pl.col("entry").is_in(entries)).with_columns(length=pl.lit(length)))
        run = run.filter(pl.col("entry").is_in(beginnings), pl.col("place") + length < tokens.height)
        following = run.select(pl.col("place") + length).to_series()
        joint = (
            pl.when(pl.col("entry").str.contains(rf"{_LATIN}$") & pl.col("next").str.contains(rf"^{_LATIN}"))
            .then(pl.lit(" "))
            .otherwise(pl.lit(""))
        )
        run = (
            run.with_columns(next=tokens["token"].gather(following), next_clause=tokens["clause"].gather(following))
            .filter(pl.col("next_clause") == pl.col("clause"))
            .with_columns(entry=pl.concat_str("entry", joint, "next"))
            .select("review", "clause", "place", "entry")
        )
    return pl.concat(found)


def _beginnings(entry: str) -> Iterable[str]:
    """What the first words of the entry may be: up to each space in it, and, in Chinese, up to each character."""
    return [entry[:end] for end in range(1, len(entry)) if entry[end] == " " or not entry[end - 1 : end + 1].isascii()]


def _weighed(tokens: pl.DataFrame, entries: pl.DataFrame, words: Words) -> pl.DataFrame:
    """The words that praise or complain, each once, with its weight ``in_clause``, and ``in_text`` where a contrast counts too."""
    contrasts = (
        entries.filter(pl.col("entry").is_in(_listed(words.contrasts)))
        .join(tokens.select("place", "sentence"), on="place")
        .group_by("sentence")
        .agg(contrast=pl.col("place").max())
    )
    side = (
        pl.when(pl.col("contrast").is_null())
        .then(1.0)
        .when(pl.col("place") < pl.col("contrast"))
        .then(_BEFORE_CONTRAST)
        .otherwise(_AFTER_CONTRAST)
    )
    return (
        _turned(tokens, _marks(entries, words))
        .join(tokens.select("place", "sentence"), on="place", how="left", maintain_order="left")
        .join(contrasts, on="sentence", how="left", maintain_order="left")
        .with_columns(in_text=pl.col("in_clause") * side)
        .sort("place")
    )


def _marks(entries: pl.DataFrame, words: Words) -> pl.DataFrame:
    """The entries that weigh, turn or strengthen. Where some overlap, the one that begins first counts, and of those the longest."""
    listed = sorted({*words.sentiment, *words.negations, *words.degrees})
    table = pl.DataFrame(
        {
            "entry": listed,
            "weight": [words.sentiment.get(entry, 0.0) for entry in listed],
            "factor": [(_TURNED if entry in words.negations else 1.0) * words.degrees.get(entry, 1.0) for entry in listed],
            "is_negation": [entry in words.negations for entry in listed],
            "is_degree": [entry in words.degrees for entry in listed],
        },
        schema_overrides={"entry": pl.String},
    )
    is_next = (pl.col("clause") == pl.col("clause").shift(-1)) & (pl.col("end") == pl.col("place").shift(-1))
    has_weight = (pl.col("weight") != 0) & ~pl.col("is_negation")
    strengthens = pl.col("is_degree") & is_next & (has_weight & ~pl.col("is_degree")).shift(-1)
    return (
        entries.join(table, on="entry")
        .with_columns(end=pl.col("place") + pl.col("length"))
        .sort("place", "length", descending=[False, True])
        .filter((pl.col("place") >= pl.col("end").shift(1).cum_max()).fill_null(value=True))
        .with_columns(last=pl.col("end") - 1, weighs=has_weight & ~strengthens.fill_null(value=False))
        .with_columns(factor=pl.when("weighs").then(1.0).otherwise("factor"))
    )


def _turned(tokens: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """The marks that weigh, with their weight ``in_clause``: multiplied by what stands before them, back to the word of weight before.

    A degree with a weight of its own ("pretty", 好) weighs where no word of weight follows it at once, and a negation where it turns none.
    """
    by_place = marks.select("factor", "is_negation", "weighs", place="last")
    around = (
        tokens.select("place", "clause")
        .join(by_place, on="place", how="left", maintain_order="left")
        .with_columns(
            pl.col("factor").fill_null(1.0),
            begins=pl.col("place").is_in(marks.filter("weighs")["place"].implode()),
            ends=pl.col("weighs").fill_null(value=False),
        )
    )
    is_open, before = pl.lit(value=True), pl.lit(1.0)
    is_used = pl.lit(value=False)
    for distance in range(1, _REACH + 1):
        is_open &= (pl.col("clause").shift(distance) == pl.col("clause")) & ~pl.col("ends").shift(distance)
        before *= pl.when(is_open).then(pl.col("factor").shift(distance)).otherwise(1.0)
        is_used |= (pl.col("clause").shift(-distance) == pl.col("clause")) & pl.col("begins").shift(-distance)
    return (
        marks.filter(pl.col("weight") != 0)
        .join(around.select("place", before=before), on="place", how="left", maintain_order="left")
        .join(around.select(is_used.fill_null(value=False).alias("is_used"), last="place"), on="last", how="left", maintain_order="left")
        .filter(pl.col("weighs") | (pl.col("is_negation") & ~pl.col("is_used")))
        .select("review", "clause", "place", in_clause=pl.col("weight") * pl.when("weighs").then("before").otherwise(1.0))
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
    is_bad = (pl.coalesce(stars, pl.when(pl.col("rating").is_null()).then("tone")) == "negative").fill_null(value=False)
    tone = pl.coalesce(tones)
    return (
        entries.join(named, on="entry")
        .select("review", "clause", "topic", "topic_zh")
        .unique()
        .join(by_clause, on="clause", how="left")
        .group_by("review", "topic", "topic_zh")
        .agg(pl.col("in_clause").sort().sum(), pl.col("in_clause").count().alias("said"))
        .with_columns(in_clause=pl.when(pl.col("said") > 0).then("in_clause"))
        .join(found, on="review", how="left")
        .with_columns(tone=pl.when(~(is_bad & (tone == "positive"))).then(tone))
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
