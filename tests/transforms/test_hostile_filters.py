"""A filter can do nothing but choose rows: whatever else it asks for is refused before anything is evaluated, opened or called."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms.conditions import parse
from transforms.conditions.syntax import MAX_CHARACTERS
from transforms.refusals import Refusal

from .marketing import CUSTOMER_360

ROOT = Path(__file__).resolve().parents[2]

# {file} and {url} are a file and an address that must not be touched.
HOSTILE = {
    # Files and addresses
    "a file in a subquery": "customer_id in (select x from read_csv('{file}'))",
    "a file in a subquery, capitals": "CUSTOMER_ID IN (SELECT X FROM READ_CSV('{file}'))",
    "a file as a table": "customer_id in (select x from '{file}')",
    "a file as a table, in double quotes": 'customer_id in (from "{file}")',
    "a file as a scalar": "customer_id = (select max(x) from read_csv('{file}'))",
    "read_csv": "read_csv('{file}') is null",
    "read_csv_auto": "read_csv_auto('{file}') is null",
    "read_text": "read_text('{file}') = 'x'",
    "read_blob": "read_blob('{file}') is null",
    "read_parquet": "customer_id in (select x from read_parquet('{file}'))",
    "read_json": "exists (select 1 from read_json('{file}'))",
    "scan_csv": "scan_csv('{file}') is null",
    "glob": "exists (from glob('{file}*'))",
    "glob as an operator": "city glob '{file}*'",
    "an address": "customer_id in (select x from read_csv('{url}/x.csv'))",
    "an address as a table": "customer_id in (from '{url}/x.parquet')",
    "sniff_csv": "exists (from sniff_csv('{file}'))",
    "sqlite_scan": "exists (from sqlite_scan('{file}', 't'))",
    "write": "exists (copy (select 1) to '{file}')",
    "attach": "attach '{file}' as x",
    "attach after a condition": "true; attach '{file}' as x",
    "load": "true; load '{file}'",
    "install": "install httpfs",
    "import": "true; import database '{file}'",
    "getenv": "getenv('HOME') = 'x'",
    "pragma": "pragma version",
    "set": "true; set memory_limit = '1TB'",
    "current_setting": "current_setting('memory_limit') = 'x'",
    "duckdb_secrets": "exists (from duckdb_secrets())",
    "information_schema": "exists (from information_schema.tables)",
    "query": "exists (from query('select 1'))",
    "query_table": "exists (from query_table('customer_360'))",
    # Other rows and tables
    "a subquery in a list": "orders_count in (1, (select 2))",
    "a subquery in case": "case when (select true) then true end",
    "a subquery in coalesce": "coalesce((select true), false)",
    "a subquery in between": "orders_count between (select 1) and 3",
    "a subquery in an interval": "as_of_date > as_of_date - interval (select 3) day",
    "a subquery in a cast": "cast((select 1) as double) = 1",
    "a correlated subquery": "exists (select 1 from customer_360 c where c.customer_id = customer_id)",
    "lateral": "exists (from lateral (select 1))",
    "with": "exists (with x as (select 1) from x)",
    "values": "orders_count in (values (1))",
    "any": "orders_count = any (select 1)",
    "all": "orders_count > all (select 1)",
    "any of an array": "orders_count = any([1, 2])",
    "in unnest": "orders_count in unnest([1])",
    "in a column": "orders_count in recency_days",
    "an aggregate": "sum(orders_count) > 1",
    "an aggregate with a filter": "count(*) filter (where is_lost) > 1",
    "a window": "sum(orders_count) over () > 1",
    "a named window": "lag(orders_count) over w > 1",
    "first": "first(orders_count) > 1",
    "arg_max": "arg_max(customer_id, orders_count) = 'x'",
    "union": "true union select 1",
    "a star": "*",
    "columns": "columns(*) > 1",
    "columns by pattern": "columns('.*_amount') > 1",
    "columns by function": "columns(c -> c like '%amount') > 1",
    "unpacked columns": "coalesce(*columns('x')) > 1",
    "another table": "customer_contacts.email = 'x'",
    "a position": "#1 = 'x'",
    "generate_series": "orders_count in (from generate_series(1, 1000000000))",
    # Growth without bound
    "rpad": "rpad(city, 2000000000, 'x') = 'y'",
    "lpad": "lpad(city, 2000000000, 'x') = 'y'",
    "repeat": "repeat(city, 2000000000) = 'y'",
    "space": "space(2000000000) = 'y'",
    "concat": "concat(city, city) = 'y'",
    "||": "city || city = 'y'",
    "replace": "replace(city, 'a', 'aaaaaaaa') = 'y'",
    "format": "format('{{:2000000000}}', city) = 'y'",
    "printf": "printf('%2000000000s', city) = 'y'",
    "range": "len(range(1000000000)) > 1",
    "a power": "10 ** 400 > orders_count",
    "a power, other": "10 ^ 400 > orders_count",
    "factorial": "factorial(30) > orders_count",
    "a shift": "1 << 62 > orders_count",
    "a regex": "regexp_matches(city, '(a+)+$')",
    "a regex operator": "city ~ '(a+)+$'",
    "similar to": "city similar to '(a+)+'",
    "levenshtein": "levenshtein(city, city) > 1",
    "a wide decimal": "cast(orders_count as decimal(38, 37)) > 1",
    "a huge varchar": "cast(orders_count as varchar(2000000000)) = '1'",
    "a bit type": "cast(orders_count as bit) is null",
    "a blob": "city::blob is null",
    "an array type": "orders_count::int[1000000000] is null",
    "a struct type": "cast(city as struct(a int)) is null",
    "an enum type": "cast(city as enum('a')) is null",
    "a type of its own": "cast(city as my_type) is null",
    "json": "city::json is null",
    # What else an engine understands
    "a lambda": "list_transform([1], x -> x + 1) is null",
    "a python lambda": "list_filter([1], lambda x: x > 1) is null",
    "a list": "[1, 2][1] = 1",
    "a slice": "city[1:2] = 'x'",
    "a struct": "{{'a': 1}}.a = 1",
    "a struct's field": "city.a = 1",
    "a map": "map {{'a': 1}}['a'] = 1",
    "a row": "(orders_count, recency_days) = (1, 2)",
    "a named argument": "coalesce(a := 1, 2) = 1",
    "a method": "city.lower() = 'x'",
    "json access": "city ->> '$.a' = 'x'",
    "a parameter": "orders_count = $1",
    "a placeholder": "orders_count = ?",
    "a variable": "orders_count = getvariable('x')",
    "try": "try(orders_count) > 1",
    "error": "error('x')",
    "random": "random() > 0.5",
    "uuid": "uuid() = 'x'",
    "nextval": "nextval('s') > 1",
    "the clock": "last_order_date > current_date",
    "the clock as a function": "last_order_at > NOW()",
    "the clock, spelled apart": "last_order_at > now ()",
    "the clock, age": "age(last_order_at) > interval '3 days'",
    "a collation": "city collate nocase = 'x'",
    "a time zone": "last_order_at at time zone 'UTC' > last_review_at",
    "an operator by name": "orders_count operator(pg_catalog.=) 1",
    "bits": "orders_count & 1 = 1",
    "an escape string": "city = e'\\x41'",
    "a dollar string": "city = $$x$$",
    "a hex string": "city = x'41'",
    "a unicode string": "city = u&'\\0041'",
    "two texts side by side": "city = 'a' 'b'",
    "a macro": "create macro f() as 1",
    "jinja": "{{{{ env_var('HOME') }}}} = 'x'",
    "jinja block": "{{% set x = 1 %}} true",
    "python": "__import__('os').system('touch {file}')",
    "a format field": "{{customer_id.__class__}} = 'x'",
    # Disguises
    "a line comment": "true -- and false",
    "a block comment": "tr/**/ue",
    "a comment that hides": "orders_count > 1 /* and is_lost",
    "a hint": "/*+ x */ true",
    "two conditions": "true; false",
    "a semicolon at the end": "true;",
    "an alias": "true as x",
    "an alias without as": "true x",
    "a from": "true from customer_360",
    "a where": "where true",
    "a limit": "true limit 1",
    "an order": "true order by 1",
    "a quoted function": "\"read_csv\"('{file}') is null",
    "a quoted column that is none": '"orders_count"" or true" > 1',
    "backticks": "`orders_count` > 1",
    "full-width letters": "ｏｒｄｅｒｓ_ｃｏｕｎｔ > 1",
    "full-width signs": "orders_count ＞ 1",
    "a zero-width space": "orders\u200b_count > 1",
    "a right-to-left mark": "orders_count\u202e > 1",
    "a cyrillic letter": "оrders_count > 1",
    "curly quotes": "city = ‘x’",
    "a null byte": "orders_count > 1\x00",
    "a control character": "orders_count > 1\x1b[31m",
    "an open quote": "city = 'x",
    "an open bracket": "(orders_count > 1",
    "nothing": "  \n ",
    "a lone operator": "and",
    "an empty list": "orders_count in ()",
}


@pytest.mark.parametrize("sql", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_condition_on_one_row_is_refused_in_both_languages(sql: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(sql.format(file="/etc/passwd", url="http://localhost:9")).meaning(CUSTOMER_360)
    assert refused.value.en
    assert refused.value.zh
    assert len(refused.value.en) < 1_000


WATCHED = """
import json, sys
from transforms import lists
from tests.transforms.marketing import CUSTOMER_360, SHIPPED

