"""CHARITY's experiment: how long a cluster takes to come up, by distribution and number of nodes."""

from __future__ import annotations

import json
import logging
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Annotated

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.states import Completed, Failed
from pydantic import Field

from config.catalogue.reading import read_knowledge
from config.settings import settings
from federation.errors import FlotillaError, SpecInvalid
from federation.experiments.deploy_times import CLUSTER, DISTRIBUTIONS, LABEL, Setup, Trial, experiment_name, measures
from federation.experiments.picture import render_deploy_times
from federation.spec.cluster import DistributionType
from federation.spec.federation import Federation
from federation.spec.loading import load
from federation.spec.problems import render_field
from federation.spec.validation import check
from flows.apply import SpecText, apply
from flows.ending import Ending
from flows.experimenting import TRIES, applied, not_true, reach
from flows.teardown import teardown

log = logging.getLogger("flows.story")
Nodes = Annotated[int, Field(ge=1, le=100)]


@flow(name="experiment-deploy-time", flow_run_name="experiment-deploy-time")
async def experiment_deploy_time(
    template: SpecText | Federation,
    distributions: tuple[DistributionType, ...] = DISTRIBUTIONS,
    nodes: tuple[Nodes, ...] = (1, 3, 5),
    rounds: Annotated[int, Field(ge=1, le=1000)] = 30,
) -> Ending:
    """Build and remove clusters again and again, and tell mean and deviation of the time until all nodes are ready.

    Nothing of it stays, whatever happens: each cluster is removed before the next one begins, and what a run that was
    killed has left is removed first. The template itself is not applied.

    Args:
        template: A federation whose first cluster says where and of what machines clusters are made.
        distributions: What makes nodes.
        nodes: Numbers of nodes, one of which is the control plane.
        rounds: How often each is built; all of them once before any of them twice.
    """
    base = load(template, "template", read_knowledge()) if isinstance(template, str) else template
    setups = [Setup(kind, count) for kind, count in product(distributions, nodes)]
    _refuse(base, setups)
    name, trials = experiment_name(base.name), list[Trial]()
    try:
        await _clear(name)
        for number, setup in product(range(1, rounds + 1), setups):
            trials.append(await _try(base, setup, number))
    finally:
        await _clear(name)
        await _publish(name, trials)
    ready = sum(not trial.trouble for trial in trials)
    text = f"{ready} of {len(trials)} clusters became ready"
    return Completed(message=text) if ready == len(trials) else Failed(message=text)


def _refuse(base: Federation, setups: Sequence[Setup]) -> None:
    """Before anything is touched: what cannot be asked for, and a federation of that name that is somebody's own."""
    for setup in setups:
        problems = check(setup.federation(base), read_knowledge())
        if problems:
            listed = "; ".join(f"{render_field(each.field)}: {each.message}" for each in problems)
            raise SpecInvalid(f"{setup.distribution} with {setup.nodes} nodes cannot be built: {listed}")
    name = experiment_name(base.name)
    current = applied(name)
    if current is not None and current.metadata.labels.get(LABEL[0]) != LABEL[1]:
        raise SpecInvalid(f"there is a federation '{name}' that is no experiment; give the template another name")


async def _try(base: Federation, setup: Setup, number: int) -> Trial:
    wanted, begun = setup.federation(base), time.monotonic()
    name, cluster = wanted.name, [f"Cluster/{CLUSTER}"]
    trouble, _ = await reach(name, lambda: apply(wanted, return_state=True), lambda: not_true(name, cluster))
    ready = time.monotonic()
    await _clear(name)
    trial = Trial(setup, number, ready - begun, time.monotonic() - ready, trouble)
    words = trial.trouble or f"ready after {trial.seconds:.1f} s"
    log.info("round %d: %s with %d nodes: %s", number, setup.distribution, setup.nodes, words)
    return trial


async def _clear(name: str) -> None:
    """Remove what is there of the experiment.

    Raises:
        FlotillaError: Something is left; the next cluster would not be alone.
    """
    message = ""
    for _ in range(TRIES):
        if applied(name) is None:
            return
        state = await teardown(name, return_state=True)
        message = state.message or ""
    if applied(name) is not None:
        raise FlotillaError(f"federation '{name}' of the experiment does not go: {message}")


async def _publish(name: str, trials: Sequence[Trial]) -> None:
    """The table and the picture as artifacts, and both with every single trial as files in the home folder."""
    measured = tuple(measures(trials))
    rows = [each.row() for each in measured]
    picture = render_deploy_times("Time until a cluster is ready", measured)
    folder = settings().home / "experiments"
    folder.mkdir(mode=0o700, exist_ok=True)
    files = {f"{name}.svg": picture, f"{name}.json": json.dumps([asdict(trial) for trial in trials], indent=1)}
    for file, text in files.items():
        (folder / file).write_text(text)
    embedded = b64encode(picture.encode()).decode()
    words = f"![times](data:image/svg+xml;base64,{embedded})\n\n{_where(folder, name)}\n"
    await acreate_table_artifact(rows, key=name, description=f"{len(trials)} clusters built and removed")
    await acreate_markdown_artifact(words, key=f"{name}-picture", description="Mean and deviation, by number of nodes")


def _where(folder: Path, name: str) -> str:
    return f"Every trial is in `{folder / name}.json`, the picture in `{folder / name}.svg`, on the worker's machine."
