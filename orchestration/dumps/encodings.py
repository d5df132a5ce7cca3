"""Which encoding a text is probably in: what its bytes would spell in each, and how much that looks like a language.

Several may fit, of a short text above all. Which is right is for a person to say, who is shown what each would spell.
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from orchestration.dumps.common_characters import KOREAN, SIMPLIFIED, TRADITIONAL
from orchestration.dumps.dialect import CODECS

UNSURE_WITHIN = 0.15
"""An encoding that fits nearly as well as the best may be the right one."""
MOST_BYTES = 1 << 20
MOST_LETTERS = 20_000
LONGEST_SAMPLE, MOST_WORDS = 24, 200

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

LATIN = ("àâæçéèêëîïôœùûüÿ", "äöüß", "áâãàçéêíóôõú", "áéíñóúüªº", "àèéìíòóùú", "åäöæøé", "ëïéèöü", "áéíóúýþæöð")
"""Letters beyond ASCII of French, German, Portuguese, Spanish, Italian, Nordic languages, Dutch, Icelandic."""
CENTRAL = ("áčďéěíňóřšťúůýž", "ąćęłńóśźż", "áéíóöőúüű", "ăâîşţșț", "áäčďéíĺľňóôŕšťúýž", "čćđšž")
"""Of Czech, Polish, Hungarian, Romanian, Slovak, and of Croatian and Slovene."""
CYRILLIC = ("абвгдежзийклмнопрстуфхцчшщъыьэюяё", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "абвгдђежзијклљмнњопрстћуфхцчџш")
KANA = frozenset(map(chr, range(0x3041, 0x30FF)))
ON_A_COMMON_PAGE, ON_ANOTHER_PAGE = 0.7, 0.3
_SIGNS = "€£©®°²³«»‘’“”„–—…·§№¥"


@dataclass(frozen=True)
class Guess:
    """``best``: a name that Python knows. ``others``: encodings that fit about as well, where that matters; ``samples``: what a piece of
    the text is in each of them, the best first."""

    best: str
    others: tuple[str, ...] = ()
    samples: tuple[tuple[str, str], ...] = ()


def encoding_of(content: bytes) -> str:
    """The likeliest encoding of a text, by its mark or by what its bytes would spell."""
    return guess(content).best


def guess(content: bytes) -> Guess:
    """The likeliest encoding, and those that are about as likely."""
    if mark := next((name for mark, name in _MARKS.items() if content.startswith(mark)), None):
        return Guess(mark)
    first, second = content[:4000:2].count(0), content[1:4000:2].count(0)
    if max(first, second) > len(content[:4000]) / 5 and 4 * min(first, second) < max(first, second):
        return Guess("utf-16-be" if first > second else "utf-16-le")
    if _decoded("utf-8", content) is not None:
        return Guess("utf-8")
    texts = {name: text for name in _SCORES if (text := _decoded(name, content[:MOST_BYTES])) is not None}
    scores = {name: _SCORES[name](text) for name, text in texts.items()}
    if not scores:
        return Guess("latin-1")
    best = max(scores, key=lambda name: scores[name])
    others = tuple(name for name in scores if scores[name] >= scores[best] - UNSURE_WITHIN and texts[name] != texts[best])
    if scores[best] < 0.5:  # nothing of it looks like a language
        others = tuple(name for name in scores if texts[name] != texts[best])
    return Guess(best, others, _samples(content[:MOST_BYTES], (best, *others)) if others else ())


def spelt(content: bytes, encoding: str, is_whole: bool) -> str:
    """The text in that encoding, as far as it can be read; ``is_whole``: whether nothing follows."""
    return codecs.getincrementaldecoder(CODECS.get(encoding, encoding))(errors="replace").decode(content, is_whole)


def _decoded(encoding: str, content: bytes) -> str | None:
    try:
        return codecs.getincrementaldecoder(CODECS.get(encoding, encoding))().decode(content, False)
    except UnicodeDecodeError:
        return None


def _samples(content: bytes, encodings: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The word beyond ASCII that comes most often, of a column's name if there is one: it is the least likely to be somebody's name."""
    header = content.split(b"\n", 1)[0]
    for part in (header, content):
        for word, _ in Counter(re.findall(rb"[^\x00-\x20,;|\"]*[\x80-\xff][^\x00-\x20,;|\"]*", part)).most_common(MOST_WORDS):
            spelt = [word.decode(CODECS.get(name, name), errors="replace")[:LONGEST_SAMPLE] for name in encodings]
            if len(set(spelt)) == len(spelt):
                return tuple(zip(encodings, spelt, strict=True))
    return ()


