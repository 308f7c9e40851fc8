"""What the specs of these tests are checked against."""

from __future__ import annotations

from config.catalogue.reading import read_addons
from federation.spec.catalogue import Knowledge

VERSIONS = ("v1.35.", "v1.36.")
KNOWLEDGE = Knowledge(read_addons(), {"kubeadm": VERSIONS, "k3s": VERSIONS})
