"""What words say: sentiment and topics of Chinese, English and mixed texts, and what becomes of edited lists."""

import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms import texts, words

LISTS = yaml.safe_load((Path(__file__).parents[2] / "orchestration" / "texts.yaml").read_text(encoding="utf-8"))
WORDS = words.load(LISTS, {})


def reviews_of(*bodies: str | None, rating: int | None = None, title: str | None = None) -> pl.DataFrame:
    rows = [("f", line, rating, title, body) for line, body in enumerate(bodies, start=2)]
    schema = {"file_id": pl.String, "line": pl.Int64, "rating": pl.Int32, "title": pl.String, "body": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def tone_of(body: str, **more: Any) -> str | None:
    sentiments, _ = texts.read(reviews_of(body, **more), WORDS)
    return sentiments["tone"].item() if sentiments.height else None


def topics_of(body: str, known: words.Words = WORDS, **more: Any) -> dict[str, str | None]:
    _, topics = texts.read(reviews_of(body, **more), known)
    return dict(topics.select("topic", "tone").iter_rows())


TONES = {
    "质量很好": "positive",
    "质量不好": "negative",
    "不错": "positive",
    "一点都不好": "negative",
    "不是很好": "negative",
    "没有破损": "positive",
    "太慢了": "negative",
    "性价比不高": "negative",
    "毫无瑕疵": "positive",
    "不能不喜欢": "positive",
    "再也不买了": "negative",
    "以后不会再来了": "negative",
    "质量一般": "neutral",
    "物流太慢，但是质量很好": "positive",
    "质量很好，但是物流太慢": "negative",
    "good": "positive",
    "not bad": "positive",
    "not good at all": "negative",
    "It isn’t very good": "negative",
    "no problem": "positive",
    "GREAT VALUE!!!": "positive",
    "slow, but very good": "positive",
    "very good, but slow and broken": "negative",
    "I don't think it's worth the money": "negative",
    "Won't order again.": "negative",
    "never again": "negative",
    "quality great 但是 物流太慢": "negative",
    "很 nice": "positive",
    "ｇｏｏｄ": "positive",
    "👍👍🏻": "positive",
    "❤️": "positive",
    "😡": "negative",
    "还行 👎👎": "negative",
}
UNKNOWN = ["", "  \n ", "...!?", "muito bom, recomendo", "12345", "差不多", "goods", "的"]


@pytest.mark.parametrize(("body", "tone"), TONES.items())
def test_the_tone_of_a_text(body: str, tone: str) -> None:
    assert tone_of(body) == tone


@pytest.mark.parametrize("body", UNKNOWN)
def test_a_text_without_a_known_word_is_unknown_and_not_neutral(body: str) -> None:
    assert tone_of(body) is None


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [("有点好", "好"), ("好", "很好吃，非常好"), ("很好", "非常好"), ("slightly good", "good"), ("good", "very good"), ("good", "good 👍")],
)
def test_degree_words_weigh(weaker: str, stronger: str) -> None:
    sentiments, _ = texts.read(reviews_of(weaker, stronger), WORDS)
    assert sentiments["sentiment"][0] < sentiments["sentiment"][1]


def test_the_sum_is_brought_between_minus_one_and_one_as_vader_does() -> None:
    sentiments, _ = texts.read(reviews_of("good", "not good"), WORDS)
    turned = 2 * -0.74
    assert sentiments["sentiment"].to_list() == [round(2 / (4 + 15) ** 0.5, 4), round(turned / (turned * turned + 15) ** 0.5, 4)]


@pytest.mark.parametrize(
    ("body", "rating", "topics"),
    [
        pytest.param("物流太慢，但是质量很好", None, {"logistics": "negative", "quality": "positive"}, id="each part speaks for its topic"),
        pytest.param(
            "Quality is great but delivery was slow", None, {"quality": "positive", "logistics": "negative"}, id="also in English"
        ),
        pytest.param("包装。质量很好", 1, {"packaging": "negative", "quality": "positive"}, id="stars where the part says nothing"),
        pytest.param("It arrived. I love it", 3, {"logistics": "positive"}, id="the whole text where the stars say nothing"),
        pytest.param("it came in a box", None, {"packaging": None}, id="named, and no more"),
        pytest.param("customer service never replied", 1, {"service": "negative"}, id="several words"),
        pytest.param("not as described, looks fake", None, {"authenticity": "negative"}, id="a phrase with a negation in it"),
        pytest.param("的价值观", None, {}, id="a word within another is none"),
        pytest.param("boxing", None, {}, id="nor in English"),
        pytest.param(
            "送货上门，客服耐心，价格划算", None, {"logistics": "positive", "service": "positive", "price": "positive"}, id="several topics"
        ),
    ],
)
def test_the_topics_of_a_text_and_their_tone(body: str, rating: int | None, topics: dict[str, str | None]) -> None:
    assert topics_of(body, rating=rating) == topics