def _of_alphabets(alphabets: tuple[str, ...]) -> Callable[[str], float]:
    """How much of a text's letters beyond ASCII one language has, standing where its letters stand: among ASCII letters."""

    def score(text: str) -> float:
        beyond = list(re.finditer(r"(.?)([^\x00-\x7f])(?=(.?))", text, re.DOTALL))[:MOST_LETTERS]
        signs = sum(found[2] in _SIGNS for found in beyond)
        letters = [found[2].lower() for found in beyond if found[2] not in _SIGNS and _is_among_ascii(found)]
        known = max(sum(letter in alphabet for letter in letters) for alphabet in alphabets)
        return (known + signs / 2) / len(beyond) if beyond else 0.0

    return score


def _of_words(alphabets: tuple[str, ...]) -> Callable[[str], float]:
    """How much of a text's letters beyond ASCII is in words of one language, written as words are: not ``ХЕо``."""

    def score(text: str) -> float:
        beyond = sum(not character.isascii() for character in text)
        words = re.findall(r"(?<![A-Za-z])[^\x00-\x7f]+(?![A-Za-z])", text)[:MOST_LETTERS]
        whole = [word.lower() for word in words if word.islower() or word.isupper() or word.istitle()]
        return max(sum(len(word) for word in whole if set(word) <= set(alphabet)) for alphabet in alphabets) / beyond if beyond else 0.0

    return score


def _is_among_ascii(found: re.Match[str]) -> bool:
    return any(character.isascii() and character.isalpha() for character in (found[1], found[3]) if character)


def _of_pages(encoding: str, pages: tuple[tuple[int, int], ...], common: frozenset[str]) -> Callable[[str], float]:
    """How much of a text is common in a language: by the characters themselves, and by where common ones are in the code table."""

    def value(character: str) -> float:
        try:
            code = character.encode(encoding)
        except UnicodeEncodeError:
            return 1.0 if encoding == "gb2312" and len(character.encode("gb18030")) == 4 else 0.0  # four bytes are there by no chance
        if len(code) < 2:
            return 0.1  # half-width katakana: what Western letters would be
        if character in common:
            return 1.0
        return ON_A_COMMON_PAGE if any(first <= code[0] <= last for first, last in pages) else ON_ANOTHER_PAGE

    def score(text: str) -> float:
        beyond = re.findall(r"[^\x00-\x7f]", text)[:MOST_LETTERS]
        counts = Counter(beyond)
        return sum(value(character) * count for character, count in counts.items()) / len(beyond) if beyond else 0.0

    return score


_SCORES: dict[str, Callable[[str], float]] = {
    "gb18030": _of_pages("gb2312", ((0xA1, 0xA3), (0xB0, 0xD7)), SIMPLIFIED),
    "big5": _of_pages("big5", ((0xA1, 0xA3), (0xA4, 0xC6)), TRADITIONAL),
    "shift_jis": _of_pages("cp932", ((0x81, 0x83), (0x88, 0x97)), KANA | TRADITIONAL | SIMPLIFIED),
    "euc_kr": _of_pages("euc_kr", ((0xA1, 0xA3), (0xB0, 0xC8)), KOREAN),
    "cp1252": _of_alphabets(LATIN),
    "cp1250": _of_alphabets(CENTRAL),
    "cp1251": _of_words(CYRILLIC),
}
