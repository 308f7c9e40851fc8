"""A peer that vanishes, in small: suspected, kept, back in time; left by force, back too late."""

from __future__ import annotations

import pytest

from tests.reliability.peers import STEPS, Story, moves_to_another_federation, own_link_down


@pytest.mark.usefixtures("surroundings")
def test_a_peer_goes_and_comes_back(inside):
    """Each chapter of the story holds."""
    left_out = (own_link_down, moves_to_another_federation)
    story = Story(inside)
    for step in STEPS:
        if step not in left_out:
            step(story)
