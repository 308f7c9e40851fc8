"""What a caller is shown: everything that it may see, with what the last look found."""

from __future__ import annotations

from collections.abc import Iterator

from door.desires import Standing
from door.documents import ApplicationDetail, ApplicationView, ComponentOf, FederationDetail, FederationView
from door.problems import not_found
from door.sight import Sight
from door.views import Seen, application_view, components_of, federation_view
from registry.generations import Generation
from registry.registry import Registry
from registry.tokens import Token


class Gallery:
    """Reads everything at once and changes nothing. Raises Refusal when there is nothing to be shown."""

    def __init__(self, registry: Registry, sight: Sight) -> None:
        self._registry = registry
        self._sight = sight

    def applications(self, caller: Token, federation: str | None, owner: str | None) -> list[ApplicationView]:
        """The applications that a caller may see."""
        return [
            ApplicationView(**view.model_dump(exclude={"application"}))
            for generation, seen in self._looked(federation)
            for standing in self._sight.applications(generation)
            if self._sight.mine(caller, standing) and owner in (None, standing.owner)
            for view in [application_view(generation.federation, standing, seen)]
        ]

    def application(self, caller: Token, federation: str, name: str) -> ApplicationDetail:
        """One application."""
        current = self._sight.current(federation)
        standing = self._sight.standing(current, name) if current else Standing(name)
        if current is None or not standing.document or not self._sight.mine(caller, standing):
            raise not_found(f"application {name} in {federation}")
        return application_view(federation, standing, self._seen(current))

    def components(self, caller: Token, federation: str | None, placed: bool | None) -> list[ComponentOf]:
        """The components that a caller may see, for placing them."""
        return [
            component
            for generation, seen in self._looked(federation)
            for standing in self._sight.applications(generation)
            if standing.is_there and (caller.may("placements") or self._sight.mine(caller, standing))
            for component in components_of(generation.federation, standing, seen)
            if placed in (None, component.placement is not None)
        ]

    def federations(self) -> list[FederationView]:
        """All federations in a few words."""
        return [federation_view(generation, generation.parsed(), seen) for generation, seen in self._looked(None)]

    def federation(self, name: str) -> FederationDetail:
        """One federation in full."""
        current = self._sight.current(name)
        if current is None:
            raise not_found(f"federation {name}")
        view = federation_view(current, current.parsed(), self._seen(current))
        orders = [each.deployment for each in self._registry.orders.of(name)]
        return FederationDetail(**view.model_dump(), federation=current.document, orders=orders)

    def _looked(self, federation: str | None) -> Iterator[tuple[Generation, Seen]]:
        for generation in self._sight.federations():
            if federation in (None, generation.federation):
                yield generation, self._seen(generation)

    def _seen(self, current: Generation) -> Seen:
        status = self._registry.statuses.last(current.federation)
        if status is None:
            return Seen(None, None)
        compared = self._registry.generations.get(current.federation, status.generation)
        return Seen(status, compared.parsed() if compared else None)
