"""Row T2: discovery, peering, offloading and unjoining over TNO's four kinds of links. TNO got 10 of 16."""

from __future__ import annotations

import json
import time
from typing import Any

from federation.spec.links import LINKS, PROFILES
from federation.spec.peering import Profile
from tests.reliability.chapters import Chapter
from tests.reliability.onstage import on_stage
from tests.stage.inside import Inside
from tests.stage.specs import a_small_cluster, a_small_federation
from tests.stage.stage import run

NAME = "links"
FULL_SCALE, SMALL_SCALE = 1.0, 0.02
LINKED = ("metallb", "liqo")
HOW = """The flow experiment-link-profiles on two clusters of the sandbox. The link of one delays by round trips, queues
bytes, stalls where packets get lost and now and then breaks a connection, on the way from Flotilla and between the
clusters; link time x {scale:g}. TNO reached 10 of 16: all but discovery failed over Average and Worst."""
REPAIRED = (
    "A peer that took more than 5 s to answer was taken for gone when left: only who was given up may be silent.",
    "Liqo checks a peer's API for 5 s, and a new connection over Worst takes 9 s: its timers follow the profile.",
    "Deadlines, patience and Helm's time limit were those of a local network: they grow with the measured round trip.",
)


def trial(full: bool) -> Chapter:
    """All operations over all kinds of links; in true time when full, else everything 50 times as fast."""
    scale = FULL_SCALE if full else SMALL_SCALE
    with on_stage() as inside:
        rows = measured(inside, scale)
    done = [row for row in rows if row["result"] == "done"]
    return Chapter(
        name="links",
        title="Link profiles",
        date=time.strftime("%Y-%m-%d"),
        how=" ".join(HOW.format(scale=scale).split()),
        tried=len(rows),
        passed=len(done),
        headers=("link", "round trip", "rate", "loss each way", "discovery", "peering", "offloading", "unjoining"),
        rows=tuple(_line(profile, rows) for profile in PROFILES),
        failed=tuple(f"{row['link']} {row['operation']}: {row['result']}" for row in rows if row not in done),
        repaired=REPAIRED,
        order=30,
    )


def measured(inside: Inside, scale: float, profiles: tuple[Profile, ...] = PROFILES) -> list[dict[str, str]]:
    """The rows of the experiment's table."""
    from blocks.links import LinkShaper
    from flows.link_profiles import experiment_link_profiles

    clusters = [a_small_cluster(name, addons=LINKED) for name in ("a", "b")]
    inside.ready(a_small_federation(NAME, *clusters))
    LinkShaper(url=inside.stage.control, scale=scale).save("links", overwrite=True)
    run(experiment_link_profiles(NAME, profiles=profiles, return_state=True))
    rows = _decoded(inside.artifacts(f"{NAME}-link-profiles")[0])
    inside.gone(NAME)
    return rows


def _decoded(data: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(data) if isinstance(data, str) else data
    return found


def _line(profile: Profile, rows: list[dict[str, str]]) -> tuple[str, ...]:
    link = LINKS[profile]
    cells = [f"{row['seconds']} s" if row["result"] == "done" else "failed" for row in rows if row["link"] == profile]
    return profile, f"{link.round_trip_s * 1000:g} ms", f"{link.bits_per_s / 1e6:g} Mbit/s", f"{link.loss:.0%}", *cells
