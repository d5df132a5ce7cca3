"""The lists of words by which texts are read: topics, what praises and what complains, and what turns or strengthens that.

Lists come as parsed YAML (``orchestration/texts.yaml``, changed by the settings) and are checked here.
"""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PARTS = ("topics", "sentiment", "negations", "degrees", "contrasts")
LONGEST = 5
"""Words in a row that one entry may have."""


@dataclass(frozen=True)
class Words:
    """Entries in small letters and compatibility form (NFKC).

    ``topics``: entry → the topics it names; ``names_zh``: topic → its name in Chinese; ``sentiment``: entry → -3 to 3; ``degrees``: entry →
    factor. ``negations`` turn, and ``contrasts`` begin what weighs more than what stands before it.
    """

    topics: Mapping[str, tuple[str, ...]]
    names_zh: Mapping[str, str]
    sentiment: Mapping[str, float]
    negations: frozenset[str]
    degrees: Mapping[str, float]
    contrasts: frozenset[str]

    @property
    def vocabulary(self) -> frozenset[str]:
        return frozenset({*self.topics, *self.sentiment, *self.negations, *self.degrees, *self.contrasts})

    @property
    def modifiers(self) -> frozenset[str]:
        """What may stand at the head of a word that the segmentation doesn't part: 太慢, 不高."""
        return frozenset({*self.negations, *self.degrees})


def plain(text: str) -> str:
    """An entry, or a text, in the form in which they are compared."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").replace("\ufe0f", "").lower().split())


def load(shipped: Mapping[str, Any], own: Mapping[str, Any]) -> Words:
    """The shipped lists with the merchant's own over them. ``ValueError`` says which entry is wrong, and what was expected."""
    for key in own:
        if key not in PARTS:
            near = difflib.get_close_matches(str(key), PARTS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ValueError(f"unknown part '{key}'.{hint} Known: {', '.join(PARTS)}.")
    topics = {**shipped["topics"], **_mapping(own, "topics")}
    topics = {str(name): topic for name, topic in topics.items() if topic is not None}
    entries: dict[str, tuple[str, ...]] = {}
    for name, topic in topics.items():
        for word in _topic_words(name, topic):
            entries[word] = (*entries.get(word, ()), name)
    sentiment = {**_weighted(shipped["sentiment"]), **_own_weights(own, "sentiment", -3, 3)}
    return Words(
        topics=entries,
        names_zh={name: str(topic.get("zh") or name) for name, topic in topics.items()},
        sentiment=sentiment,
        negations=frozenset(_words([*shipped["negations"], *_listed(own, "negations")])),
        degrees={**_weighted(shipped["degrees"]), **_own_weights(own, "degrees", 0, 3)},
        contrasts=frozenset(_words([*shipped["contrasts"], *_listed(own, "contrasts")])),
    )


def _topic_words(name: str, topic: Any) -> list[str]:
    if not isinstance(topic, Mapping) or not isinstance(topic.get("words"), list) or topic.keys() - {"zh", "words"}:
        raise ValueError(
            f"topics.{name} is {topic!r}; expected `zh: <name in Chinese>` and `words: [...]`, or null to do without the topic."
        )
    if "," in name:
        raise ValueError(f"topics.{name}: a topic's name holds no comma, because names are joined by commas.")
    return _words(topic["words"])


def _weighted(lists: Mapping[float, list[str]]) -> dict[str, float]:
    return {word: float(weight) for weight, words in lists.items() for word in _words(words)}


def _own_weights(own: Mapping[str, Any], part: str, low: float, high: float) -> dict[str, float]:
    weights = _mapping(own, part)
    for word, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not low <= weight <= high:
            raise ValueError(f"{part}.{word} is {weight!r}; expected a number from {low:g} to {high:g}.")
    return {entry: float(weight) for word, weight in weights.items() for entry in _words([word])}


def _mapping(own: Mapping[str, Any], part: str) -> Mapping[Any, Any]:
    found = own.get(part) or {}
    if not isinstance(found, Mapping):
        raise ValueError(f"{part} is {found!r}; expected `name: value` lines.")
    return found


def _listed(own: Mapping[str, Any], part: str) -> list[Any]:
    found = own.get(part) or []
    if not isinstance(found, list):
        raise ValueError(f"{part} is {found!r}; expected a list of words.")
    return found


def _words(words: Iterable[Any]) -> list[str]:
    found = []
    for word in words:
        entry = plain(word) if isinstance(word, str) else ""
        if not entry or entry.count(" ") >= LONGEST:
            hint = " YAML takes a bare no, yes, on or off for a truth value: put it in quotes." if isinstance(word, bool) else ""
            raise ValueError(f"{word!r} is no entry; expected one to {LONGEST} words.{hint}")
        found.append(entry)
    return found