def test_title_and_body_are_read_as_one_text_in_two_parts() -> None:
    assert topics_of("物流太慢", title="质量很好") == {"quality": "positive", "logistics": "negative"}
    assert topics_of("很好", title="质量") == {"quality": "positive"}


def test_a_reading_depends_on_its_own_text_alone() -> None:
    many = reviews_of("质量不", "好", "not", "good", None, "物流太慢，但是质量很好")
    together = texts.read(many, WORDS)
    apart = [texts.read(many.slice(row, 1), WORDS) for row in range(many.height)]
    for number in (0, 1):
        assert_frame_equal(together[number], pl.concat(part[number] for part in apart))


def test_a_text_of_a_megabyte_takes_no_longer_than_what_is_read_of_it() -> None:
    began = time.process_time()
    sentiments, _ = texts.read(reviews_of("质量很好物流太慢" * 125_000, "x" * 10**6, "!" * 10**6, "坏" * 10**6, "a " * 500_000), WORDS)
    assert sentiments["line"].to_list() == [2, 5]
    assert time.process_time() - began < 5


@settings(deadline=None, max_examples=40)
@given(bodies=st.lists(st.one_of(st.none(), st.text(max_size=30), st.text(alphabet="好坏不太质量，a b👍", max_size=20)), max_size=5))
def test_any_text_can_be_read(bodies: list[str | None]) -> None:
    sentiments, topics = texts.read(reviews_of(*bodies), WORDS)
    assert (sentiments.schema, topics.schema) == (texts.SENTIMENTS, texts.TOPICS)
    assert sentiments["sentiment"].is_between(-1, 1).all()
    assert sentiments["line"].is_unique().all()
    assert topics.select("line", "topic").is_unique().all()


@pytest.mark.parametrize(
    ("own", "body", "expected"),
    [
        pytest.param(
            {"topics": {"warranty": {"zh": "保修", "words": ["保修", "warranty card"]}}},
            "warranty card好",
            {"warranty": "positive"},
            id="new",
        ),
        pytest.param({"topics": {"quality": {"zh": "质量", "words": ["手工"]}}}, "质量和手工很好", {"quality": "positive"}, id="replaced"),
        pytest.param({"topics": {"quality": None}}, "质量很好", {}, id="taken out"),
        pytest.param({"sentiment": {"拔草": -3}}, "质量拔草", {"quality": "negative"}, id="a word added"),
        pytest.param({"sentiment": {"很好": 0, "好": 0}}, "质量很好", {"quality": None}, id="a word taken out"),
        pytest.param({"negations": ["毫不"]}, "质量毫不好", {"quality": "negative"}, id="a negation added"),
    ],
)
def test_an_edit_of_the_lists_changes_what_is_read(own: dict[str, Any], body: str, expected: dict[str, str | None]) -> None:
    assert topics_of(body, words.load(LISTS, own)) == expected


@pytest.mark.parametrize(
    ("own", "message"),
    [
        pytest.param({"topic": {}}, "unknown part 'topic'. Did you mean 'topics'\\? Known: topics, sentiment", id="unknown part"),
        pytest.param({"topics": {"price": ["贵"]}}, "topics.price is \\['贵'\\]; expected `zh:", id="a list where a topic belongs"),
        pytest.param({"topics": {"a,b": {"words": ["贵"]}}}, "topics.a,b: a topic's name holds no comma", id="comma"),
        pytest.param({"sentiment": {"贵": 7}}, "sentiment.贵 is 7; expected a number from -3 to 3", id="out of range"),
        pytest.param({"negations": [False]}, "False is no entry; .* put it in quotes", id="a bare no"),
        pytest.param({"topics": {"x": {"words": ["one two three four five six"]}}}, "is no entry; expected one to 5 words", id="too long"),
        pytest.param({"contrasts": "but"}, "contrasts is 'but'; expected a list", id="a word where a list belongs"),
    ],
)
def test_lists_that_make_no_sense_are_refused_in_a_sentence(own: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        words.load(LISTS, own)


def test_every_shipped_topic_has_words_in_both_languages() -> None:
    for name, topic in LISTS["topics"].items():
        assert {word.isascii() for word in topic["words"]} == {True, False}, name
        assert topic["zh"]
