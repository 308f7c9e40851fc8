"""Any word survives the way through a real shell."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.ssh.command import MASK, Secret, redact, render_command, render_masked

_words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@settings(max_examples=150, deadline=None)
@given(st.lists(_words, min_size=1, max_size=6))
def test_words_survive_a_real_shell(words):
    """What a shell hands to a program is what was given, whatever it holds."""
    line = render_command(["printf", "%s\\0", *words])
    shown = subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout
    assert shown.decode().split("\0")[:-1] == words


@settings(max_examples=50, deadline=None)
@given(st.lists(_words, min_size=1, max_size=4))
def test_words_survive_two_shells(words):
    """A command inside ``sh -c`` inside a remote command line is quoted twice and still the same."""
    line = render_command(["sh", "-c", render_command(["printf", "%s\\0", *words])])
    shown = subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout
    assert shown.decode().split("\0")[:-1] == words


@given(st.text(min_size=5).filter(lambda text: text not in MASK and text not in "echo ***" and "\0" not in text))
def test_a_secret_word_never_shows_masked(secret):
    """The masked command line and the values' own texts hold no trace of a secret."""
    word = Secret(secret)
    assert f"{render_masked(['echo', word])} {word} {word!r}" == f"echo {MASK} {MASK} Secret()"


@given(st.text(max_size=30), st.text(min_size=1), st.text(max_size=30))
def test_a_known_secret_is_redacted_from_any_text(before, secret, after):
    """A secret in the middle of any output is gone from what is shown."""
    shown = redact(f"{before}{secret}{after}", [secret])
    assert secret not in shown or secret in MASK or secret in redact(before + MASK + after)


@pytest.mark.parametrize(
    "text",
    [
        "kubeadm join --token abcdef.0123456789abcdef now",
        "Using certificate key:\n" + "9f" * 32,
        "K10" + "ab" * 32 + "::server:0123456789abcdef0123456789abcdef",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl (cut off",
        "    client-key-data: TFMwdExTMUNSVWRKVGlC",
        "authorization: Bearer eyJhbGciOi.abc.def",
    ],
)
def test_what_looks_like_a_credential_is_redacted_unasked(text):
    """Tokens, keys and certificate keys are known by their shape."""
    shown = redact(text)
    assert MASK in shown
    assert not {"0123456789abcdef", "9f9f", "MIIE", "b3Bl", "TFMw", "eyJh"} & {
        piece for piece in ("0123456789abcdef", "9f9f", "MIIE", "b3Bl", "TFMw", "eyJh") if piece in shown
    }


def test_a_nul_is_refused():
    """No process argument can hold one."""
    with pytest.raises(ValueError, match="NUL"):
        render_command(["echo", "a\0b"])
