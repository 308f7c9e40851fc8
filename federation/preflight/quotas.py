"""Quota arithmetic: what a plan makes, summed over all clusters of one project, against what the project has left.

Source: docs.openstack.org/api-ref, compute "Limits" and network "Quotas details"; counts of a foundation and of a
machine are those that ``providers.infrastructure.openstack`` makes, or Cluster API.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from federation.preflight.facts import CloudFacts, FlavorFacts, Quota
from federation.preflight.findings import Finding
from federation.preflight.inquiry import Inquiry
from federation.spec.cluster import Spread
from federation.state.observed import Present, Unknown

FOUNDATION = Counter({"network": 1, "subnet": 1, "router": 1, "port": 1, "security_group": 1, "security_group_rule": 8})
"""The port is the router's; two rules let everything out, which each new group has by itself.

Where an agent serves DHCP it takes one port more, outside of any quota's check: it is not held against anybody.
"""
ENDPOINT = Counter({"port": 1, "floatingip": 1})
MACHINE = Counter({"instances": 1, "port": 1, "floatingip": 1})
MADE_FOUNDATION = Counter(
    {"network": 1, "subnet": 1, "router": 1, "port": 1, "floatingip": 1, "security_group": 2, "security_group_rule": 13}
)
"""What Cluster API's OpenStack provider makes: one floating address is the API's, and machines have none."""
MADE_ENDPOINT = Counter({"port": 1})
MADE_MACHINE = Counter({"instances": 1, "port": 1})

_WORDS = {
    "instances": "servers",
    "cores": "cores",
    "ram": "MiB of memory",
    "port": "ports",
    "floatingip": "floating addresses",
    "network": "networks",
    "subnet": "subnets",
    "router": "routers",
    "security_group": "security groups",
    "security_group_rule": "rules of security groups",
    "server_groups": "server groups",
}


def check_quotas(asked: Mapping[str, tuple[Inquiry, CloudFacts]]) -> Iterator[Finding]:
    """Clusters that do not fit into what is left beside those before them in the spec.

    One that does not fit takes nothing: smaller ones behind it may.

    Args:
        asked: By cluster, in the order of the spec.
    """
    taken: dict[str, Counter[str]] = {}
    for inquiry, facts in asked.values():
        used = taken.setdefault(facts.project, Counter())
        need = needs_of(inquiry, facts)
        short = [name for name, count in need.items() if count > _free(facts, name) - used[name]]
        for name in short:
            yield _finding(inquiry, _quotas(facts)[name], name, need[name], used[name])
        if not short:
            used.update(need)
            left = _free(facts, "server_groups") - used["server_groups"]
            used["server_groups"] += int(min(_new_groups(inquiry, facts, "soft"), left))
        yield from _crowded_groups(inquiry, facts)
        yield from _silent(inquiry, facts, need)


def needs_of(inquiry: Inquiry, facts: CloudFacts) -> Counter[str]:
    """What a cluster takes of each quota; cores and memory of flavors that are not known are left out."""
    made = inquiry.cluster.made_whole
    need = Counter(MADE_FOUNDATION if made else FOUNDATION) if inquiry.founding else Counter[str]()
    if inquiry.founding and inquiry.cluster.control_plane.endpoint is not None:
        need.update(MADE_ENDPOINT if made else ENDPOINT)
    for target in inquiry.fresh:
        need.update(MADE_MACHINE if made else MACHINE)
        flavor = facts.flavors.get(target.flavor or "")
        if isinstance(flavor, Present):
            need.update(_size(flavor.value))
    need["server_groups"] += _new_groups(inquiry, facts, "strict")
    return +need


def _new_groups(inquiry: Inquiry, facts: CloudFacts, spread: Spread) -> int:
    """Pools whose machines keep apart so, and whose group is to be made; none where groups could not be read.

    One that keeps apart softly goes without a group when the cloud gives no more: only strict ones need theirs.
    """
    there = facts.groups.value if isinstance(facts.groups, Present) else None
    pools = {target.pool for target in inquiry.fresh if target.spread == spread}
    return 0 if there is None else len(pools - there.keys())


def _crowded_groups(inquiry: Inquiry, facts: CloudFacts) -> Iterator[Finding]:
    """A group takes so many servers and no more, whatever its policy. Source: nova, "Quotas", server_group_members."""
    limit, there = _quotas(facts).get("server_group_members"), facts.groups
    if limit is None or not isinstance(there, Present):
        return
    joining = Counter(target.pool for target in inquiry.fresh if target.spread)
    for target in {each.pool: each for each in inquiry.fresh if each.spread}.values():
        members = there.value.get(target.pool, 0) + joining[target.pool]
        if 0 <= limit.limit < members:
            yield Finding(
                cluster=inquiry.cluster.name,
                reason="QuotaTooSmall",
                field=(*inquiry.path, *inquiry.pool_place(target)),
                seen=f"{members} machines are to keep apart, and a server group of the project takes {limit.limit}",
                fix=f"raise the quota 'server_group_members' to {members} or more, or ask for fewer machines",
            )


def _size(flavor: FlavorFacts) -> Counter[str]:
    return Counter({"cores": flavor.cpus, "ram": flavor.memory_mib})


def _quotas(facts: CloudFacts) -> dict[str, Quota]:
    return {name: quota for each in facts.quotas if isinstance(each, Present) for name, quota in each.value.items()}


def _free(facts: CloudFacts, name: str) -> float:
    quota = _quotas(facts).get(name)
    return float("inf") if quota is None else quota.free


def _finding(inquiry: Inquiry, quota: Quota, name: str, need: int, before: int) -> Finding:
    others = f", {before} go to clusters before it" if before else ""
    words = _WORDS.get(name, name)
    return Finding(
        cluster=inquiry.cluster.name,
        reason="QuotaTooSmall",
        field=_place(inquiry, name),
        seen=f"it needs {need} {words}; the project has {quota.used} of {quota.limit} in use{others}",
        fix=f"raise the quota '{name}' to {quota.used + before + need} or more, or ask for less",
    )


def _place(inquiry: Inquiry, name: str) -> tuple[str | int, ...]:
    return inquiry.path if name in MACHINE or name in ("cores", "ram") else (*inquiry.path, "infrastructure")


def _silent(inquiry: Inquiry, facts: CloudFacts, need: Counter[str]) -> Iterator[Finding]:
    for each in facts.quotas if need else ():
        if isinstance(each, Unknown):
            yield Finding(
                cluster=inquiry.cluster.name,
                reason=each.reason,
                field=(*inquiry.path, "infrastructure", "cloud"),
                seen=f"quotas cannot be read: {each.message}",
                fix="nothing is held for it; the cloud refuses what is too much",
                silent=True,
            )
