"""Bad input changes nothing: exit code 2, every problem with its place and fix, no traceback, no run, no request."""

from __future__ import annotations

import re

import pytest

from tests.stage.stage import ROOT

BAD = ROOT / "tests" / "unit" / "spec" / "bad"


@pytest.mark.parametrize(("command", "name"), [("apply", "fields"), ("plan", "peerings"), ("validate", "deep")])
def test_bad_spec_is_refused_before_anything_is_done(stage, inside, command, name):
    """All problems at once on stderr, each with file and line."""
    runs = inside.flow_runs()
    stage.quiet()
    refused = stage.cli(command, "-f", str(BAD / f"{name}.yaml"))
    assert refused.returncode == 2
    expected = (BAD / f"{name}.expected").read_text().splitlines()
    told = [line for line in refused.stderr.splitlines() if re.match(rf".*{name}\.yaml:\d+", line)]
    assert len(told) == len(expected) > 0
    assert "Traceback" not in refused.stderr + refused.stdout
    assert refused.stderr.rstrip().endswith("nothing was changed.")
    assert inside.flow_runs() == runs
    assert stage.get("journal")["total"] == 0


def test_missing_file_is_bad_input(stage):
    """A file that is not there is said in one line."""
    refused = stage.cli("apply", "-f", "no-such-file.yaml")
    assert refused.returncode == 2
    assert "no-such-file.yaml" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("command", ["apply -f x.yaml", "reconcile x", "destroy x --yes"])
def test_time_limit_without_waiting_is_refused(stage, command):
    """What would be ignored is not accepted in silence."""
    refused = stage.cli(*command.split(), "--no-wait", "--timeout", "5")
    assert refused.returncode == 2
    assert "--no-wait" in refused.stderr
