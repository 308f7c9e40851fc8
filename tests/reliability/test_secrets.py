"""Secrets, in the size of CI: what is looked for is found where it is, and files are for their owner alone."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.leaking.needles import found, needle
from tests.reliability.leaking.places import open_to_others
from tests.reliability.leaking.watching import ProcessWatch
from tests.reliability.secrets import MUST_BE, must_be
from tests.stage.stage import ROOT

SECRET = 'flotilla-mark/with+signs "and" more'
PEM = "-----BEGIN KEY-----\n" + "\n".join(letter * 64 for letter in "ABCDE") + "\n-----END KEY-----\n"


@pytest.mark.parametrize("secret", [SECRET, PEM])
def test_secret_is_found_in_every_form_in_which_it_could_be_written(secret: str) -> None:
    """The search itself is not blind."""
    looked_for = [needle("it", secret)]
    for written in (secret, json.dumps({"a": secret}), base64.b64encode(secret.encode()).decode()):
        assert found(looked_for, f"before {written} after".encode()) == ["it"]
    assert found(looked_for, b"nothing of the kind") == []


def test_keys_of_one_kind_are_told_apart() -> None:
    """They begin alike, with the name of their kind: that alone is no secret."""
    mine, others = (
        f"-----BEGIN PRIVATE KEY-----\n{each * 64}\n{each * 64}\n-----END PRIVATE KEY-----" for each in "ab"
    )
    assert found([needle("it", mine)], base64.b64encode(mine.encode())) == ["it"]
    assert found([needle("it", mine)], base64.b64encode(others.encode())) == []
    alike = others.replace("b" * 24, "a" * 24, 1)
    assert found([needle("it", mine)], base64.b64encode(alike.encode())) == []


def test_secrets_may_be_only_where_they_must_be() -> None:
    """Each exception names a place and a secret; nothing else is let through."""
    assert must_be("object Secret env-bundle", "application secret")
    assert not must_be("object ConfigMap env-bundle", "application secret")
    assert not must_be("object Secret x", "cloud password")
    assert all(why for _, _, why in MUST_BE)


def test_processes_of_a_home_are_noticed_with_their_arguments(tmp_path: Path) -> None:
    """A child without the variable counts, too: its parent has it."""
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()', 'marked-child'], env={})"
    with ProcessWatch(tmp_path) as watch:
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, env={"FLOTILLA_HOME": str(tmp_path)}
        )
        while not any(b"marked-child" in each and b"input" in each for each in watch.arguments):
            assert process.poll() is None
        process.communicate(b"\n")


def test_what_a_command_writes_is_for_its_user_alone(tmp_path: Path) -> None:
    """Even in a home that others may look into."""
    tmp_path.chmod(0o755)
    argv = [sys.executable, "-m", "flotilla", "list"]
    environment = {"FLOTILLA_HOME": str(tmp_path), "PATH": ""}
    assert subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, check=False).returncode == 0
    assert list(tmp_path.iterdir())
    assert open_to_others(tmp_path) == []
