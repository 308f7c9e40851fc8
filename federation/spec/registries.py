"""Container registries as the nodes of a cluster reach them: mirrors, credentials and authorities."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from federation.spec.model import BlockName, SpecModel
from federation.spec.workload import SecretRef

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_HOST = rf"{_LABEL}(\.{_LABEL})*(:[0-9]{{1,5}})?"
RegistryHost = Annotated[
    str, StringConstraints(pattern=rf"^(\*|{_HOST})$", max_length=253), Field(examples=["docker.io", "hub.site:5000"])
]
MirrorUrl = Annotated[
    str, StringConstraints(pattern=rf"^https?://{_HOST}$", max_length=263), Field(examples=["https://hub.site:5000"])
]


class Registry(SpecModel):
    """One registry, or a mirror of others; ``*`` stands for every registry that is not named."""

    host: RegistryHost = Field(description="Host as it stands in names of images, with its port if it has one")
    mirrors: tuple[MirrorUrl, ...] = Field(
        default=(), description="Asked first, in this order, before the registry itself", max_length=8
    )
    credentials: BlockName | None = Field(
        default=None, description="Name of a RegistryCredentials block, for whoever pulls from this host"
    )
    ca: SecretRef | None = Field(default=None, description="PEM of the authority that signed this host's certificate")


def host_of_url(url: str) -> str:
    """Host and port of a mirror."""
    return url.partition("://")[2]
