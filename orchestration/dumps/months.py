"""Names of months as exports write them: full and short, in the languages of the shops whose dumps are read.

No name means two months in two of these languages, so a profile need not say which language its dates are in.
"""

from orchestration.sql import quoted

_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

NAMES = {
    "jan": "january januar jänner jaenner jän janvier janv enero ene gennaio genn gen janeiro januari",
    "feb": "february februar feber février fevrier févr fevr fév fev febrero febbraio febbr fevereiro februari",
    "mar": "march märz maerz mär mrz mars marzo março marco maart mrt marts",
    "apr": "april avril avr abril abr aprile",
    "may": "mai mayo maggio magg mag maio mei maj",
    "jun": "june juni juin junio giugno giu junho",
    "jul": "july juli juillet juil julio luglio lug julho",
    "aug": "august août aout agosto ago augustus augusti",
    "sep": "september sept septembre septiembre setiembre set settembre sett setembro",
    "oct": "october oktober okt octobre octubre ottobre ott outubro out",
    "nov": "november novembre noviembre novembro",
    "dec": "december dezember dez décembre decembre déc diciembre dic dicembre dezembro desember des",
}
"""English short name → the other names of the month: English, German, French, Spanish, Italian, Portuguese, Dutch, Scandinavian."""

MONTH_OF = {name: english for english in _ENGLISH for name in (english, *NAMES[english].split())}


def in_english(text: str) -> str:
    """SQL: the text with the first name of a month in it as its English short name, without a dot behind it; in any case."""
    names = "|".join(sorted(MONTH_OF, key=len, reverse=True))
    pattern = quoted(rf"(?i)(^|[^\p{{L}}])({names})\.?([^\p{{L}}]|$)")
    known, english = (f"[{', '.join(map(quoted, texts))}]" for texts in (MONTH_OF.keys(), MONTH_OF.values()))
    # A list, not a case: of that DuckDB asks the expression once per name.
    month = f"coalesce({english}[list_position({known}, lower(regexp_extract({text}, {pattern}, 2)))], '')"
    return rf"regexp_replace({text}, {pattern}, '\1' || {month} || '\3')"


def format_in_english(form: str) -> str:
    """The strptime format for a text that went through ``in_english``."""
    return form.replace("%B", "%b").replace("%b.", "%b")


def has_month_name(form: str) -> bool:
    return "%b" in form or "%B" in form
