"""An apply that is cut off at any moment: the next one goes on, nothing is made twice, nothing is left."""

from __future__ import annotations

import re
import signal

import pytest
import yaml

from tests.stage.specs import a_small_cluster, a_small_federation

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
@pytest.mark.parametrize("after", ["POST .*/servers", "systemd-run|systemctl start"], ids=["machines", "hosts"])
def test_apply_that_is_cut_off_is_taken_up_again(inside, tmp_path, number, after):
    """Signals strike while machines are made, and while programs run on them."""
    stage = inside.stage
    spec = a_small_federation(f"cut-{number}-{len(after)}", a_small_cluster("a", workers=1))
    file = tmp_path / "spec.yaml"
    file.write_text(yaml.safe_dump(spec.model_dump(mode="json", by_alias=True, exclude_none=True)))
    rule = {"wire": "openstack" if after.startswith("POST") else "ssh", "count": None, "action": {"delay_s": 0.2}}
    stage.post("faults", rule)
    stage.quiet()
    command = stage.start("apply", "-f", str(file))
    stage.wait(lambda: _reached(stage, after), f"a request like {after}")
    code, said = stage.interrupt(command, number)
    assert code == CODES[number]
    assert "Traceback" not in said
    assert number == signal.SIGKILL or "The next run goes on from here." in said
    stage.heal()

    inside.ready(spec)
    assert stage.machines(f"{spec.name}-") == [f"{spec.name}-{tail}" for tail in ("a-cp-0", "a-default-0")]
    inside.silent(spec)
    inside.gone(spec.name)


def _reached(stage, pattern: str) -> bool:
    return any(re.search(pattern, line) for line in stage.changes())
