"""Whole repairs as stories: rounds of look, plan and correct over the model world, kept as text in ``golden/``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from federation.planning.explain import render_text
from federation.planning.guards import Policy, Spent, admit
from federation.planning.planner import plan_federation
from tests.builders import a_cluster, a_federation, an_application
from tests.properties.test_planner import on_hosts
from tests.properties.world import World

GOLDEN = Path(__file__).parent / "golden"
PEERED = {
    "clusters": [a_cluster("a", workers=2), a_cluster("b")],
    "peerings": [{"consumer": "a", "provider": "b"}],
    "applications": [an_application("shop", front="a", back="b")],
}


class Story:
    """Tells what each round does; a plan is walked in its own order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.before = world.desired
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """An event."""
        self.lines += [f"* {text}", ""]

    def run(self, policy: Policy | None = None) -> None:
        """One run: rounds until nothing is left that may be done."""
        spent = Spent()
        while True:
            context = self.world.context(former=self.before)
            admission = admit(plan_federation(context), context, policy or Policy(), spent)
            self.lines += [render_text(admission), ""]
            if not len(admission.plan):
                return
            for step in admission.plan:
                self.world.apply(step.action)
            spent = spent.after(admission.plan)


def built(**spec: object) -> World:
    """A world in which a federation was built."""
    world = World(a_federation(**spec))
    for step in plan_federation(world.context()):
        world.apply(step.action)
    return world


def a_federation_is_built() -> Story:
    """From nothing to an application over two clusters."""
    story = Story(World(a_federation(**PEERED)))
    story.say("two clusters and an application are asked for")
    story.run()
    return story


def two_machines_fail_at_once() -> Story:
    """One run replaces one; the next run goes on."""
    story = Story(built(**PEERED))
    for name in ("fed-a-default-0", "fed-a-default-1"):
        story.say(f"{name} fails")
        story.world.break_machine("a", name, "fail")
    story.say("first run")
    story.run(Policy(mass_failure_share=1.0))
    story.say("second run")
    story.run()
    return story


def a_host_is_lost_and_comes_back() -> Story:
    """The spare steps in and is free again at the end."""
    story = Story(built(clusters=[on_hosts(a_cluster("d", workers=2, addons=[]))]))
    story.say("d-w1 has not answered for a long time")
    story.world.break_machine("d", "d-w1", "unready")
    story.run()
    story.say("d-w1 answers again")
    story.world.revive("d", "d-w1")
    story.run()
    return story


def a_cluster_leaves_the_spec() -> Story:
    """Its application, its peering, its machines, in this order."""
    story = Story(built(**PEERED))
    story.say("cluster b and the application leave the spec")
    story.world.desired = a_federation(clusters=PEERED["clusters"][:1])
    story.run()
    return story


STORIES: list[Callable[[], Story]] = [
    a_federation_is_built,
    two_machines_fail_at_once,
    a_host_is_lost_and_comes_back,
    a_cluster_leaves_the_spec,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_story_is_as_told(story: Callable[[], Story]) -> None:
    """Line by line. After a wanted change: GOLDEN=write, and read what became of the stories."""
    file, told = GOLDEN / f"{story.__name__}.txt", "\n".join(story().lines).rstrip() + "\n"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(told)
    assert told == file.read_text()
