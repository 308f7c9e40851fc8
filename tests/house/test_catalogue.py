"""The catalogue and the samples that come with the product."""

from __future__ import annotations

import pytest

from config.catalogue.reading import read_addons, read_distributions, read_knowledge, read_networks, read_repositories
from federation.spec.loading import load
from tests.addons.report import REPORT, render
from tests.house.sources import ROOT

SAMPLES = sorted((ROOT / "config" / "federations").glob("*.yaml"))
SCENARIOS = ROOT.parent / "shared" / "scenarios"
TO_BE_IMPORTED = {"charity-lowlevel.yaml"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_valid_by_the_catalogue(sample) -> None:
    """A newcomer copies a sample: each loads, and asks only for what the catalogue has."""
    federation = load(sample.read_text(), sample.name, read_knowledge())
    assert federation.spec.clusters


@pytest.mark.parametrize("addon", sorted(read_addons()))
def test_an_addon_is_complete(addon) -> None:
    """Its chart's repository is known; every minor of our distributions can run some version of it."""
    definition = read_addons()[addon]
    assert definition.repository in read_repositories()
    minors = {begin.rstrip(".") for each in read_distributions().values() for begin in each.versions}
    for minor in minors:
        assert definition.version_for(minor).kubernetes.include(minor), minor


def test_the_page_of_addons_is_up_to_date() -> None:
    """What it tells of the catalogue is made from it: ``python -m tests.addons report``."""
    assert REPORT.read_text() == render()


def test_every_file_of_the_catalogue_bears_its_name() -> None:
    """A thing is found by the name of its file."""
    kinds = {"addons": read_addons(), "distributions": read_distributions(), "cni": read_networks()}
    for folder, found in kinds.items():
        files = {path.stem for path in (ROOT / "config" / "catalogue" / folder).glob("*.yaml")}
        assert files == set(found), folder


@pytest.mark.skipif(not SCENARIOS.is_dir(), reason="the scenarios are not beside the project")
def test_every_scenario_is_a_sample() -> None:
    """What the project is measured by comes with it, word for word."""
    wanted = {path.name: path.read_text() for path in SCENARIOS.glob("*.yaml") if path.name not in TO_BE_IMPORTED}
    assert wanted == {path.name: path.read_text() for path in SAMPLES if path.name in wanted}
