"""A peer that vanishes, in small: suspected, kept, back in time; left by force, back too late."""

from __future__ import annotations

from tests.reliability.peers import SMALL, Story


def test_a_peer_goes_and_comes_back(inside):
    """Each chapter of the story holds."""
    story = Story(inside)
    for step in SMALL:
        step(story)
