"""Our block in CoreDNS' configuration, beside what others have there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bootstrap.corefile import MARK, find_rules, render_block, with_rules

OTHERS = """\
.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
    }
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
}
corp.example:53 {
    hosts {
        192.0.2.1 vpn.corp.example
    }
}
"""
RULES = frozenset(
    {("registry.site.example", "192.0.2.9"), ("git.site.example", "192.0.2.9"), ("git.site.example", "192.0.2.8")}
)


def test_a_block_has_every_name_as_a_zone_once():
    """And it begins with the name by which it is found again."""
    first, *lines = render_block(RULES).splitlines()
    assert first == f"{MARK} git.site.example:53 registry.site.example:53 {{"
    assert [line.split() for line in lines if line.startswith("        ")] == [
        ["192.0.2.8", "git.site.example"],
        ["192.0.2.9", "git.site.example"],
        ["192.0.2.9", "registry.site.example"],
        ["fallthrough"],
    ]


def test_only_our_rules_are_found():
    """Those that others wrote are none of our business."""
    assert find_rules(OTHERS) == frozenset()
    assert find_rules(with_rules(OTHERS, RULES)) == RULES


def test_what_others_wrote_stays_to_the_letter():
    """Before our block, behind it, and when it goes."""
    ours = with_rules(OTHERS, RULES)
    assert ours.startswith(OTHERS)
    between = ours + "late.example:53 {\n    errors\n}\n"
    changed = with_rules(between, {("one.example", "192.0.2.1")})
    assert changed == OTHERS + render_block({("one.example", "192.0.2.1")}) + "late.example:53 {\n    errors\n}\n"
    assert with_rules(ours, ()) == OTHERS


def test_a_block_is_known_after_kubeadm_has_migrated_the_file():
    """It drops comments and sets spaces as it likes."""
    ours = "\n".join(f"  {line.strip()}" for line in with_rules(OTHERS, RULES).splitlines())
    assert find_rules(ours) == RULES


@pytest.mark.parametrize("text", ["", "\n", ".:53 {\n}"])
def test_a_file_without_a_last_newline_gets_one(text):
    """Two blocks never stand on one line."""
    ours = with_rules(text, RULES)
    assert find_rules(ours) == RULES
    assert f"}}{MARK}" not in ours


names = st.from_regex(r"[a-z]{1,3}(\.[a-z]{1,3}){1,2}", fullmatch=True)
rules = st.frozensets(st.tuples(names, st.ip_addresses(v=4).map(str)), max_size=4)


@given(rules, rules)
def test_the_last_rules_are_what_is_there(first, second):
    """Whatever was there before, and nothing piles up."""
    once = with_rules(OTHERS, second)
    assert with_rules(with_rules(OTHERS, first), second) == once
    assert find_rules(once) == second
