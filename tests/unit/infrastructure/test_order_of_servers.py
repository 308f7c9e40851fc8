"""Which server of a machine stays, when there are several."""

from __future__ import annotations

from clients.openstack.records import Port, Server
from providers.infrastructure.openstack.servers import in_order


def a_server(server_id: str, created_at: str, task: str = "") -> Server:
    """One of a machine."""
    return Server(server_id, "fed-a-cp-0", "", frozenset(), created_at, "ACTIVE", task, {}, (), "")


def a_port(device_id: str, device_owner: str = "compute:nova") -> Port:
    """The machine's port."""
    return Port("port", "fed-a-cp-0", "", frozenset(), "1", "network", device_id, device_owner, None, frozenset())


FORMER, NEW = a_server("former", "1"), a_server("new", "2")


def test_oldest_stays_where_no_port_says_more() -> None:
    """As two writers without a lease would leave them; what an agent or a router uses says nothing of servers."""
    assert in_order((NEW, FORMER), (a_port("new", "network:dhcp"),)) == (FORMER, NEW)


def test_server_that_the_port_names_stays() -> None:
    """A list that lags behind shows the former server of a machine that was replaced; the one in use is the new one."""
    assert in_order((FORMER, NEW), (a_port("new"),)) == (NEW, FORMER)


def test_what_is_being_deleted_comes_last() -> None:
    """Even while its port still names it."""
    leaving = a_server("former", "1", task="deleting")
    assert in_order((leaving, NEW), (a_port("former"),)) == (NEW, leaving)
