"""The models run on Spark too: each is compiled for both engines, and what comes out is the SQL of each.

There is no Spark here. What is compiled for it is parsed by sqlglot, which forgives much; so functions, types and signs are looked at one
by one too. What a check calls strange is written for both engines in macros/dialect.sql.
"""

import sys
from collections.abc import Callable
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
import sqlglot
from sqlglot import TokenType, exp

from tests.dbt.conftest import invoke

DIALECTS = {"warehouse": "duckdb", "spark": "spark"}
"""Targets of the project's profile and their dialects."""

# Those that the models use, from Spark's reference of built-in functions (spark.apache.org/docs/3.5.0/api/sql). Look there before adding.
# fmt: off
SPARK_FUNCTIONS = {
    "abs", "add_months", "array_join", "array_sort", "avg", "bool_or", "cast", "coalesce", "collect_set", "count", "date_add", "date_trunc",
    "datediff", "exists", "from_utc_timestamp", "greatest", "lag", "lead", "least", "left", "length", "lower", "max", "max_by",
    "median", "min", "min_by", "nullif", "regexp_replace", "right", "round", "row_number", "split_part", "sqrt", "struct", "substr",
    "sum", "to_date", "trim", "xxhash64",
}
# fmt: on
SPARK_TYPES = {"string", "int", "bigint", "double", "boolean", "date", "timestamp", "decimal"}
SIGNS_OF_OTHERS = {TokenType.DCOLON, TokenType.QUALIFY, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.COLON_EQ}


def strange_to_spark(sql: str) -> list[str]:
    """What Spark SQL doesn't know, as far as can be told without Spark: syntax, functions, types."""
    tokens = sqlglot.tokenize(sql, read="spark")
    found = [token.text for token in tokens if token.token_type in SIGNS_OF_OTHERS]
    called = {
        name.text.lower()
        for name, bracket in pairwise(tokens)
        if bracket.token_type is TokenType.L_PAREN and name.end + 1 == bracket.start and (name.text[-1].isalnum() or name.text[-1] == "_")
    }
    found += sorted(called - SPARK_FUNCTIONS - SPARK_TYPES)
    try:
        (query,) = sqlglot.parse(sql, read="spark")
    except sqlglot.ParseError as error:
        return [*found, str(error)]
    if not isinstance(query, exp.Query) or tokens[0].token_type not in (TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN):
        found.append(f"begins with {tokens[0].text}")
    types = {kind.sql("spark").split("(")[0].lower() for kind in query.find_all(exp.DataType)}
    written = {token.text.lower() for token in tokens if token.text.lower() in ("varchar", "text", "hugeint")}
    found += sorted((types | written) - SPARK_TYPES)
    found += ["* but for some columns" for star in query.find_all(exp.Star) if any(star.args.values())]
    return found


@pytest.mark.parametrize(
    ("sql", "strange"),
    [
        pytest.param("with a as (select 1 as b) select sum(b), cast(b as decimal(18, 4)) from a group by b", [], id="standard SQL"),
        pytest.param("select a::int from t", ["::"], id="short cast"),
        pytest.param("select cast(a as varchar) from t", ["varchar"], id="text without a length"),
        pytest.param("select a from t qualify row_number() over (order by a) = 1", ["qualify"], id="qualify"),
        pytest.param("select date_diff('day', a, b) from t", ["date_diff"], id="days between"),
        pytest.param("select string_agg(a, ', ') from t", ["string_agg"], id="joined texts"),
        pytest.param("select struct_pack(a) from t", ["struct_pack"], id="struct"),
        pytest.param("select list_sum(a) from t", ["list_sum"], id="function of lists"),
        pytest.param("select * from read_parquet('a.parquet')", ["read_parquet"], id="reader of files"),
        pytest.param("select timezone('UTC', a) from t", ["timezone"], id="time zone"),
        pytest.param("select [1, 2] as a", ["["], id="list"),
        pytest.param("select {'a': 1} as a", ["{"], id="struct in braces"),
        pytest.param("select * exclude (a) from t", ["* but for some columns"], id="star without a column"),
        pytest.param("from t", ["begins with from"], id="from first"),
    ],
)
def test_what_only_duckdb_knows_is_strange_to_spark(sql: str, strange: list[str]) -> None:
    assert strange_to_spark(sql)[: len(strange)] == strange
    assert bool(strange_to_spark(sql)) == bool(strange)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bool], dict[str, str]]:
    """Target and whether the build is full → the compiled SQL of every model and test of data, by name."""
    parsed: dict[str, Any] = {}

    def sql(target: str, is_full: bool) -> dict[str, str]:
        folder = tmp_path_factory.mktemp(target)
        variables = f"{{home: /lake, as_of: '2025-03-31', built_as_of: '2025-03-30', full: {str(is_full).lower()}}}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REGULARS_WAREHOUSE", str(folder / "warehouse.duckdb"))
            patch.setenv("REGULARS_WORKING", str(folder / "working.duckdb"))
            # dbt-spark asks that it can be imported, and nothing here connects to it
            patch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
            if target not in parsed:
                parsed[target] = invoke(folder, ["parse", "--target", target], None)
            choice = ["--no-introspect", "--no-populate-cache", "--target", target, "--vars", variables]
            chosen = [*choice, "--select", "resource_type:model", "resource_type:test"]
            found = invoke(folder, ["compile", *chosen], parsed[target]).results
        return {each.node.name: each.node.compiled_code for each in found}

    return sql


@pytest.mark.slow
@pytest.mark.parametrize("is_full", [True, False], ids=["full", "incremental"])
@pytest.mark.parametrize("target", DIALECTS)
def test_every_model_and_test_is_sql_of_both_engines(
    manifest, compiled: Callable[[str, bool], dict[str, str]], target: str, is_full: bool
) -> None:
    written = compiled(target, is_full)
    assert written.keys() == {node.name for node in manifest.nodes.values() if node.resource_type in ("model", "test")}
    for sql in written.values():
        assert len(sqlglot.parse(sql, read=DIALECTS[target])) == 1
    if target == "spark":
        assert {name: found for name, sql in written.items() if (found := strange_to_spark(sql))} == {}
