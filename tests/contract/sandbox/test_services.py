"""Services of emulated machines: what a defect of an emulated program does."""

from __future__ import annotations

import logging

import pytest

from sandbox.serve import Options, Sandbox, parse_network
from sandbox.ssh.host import Host
from sandbox.ssh.service import Service
from sandbox.ssh.unitfile import parse_unit
from tests.networks import reserve_network


@pytest.fixture
async def host(tmp_path):
    """A machine of an inventory."""
    sandbox = Sandbox(Options(tmp_path / "state", parse_network(reserve_network()), "instant", 0))
    await sandbox.start()
    yield next(iter(sandbox.universe.world.machines.values())).host
    await sandbox.stop()


async def test_defect_of_a_program_ends_its_unit(host, monkeypatch, caplog):
    """It counts as a crash and is told: nobody waits for the unit for ever."""

    async def defective(_self, _process):
        raise RuntimeError("not thought of")

    monkeypatch.setattr(Host, "execute", defective)
    service = Service(host, "job.service", parse_unit("[Service]\nType=exec\nExecStart=/usr/bin/true\n"))
    with caplog.at_level(logging.ERROR):
        await service.start()
        await service.wait_end()
    assert (service.state.active, service.state.exit_status) == ("failed", 134)
    assert "not thought of" in caplog.text
