"""What of the dbt project stands on what: which models make up the facts, which views a model reads through, which tests go with it."""

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any

LATER_SOURCES = ("scores", "history")
"""Sources that are written from the facts; what stands on them is built after them."""
INSIDE = ("staging", "intermediate", "parts")
"""Schemas that nobody but the project itself reads. ``parts`` are the tables that some marts are views of, in the same file as they."""


class Graph:
    """Models, the seeds they read, and the tests of them, by their unique ids, from what dbt writes as ``manifest.json``."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        nodes = manifest["nodes"]
        self._models = {unique_id: node for unique_id, node in nodes.items() if node["resource_type"] in ("model", "seed")}
        self._tests = [unique_id for unique_id, node in nodes.items() if node["resource_type"] == "test"]
        self._parents = {each: nodes[each]["depends_on"].get("nodes", []) for each in (*self._models, *self._tests)}
        self._sources = {unique_id: source["source_name"] for unique_id, source in manifest["sources"].items()}
        self._later: dict[str, bool] = {}
        self._foundations: dict[str, set[str]] = {}
        self._ids = {node["name"]: unique_id for unique_id, node in self._models.items()}

    def id_of(self, name: str) -> str:
        return self._ids[name]

    @cached_property
    def facts(self) -> frozenset[str]:
        """What stands between the lake and the scores, but for views inside the project."""
        return frozenset(each for each in self._models if not self._is_inside_view(each) and not self._comes_later(each))

    @cached_property
    def later_parts(self) -> frozenset[str]:
        """Tables that nobody but the project itself reads and that stand on the scores: no asset names them."""
        inside = (each for each, node in self._models.items() if node["schema"] in INSIDE and not self._is_view(each))
        return frozenset(filter(self._comes_later, inside))

    @cached_property
    def seeds(self) -> frozenset[str]:
        """Tables that stand in the project itself: they change with it alone."""
        return frozenset(each for each, node in self._models.items() if node["resource_type"] == "seed")

    def views_below(self, ids: Iterable[str]) -> list[str]:
        """Names of the views inside the project that these models read through, as far down as the next tables."""
        found: set[str] = set()
        waiting = list(ids)
        while waiting:
            for parent in self._parents[waiting.pop()]:
                if parent in self._models and self._is_view(parent) and parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return sorted(filter(self._is_inside_view, found))

    def tests_of(self, ids: Collection[str]) -> list[str]:
        """Tests that look at one of these at least, and at nothing else but what these stand on: dbt calls them buildable."""
        below = set(ids).union(*(self._below(each) for each in ids))
        return [test for test in self._tests if below.issuperset(self._parents[test]) and not set(ids).isdisjoint(self._parents[test])]

    def parents_among(self, ids: Collection[str]) -> dict[str, list[str]]:
        """For each of these those of the others that it stands on, directly or through what is none of these."""
        nearest: dict[str, set[str]] = {}

        def above(each: str) -> set[str]:
            if each not in nearest:
                parents = set(self._parents[each]) & self._models.keys()
                nearest[each] = (parents & set(ids)).union(*map(above, parents - set(ids)))
            return nearest[each]

        return {each: sorted(above(each)) for each in ids}

    def depends_on_the_day(self, unique_id: str) -> bool:
        """Whether the view spells out the day of the facts, and so is another each day."""
        return "as_of_date()" in self._models[unique_id]["raw_code"]

    def _below(self, unique_id: str) -> set[str]:
        """What a model stands on, however far down, sources too."""
        if unique_id not in self._foundations:
            parents = self._parents.get(unique_id, ())
            self._foundations[unique_id] = set(parents).union(*map(self._below, parents))
        return self._foundations[unique_id]

    def _is_view(self, unique_id: str) -> bool:
        return bool(self._models[unique_id]["config"]["materialized"] == "view")

    def _is_inside_view(self, unique_id: str) -> bool:
        return self._is_view(unique_id) and self._models[unique_id]["schema"] in INSIDE

    def _comes_later(self, unique_id: str) -> bool:
        if unique_id not in self._later:  # there are many ways through the graph, each is gone once
            self._later[unique_id] = any(
                self._sources[parent] in LATER_SOURCES if parent in self._sources else self._comes_later(parent)
                for parent in self._parents[unique_id]
                if parent in self._sources or parent in self._models
            )
        return self._later[unique_id]
