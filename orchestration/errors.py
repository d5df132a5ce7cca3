"""The one error a user is meant to read: what happened, where, what was expected, what to do.

No other module of the product is imported here, so that everything may raise it.
"""


class RegularsError(Exception):
    """A failure that a person can act on; its text is complete without a traceback.

    The parts stay readable as attributes (``what``, ``where``, ``expected``, ``do``) for whoever lays them out; ``str()`` joins those
    that were given into sentences.
    """

    def __init__(self, what: str, *, where: object = "", expected: str = "", do: str = "") -> None:
        self.what, self.where, self.expected, self.do = what, str(where), expected, do
        labelled = (what, where and f"Where: {where}", expected and f"Expected: {expected}", do and f"What to do: {do}")
        super().__init__(" ".join(_sentence(str(part)) for part in labelled if part))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "。")) else f"{text}."
