"""A shaper of links: makes the way to a cluster slow and lossy for an experiment."""

from __future__ import annotations

import httpx
from prefect.blocks.core import Block
from pydantic import Field

from federation.errors import Rejected, Unavailable
from federation.spec.peering import Profile

_TIMEOUT_S = 60.0


class LinkShaper(Block):
    """A service that shapes links by name: ``PUT URL/links`` and ``DELETE URL/links/NAME``, as the sandbox's does."""

    _block_type_name = "Link Shaper"
    _block_type_slug = "flotilla-link-shaper"
    _description = "Makes the way to a cluster slow and lossy, for experiments of Flotilla."

    url: str = Field(description="Where it listens, without /links")
    scale: float = Field(default=1.0, gt=0, description="Everything that a link adds takes so many times as long")

    def shape(self, cluster: str, profile: Profile) -> None:
        """Put a link of a profile between a cluster and everything else; repeating it changes nothing."""
        self._ask("PUT", "links", {cluster: {"profile": profile, "scale": self.scale}})

    def clear(self, cluster: str) -> None:
        """Take the link of a cluster away; none is no error."""
        self._ask("DELETE", f"links/{cluster}", {})

    def _ask(self, method: str, path: str, body: dict[str, object]) -> None:
        url = f"{self.url.rstrip('/')}/{path}"
        try:
            answer = httpx.request(method, url, json=body, timeout=_TIMEOUT_S)
        except httpx.HTTPError as error:
            raise Unavailable(f"the link shaper at {self.url} does not answer: {error}") from error
        if answer.is_error:
            raise Rejected(f"the link shaper at {self.url} refuses: {answer.text[:200]}")
