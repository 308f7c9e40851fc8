"""What a caller may see: what is asked for, from the registry's generations and wishes."""

from __future__ import annotations

from collections.abc import Iterator

from door.desires import Standing
from federation.spec.federation import canonical, digest
from registry.generations import Generation
from registry.registry import Registry
from registry.tokens import Token


class Sight:
    """Reads the registry. What belongs to somebody else looks like what is not there."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def current(self, federation: str) -> Generation | None:
        """The federation as it is asked for; None when there is none."""
        return self._registry.generations.current(federation)

    def federations(self) -> tuple[Generation, ...]:
        """All federations."""
        return self._registry.generations.list()

    def standing(self, current: Generation, name: str) -> Standing:
        """What is known of one application."""
        running = current.parsed().application(name)
        wish = self._registry.wishes.get(current.federation, name)
        gone = self._registry.generations.former(current.federation).applications if running is None else ()
        return Standing(name, wish, running, next((each for each in gone if each.name == name), None))

    def applications(self, current: Generation) -> Iterator[Standing]:
        """Every application of a federation, those among them that wait for placements or are leaving."""
        running = {each.name: each for each in current.parsed().spec.applications}
        wishes = {each.name: each for each in self._registry.wishes.list(current.federation)}
        former = self._registry.generations.former(current.federation).applications
        leaving = {each.name: each for each in former if each.name not in running}
        for name in sorted({*running, *wishes, *leaving}):
            yield Standing(name, wishes.get(name), running.get(name), leaving.get(name))

    @staticmethod
    def mine(caller: Token, standing: Standing) -> bool:
        """Whether an application belongs to a caller: to its owner, or it is an administrator."""
        return caller.may("administrator") or standing.owner == caller.owner

    @staticmethod
    def digest(standing: Standing) -> str | None:
        """Digest of what is asked for; None when nothing is."""
        return digest(canonical(standing.document)) if standing.document else None
