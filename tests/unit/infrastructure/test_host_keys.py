"""Reading a host key off a console."""

from __future__ import annotations

import base64

from providers.infrastructure.openstack.host_keys import parse_console


def a_key(byte: int) -> str:
    """A well-formed Ed25519 public key."""
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([byte]) * 32
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def a_block(*lines: str) -> str:
    """What cloud-init prints."""
    return "\n".join(["-----BEGIN SSH HOST KEY KEYS-----", *lines, "-----END SSH HOST KEY KEYS-----", ""])


def test_key_is_read_from_the_block() -> None:
    """The comment behind the key is dropped."""
    console = f"Linux version 6.8\nlogin:\n{a_block(a_key(1) + ' root@host')}Cloud-init finished"
    assert parse_console(console) == a_key(1)


def test_nothing_is_read_while_the_block_is_not_whole() -> None:
    """A console that is still being written gives no key, and neither does a key outside the block."""
    assert parse_console("") is None
    assert parse_console(a_block(a_key(1)).partition("-----END")[0]) is None
    assert parse_console(f"{a_key(1)} root@host\n") is None


def test_other_kinds_of_keys_are_passed_over() -> None:
    """Only the kind that we asked for counts."""
    rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== root@host"
    assert parse_console(a_block(rsa, a_key(2))) == a_key(2)
    assert parse_console(a_block(rsa)) is None


def test_kernel_that_prints_in_between_does_not_hide_the_key() -> None:
    """Consoles carry prefixes, carriage returns and lines of others."""
    noisy = a_block("[   12.3] eth0: link up\r", f"[   12.4] cloud-init[812]: {a_key(3)} root@host\r", "audit: x")
    assert parse_console(noisy) == a_key(3)


def test_broken_key_is_no_key() -> None:
    """A key that lost letters must not be pinned."""
    assert parse_console(a_block(a_key(4)[:-6])) is None
    assert parse_console(a_block("ssh-ed25519 AAAA")) is None


def test_last_boot_counts() -> None:
    """A console that shows two boots gives the key of the second."""
    assert parse_console(a_block(a_key(5)) + a_block(a_key(6))) == a_key(6)
