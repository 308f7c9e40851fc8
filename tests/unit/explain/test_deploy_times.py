"""The deploy-time experiment: what is built, what comes of it, and how it is drawn."""

from __future__ import annotations

import re

import pytest

from config.catalogue.reading import read_knowledge
from federation.errors import SpecInvalid
from federation.experiments.deploy_times import DISTRIBUTIONS, Measure, Setup, Trial, measures
from federation.experiments.picture import render_deploy_times
from federation.spec.validation import check
from tests.builders import a_cluster, a_federation

TEMPLATE = a_federation(name="lab", clusters=[a_cluster("model", network={"cni": "cilium"}), a_cluster("other")])


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
@pytest.mark.parametrize("nodes", [1, 3, 5])
def test_every_setup_is_a_valid_federation_of_one_bare_cluster(kind, nodes):
    """As many machines as asked for, one of them the control plane, and under a name of its own."""
    federation = Setup(kind, nodes).federation(TEMPLATE)
    assert check(federation, read_knowledge()) == ()
    (cluster,) = federation.spec.clusters
    assert cluster.control_plane.count + sum(pool.count for pool in cluster.workers) == nodes
    assert cluster.built_with.type == kind
    assert cluster.addons == ()
    assert federation.name == "lab-deploy-time"


def test_a_template_of_existing_clusters_is_refused():
    """Nobody builds those."""
    cluster = {"name": "west", "infrastructure": {"type": "existing", "kubeconfig": "west"}}
    with pytest.raises(SpecInvalid, match="no cluster that Flotilla builds"):
        Setup("k3s", 1).federation(a_federation(clusters=[cluster]))


def test_what_never_became_ready_plays_no_part_in_the_mean():
    """The deviation is that of a sample; of one trial, and of none, there is none."""
    one, three = Setup("k3s", 1), Setup("k3s", 3)
    trials = [Trial(one, 1, 10.0, 1.0), Trial(three, 1, 99.0, 1.0, "broken"), Trial(one, 2, 14.0, 1.0)]
    first, second = measures(trials)
    assert (first.setup, first.done, first.mean_s, first.least_s, first.most_s) == (one, 2, 12.0, 10.0, 14.0)
    assert first.deviation_s == pytest.approx(2.8284, abs=1e-3)
    assert (second.done, second.tried, second.mean_s, second.deviation_s) == (0, 1, 0.0, 0.0)


def test_the_picture_is_whole_whatever_was_measured():
    """Bars as high as their means in proportion; nothing at all is drawn as well."""
    measured = tuple(Measure(Setup(kind, n), 3, 3, 10.0 * n, 2.0, 1.0, 2.0) for kind in DISTRIBUTIONS for n in (1, 5))
    drawn = render_deploy_times("a < b", measured)
    small, large = re.findall(r'height="([0-9.]+)" fill="#1f5f8f"', drawn)[:2]
    assert float(large) / float(small) == pytest.approx(5.0, rel=0.02)
    assert "a &lt; b" in drawn
    assert render_deploy_times("none", ()).endswith("</svg>")
