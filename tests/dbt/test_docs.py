"""``make docs``: the site of the tables, from the project alone, without a network."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_site_is_one_page_that_tells_of_every_model_and_asks_nothing_of_the_network(manifest, tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    subprocess.run(["make", "docs", f"DOCS={tmp_path}"], cwd=ROOT, env={**os.environ, **nowhere}, check=True, capture_output=True)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    for node in manifest.nodes.values():
        if node.resource_type == "model":
            assert f'"{node.unique_id}"' in page, node.name
    assert "gross_amount - discount_amount - refund_amount; may be negative" in page, "columns are told of"
    assert not re.findall(r"<(?:script|link)[^>]+(?:src|href)=[\"']?(?:https?:)?//", page), "nothing is loaded from elsewhere"
