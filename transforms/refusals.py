"""The one exception of a list that is not valid: what is wrong with it, in English and in Chinese."""

from collections.abc import Iterable
from difflib import get_close_matches

NEAREST = 3
"""How many names an unknown column is answered with."""


class Refusal(ValueError):
    """``en`` and ``zh`` say what is wrong and what is expected; ``list_name`` is the list at fault, empty until it is known.

    ``str()`` is the English sentence, with the name of the list where it is known.
    """

    def __init__(self, en: str, zh: str, list_name: str = "") -> None:
        self.en, self.zh, self.list_name = en, zh, list_name
        super().__init__(f"List {list_name!r}: {en}" if list_name else en)

    def of_list(self, name: str) -> "Refusal":
        """The same refusal with the list's name."""
        return Refusal(self.en, self.zh, name)


def shortened(text: str, length: int = 60) -> str:
    """A text as a message can show it."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def unknown_column(name: str, known: Iterable[str]) -> Refusal:
    """That ``customer_360`` has no column of that name, with the nearest names."""
    near = ", ".join(get_close_matches(name.lower(), list(known), n=NEAREST, cutoff=0))
    return Refusal(
        f"no column {name!r} in customer_360. Nearest: {near}. All columns: regulars lists columns",
        f"customer_360 没有 {name!r} 这一列。最接近的：{near}。全部列：regulars lists columns",
    )
