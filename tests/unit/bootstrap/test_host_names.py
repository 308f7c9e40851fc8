"""Names of nodes in /etc/hosts: our block, and nothing but our block."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.spec.cluster import Distribution
from providers.bootstrap.host_names import names_in, with_names, without_names
from providers.registry import DISTRIBUTIONS

PLAIN = "127.0.0.1 localhost\n127.0.1.1 cp-0\n"
ROSTER = {"cp-0": "10.0.0.4", "default-0": "10.0.0.5"}


def test_names_stand_in_a_block_at_the_end():
    """Sorted, between two comments; what was there stays."""
    assert with_names(PLAIN, ROSTER) == (
        f"{PLAIN}# begin of flotilla's nodes\n10.0.0.4 cp-0\n10.0.0.5 default-0\n# end of flotilla's nodes\n"
    )


@given(
    st.text(alphabet="ab.#1 \n").filter(lambda text: not text or text.endswith("\n")),
    st.dictionaries(st.sampled_from("abc"), st.just("10.0.0.1")),
    st.dictionaries(st.sampled_from("abc"), st.just("10.0.0.2")),
)
def test_a_block_is_replaced_found_and_taken_away(plain, first, second):
    """Whatever else is in the file comes out as it went in; the last roster counts."""
    text = with_names(with_names(plain, first), second)
    assert names_in(text) == second
    assert with_names(text, second) == text
    assert without_names(text) == plain


def test_a_file_without_a_last_line_end_gets_one():
    """A name is never glued to what stood there."""
    assert "localhost\n#" in with_names("127.0.0.1 localhost", ROSTER)


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_only_nodes_of_microk8s_have_to_know_each_other(kind):
    """Planner and steps ask the same property."""
    assert Distribution(type=kind, version="v1.36.4").needs_names == (kind == "microk8s")
