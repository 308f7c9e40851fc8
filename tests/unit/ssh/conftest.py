"""Fixtures for the SSH client."""

from __future__ import annotations

import pytest

from clients.ssh.session import Session
from tests.unit.ssh.openssh import SSHD, openssh_server


@pytest.fixture(scope="session")
def account(tmp_path_factory):
    """Login to a real OpenSSH server."""
    if not SSHD.exists():
        pytest.skip("needs OpenSSH's sshd")
    with openssh_server(tmp_path_factory.mktemp("sshd")) as login:
        yield login


@pytest.fixture
def session(account):
    """An open session."""
    opened = Session(account)
    yield opened
    opened.close()
