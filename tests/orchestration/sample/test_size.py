"""A sample of 200,000 lines is a matter of seconds and of a few hundred megabytes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = r"""
import json, re, resource, sys
from pathlib import Path
from orchestration.sample import write_sample
summary = write_sample(Path(sys.argv[1]))
used = resource.getrusage(resource.RUSAGE_SELF)
# not ru_maxrss, which a process inherits from the one that started it
megabytes = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024
print(json.dumps({"lines": summary.lines, "cpu": used.ru_utime + used.ru_stime, "megabytes": megabytes}))
"""


@pytest.mark.slow
def test_the_default_sample_is_quick_and_small(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    run = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=root, capture_output=True, text=True, check=True)
    used = json.loads(run.stdout)

    assert used["lines"] == pytest.approx(200_000, rel=0.15)
    assert used["cpu"] < 30
    assert used["megabytes"] < 800
