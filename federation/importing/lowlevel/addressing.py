"""Addresses that the foreign format leaves open: a range for the pods and one for the services of each cluster."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import islice

_PREFIX = 16


def ranges(whole: IPv4Network, count: int) -> tuple[IPv4Network, ...]:
    """The first ranges of a network, one for each cluster: the same for the same place in the list, whatever follows.

    Args:
        whole: Where they are taken from.
        count: How many are needed.

    Returns:
        Ranges of /16 that do not overlap; fewer than needed when the network is too small.
    """
    if whole.prefixlen > _PREFIX:
        return ()
    return tuple(islice(whole.subnets(new_prefix=_PREFIX), count))
