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
    # a negation belongs to the word that follows it, however often both are repeated
    "不好吃不好吃不好吃": "negative",
    "不好不好不好": "negative",
    "not good not good": "negative",
    "not nice not nice at all": "negative",
    "没有异味，不贵": "positive",
    "差差差": "negative",
    "赞赞": "positive",
    # idioms and words of two meanings
    "不是一般的慢": "negative",
    "送餐速度不是一般的慢啊": "negative",
    "不是一般的好": "positive",
    "好慢": "negative",
    "好难吃": "negative",
    "好好吃": "positive",
    "质量好": "positive",
    "pretty bad": "negative",
    "a pretty color": "positive",
    "It looks cheap": "negative",
    "The fabric feels cheap": "negative",
    "cheap plastic": "negative",
    "a good product for a cheap price": "positive",
    "Not only good, it is great": "positive",
    "没有想象中的好": "negative",
    "没有想象中的那么好吃": "negative",
    # what is missing, unmet or regretted
    "It does not turn on and did not charge": "negative",
    "It did not light up and never rang": "negative",
    "It did not light up": "neutral",
    "没有灯光，没有声音": "negative",
    "Would have been great if it worked": "negative",
    "I wish I had read the reviews": "negative",
    "could be better": "negative",
    "I expected better": "negative",
    "save your money and look elsewhere": "negative",
    "I returned it": "negative",
    "thanks for nothing": "negative",
    "等了两个小时，都凉了": "negative",
    "退货了，再也不会买": "negative",
    # a contrast counts in its own sentence
    "Great taste, great price, great service. The box was dented but fine.": "positive",
}
UNKNOWN = [
    "",
    "  \n ",
    "...!?",
    "muito bom, recomendo",
    "chegou no prazo, super rápido",
    "12345",
    "差不多",
    "goods",
    "的",
    "as well",
    "cheap",
]
COMPLAINTS = ["不好吃", "不好", "不喜欢", "不推荐", "不新鲜", "不便宜", "不干净", "不是很好", "没有用", "一点都不好吃", "质量不好", "太慢"]
COMPLAINTS_EN = ["not good", "not nice", "isn't good", "not happy", "doesn't work", "not worth it", "no good", "never again", "looks cheap"]
PRAISE = ["好吃", "很好", "喜欢", "值得", "没问题", "不贵", "不后悔", "毫无瑕疵", "没有破损", "非常好", "不错"]
PRAISE_EN = ["good", "not bad", "no problem", "very nice", "not disappointed", "never disappoints", "works well", "not expensive"]


@pytest.mark.parametrize(("body", "tone"), TONES.items())
def test_the_tone_of_a_text(body: str, tone: str) -> None:
    assert tone_of(body) == tone


@settings(deadline=None, max_examples=40)
@given(times=st.integers(1, 8), sign=st.sampled_from(["", " ", "，", "！", "。"]), said=st.sampled_from(COMPLAINTS))
def test_a_complaint_that_is_repeated_stays_one(times: int, sign: str, said: str) -> None:
    assert tone_of(sign.join([said] * times)) == "negative"


@settings(deadline=None, max_examples=40)
@given(times=st.integers(1, 8), sign=st.sampled_from(["", " ", "，", "！", "。"]), said=st.sampled_from(PRAISE))
def test_praise_that_is_repeated_stays_praise(times: int, sign: str, said: str) -> None:
    assert tone_of(sign.join([said] * times)) == "positive"


@settings(deadline=None, max_examples=40)
@given(sign=st.sampled_from([" ", ", ", "! ", ". ", "\n", " and "]), said=st.lists(st.sampled_from(COMPLAINTS_EN), min_size=1, max_size=6))
def test_complaints_in_a_row_are_a_complaint(sign: str, said: list[str]) -> None:
    assert tone_of(sign.join(said)) == "negative"


@settings(deadline=None, max_examples=40)
@given(sign=st.sampled_from([" ", ", ", "! ", ". ", "\n", " and "]), said=st.lists(st.sampled_from(PRAISE_EN), min_size=1, max_size=6))
def test_praises_in_a_row_are_praise(sign: str, said: list[str]) -> None:
    assert tone_of(sign.join(said)) == "positive"


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
        pytest.param(
            "包装。质量一般。价格划算",
            4,
            {"packaging": "positive", "quality": "positive", "price": "positive"},
            id="stars where the part says nothing",
        ),
        pytest.param("包装。质量很好", 1, {"packaging": "negative", "quality": None}, id="no praise in a review of one star"),
        pytest.param(
            "质量很好。物流太慢，客服恶劣，太差了",
            None,
            {"quality": None, "logistics": "negative", "service": "negative"},
            id="no praise in a bad text",
        ),
        pytest.param("质量很好，物流太慢", 5, {"quality": "positive", "logistics": "negative"}, id="a good review may blame"),
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


WORDS_OF_REVIEWS = [
    "质量",
    "物流",
    "很好",
    "不错",
    "太慢",
    "喜欢",
    "但是",
    "不",
    "，",
    "。",
    "quality",
    "delivery",
    "great",
    "slow",
    "love it",
    "but",
    "not",
    ". ",
]


@settings(deadline=None, max_examples=60)
@given(said=st.lists(st.sampled_from(WORDS_OF_REVIEWS), min_size=1, max_size=12), rating=st.sampled_from([None, 1, 2, 3, 4, 5]))
def test_no_topic_of_a_bad_review_is_praised(said: list[str], rating: int | None) -> None:
    body = " ".join(said)
    is_bad = rating <= texts.NEGATIVE_STARS if rating is not None else tone_of(body) == "negative"
    assert not (is_bad and "positive" in topics_of(body, rating=rating).values())


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