def judged(filters):
    given = {f"list_{n}": {**SHIPPED["champions"], "filter": sql} for n, sql in enumerate(filters)}
    return lists.sort_out(lists.offer_of(SHIPPED, given), CUSTOMER_360, {})

judged(["true", "rfm_group = 1", "1 +"])  # what is imported late is imported now
seen = []
sys.addaudithook(lambda event, arguments: seen.append((event, str(arguments)[:200])) if event in WATCH else None)
WATCH = {"open", "os.listdir", "os.scandir", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect",
         "socket.getaddrinfo", "urllib.Request", "exec", "compile", "ctypes.dlopen", "import"}
filters = json.loads(sys.argv[1])
offer = judged(filters)
WATCH = set()
print(json.dumps({"seen": seen, "refused": sum(name.startswith("list_") for name in offer.broken)}))
"""


def test_judging_hostile_filters_opens_no_file_and_no_connection(tmp_path: Path) -> None:
    """The files are pipes that nobody writes to: a process that opened one, in whatever language, would never come back."""
    pipe = tmp_path / "secret.csv"
    os.mkfifo(pipe)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        filters = [sql.format(file=pipe, url=url) for sql in HOSTILE.values()]
        command = [sys.executable, "-W", "ignore", "-c", WATCHED, json.dumps(filters)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"seen": [], "refused": len(HOSTILE)}


DEEP = {
    "100,000 brackets": "(" * 100_000 + "true" + ")" * 100_000,
    "3,000 brackets": "(" * 3_000 + "true" + ")" * 3_000,
    "not": "not " * 2_000 + "is_lost",
    "minus": "- " * 4_000 + "orders_count > 1",
    "not within comparisons": "is_lost = (not " * 600 + "is_lost" + ")" * 600,
    "not as an operand": "is_lost = not " * 600 + "is_lost",
    "case": "case when " * 300 + "true" + " then true end" * 300,
    "a sum": "orders_count" + " + 1" * 2_000 + " > 1",
    "interval": "as_of_date > " + "interval " * 900 + "1 day",
    "functions": "abs(" * 1_000 + "orders_count" + ")" * 1_000 + " > 1",
    "casts": "orders_count" + "::double" * 900 + " > 1",
    "is null": "is_lost" + " is null" * 1_000,
    "like": "city" + " like 'x'" * 900,
    "a text of a million letters": f"city = '{'x' * 1_000_000}'",
    "a number of 5,000 digits": f"orders_count > {'9' * 5_000}",
    "a decimal of 5,000 digits": f"orders_count > 0.{'9' * 5_000}",
    "an exponent": "orders_count > 1e999999",
    "a long name": "x" * 5_000 + " > 1",
    "a long pattern": f"city like '{'_%' * 2_000}'",
    "nested coalesce, each asked twice": "coalesce(" * 25 + "orders_count" + ", 1)" * 25 + " > 1",
    "nested division, each asked twice": "1 / (" * 25 + "orders_count" + ")" * 25 + " > 1",
    "nested nullif, each asked twice": "nullif(" * 25 + "orders_count" + ", 1)" * 25 + " > 1",
    "nested case, each asked often": "case (" * 12
    + "orders_count"
    + ") when 1 then 2 when 2 then 3 when 3 then 4 else 5 end" * 12
    + " > 1",
    "numbers that outgrow a decimal": "orders_count * orders_count * orders_count > 1",
    "a date moved too far": "as_of_date - interval '40000 days' > as_of_date",
    "an interval of a huge number": f"as_of_date - interval '{'9' * 100} days' > as_of_date",
    "arguments": "coalesce(" + "orders_count, " * 500 + "1) > 1",
    "branches": "case " + "when is_lost then true " * 300 + "end",
}


@pytest.mark.parametrize("sql", DEEP.values(), ids=DEEP)
def test_what_is_deep_long_or_huge_is_answered_with_a_sentence(sql: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(sql).meaning(CUSTOMER_360)
    assert len(refused.value.en) < 1_000


LONG = {
    "a list of 1,500 numbers": f"orders_count in ({', '.join(map(str, range(1_500)))})",
    "a list of 1,000 texts": f"city in ({', '.join(repr(f't{n}') for n in range(1_000))})",
    "400 alternatives": " or ".join(f"orders_count = {n}" for n in range(400)),
    "300 conditions": " and ".join(f"orders_count <> {n}" for n in range(300)),
    "a sum of 30 terms": " + ".join(["orders_count"] * 30) + " > 1",
}


@pytest.mark.parametrize("sql", LONG.values(), ids=LONG)
def test_what_is_merely_long_is_read(sql: str) -> None:
    assert len(sql) <= MAX_CHARACTERS
    rows = pl.DataFrame({"orders_count": [1, 5000, None], "city": ["t1", "x", None]}, schema_overrides={"orders_count": pl.Int64})
    expression = parse(sql).meaning(rows.schema).expression
    assert 0 < rows.lazy().filter(expression).collect(engine="streaming").height < 3


WORDS = """orders_count city is_lost as_of_date last_order_at net_amount mean_rating and or not in between is null true false like ilike
escape case when then else end interval day days date timestamp cast as double coalesce nullif abs round lower trim length extract year
from distinct select sum over exists any all read_csv now values lateral try struct map ( ) [ ] { } , ; . :: = <> < <= > >= + - * / % || ->
:= ? $ @ ! ~ # & | ^ -- /* */ ' " \\ ` ＝ ‘ 'a' '2026-01-31' "city" 1 2.5 1e3 0 ''"""
words = st.sampled_from([*WORDS.split(), "\u200b", "\x00", "'3 days'"])


@given(sql=st.one_of(st.text(max_size=40), st.lists(words, max_size=14).map(" ".join), st.lists(words, max_size=14).map("".join)))
@example(sql="a[")
@settings(max_examples=1_500, deadline=None)
def test_any_text_is_a_condition_or_is_refused(sql: str) -> None:
    rows = pl.DataFrame(schema=CUSTOMER_360)
    try:
        expression = parse(sql).meaning(CUSTOMER_360).expression
    except Refusal:
        return
    assert rows.lazy().filter(expression).collect().is_empty()
