"""Since when nobody hears of a cluster: the one thing about silence that a single look cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped

from registry.database import Database
from registry.schema import Key, Table


class SilenceRow(Table):
    """A cluster that was not heard of when it was last looked for."""

    __tablename__ = "silences"

    federation: Mapped[Key]
    cluster: Mapped[Key]
    since: Mapped[float]


class Silences:
    """Silent clusters of all federations. Lost, every silence counts from anew: nothing is given up too early."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def note(self, federation: str, silent: Collection[str]) -> dict[str, float]:
        """Take in a look: these clusters are silent, and no others. Writes only when that has changed.

        Returns:
            For each of them, how many seconds its silence has lasted.
        """
        now = self._clock()
        known = self._known(federation)
        if known.keys() != set(silent):
            with self._database.write() as session:
                over = SilenceRow.federation == federation, SilenceRow.cluster.not_in(sorted(silent))
                session.execute(delete(SilenceRow).where(*over))
                for cluster in sorted(set(silent) - known.keys()):
                    session.merge(SilenceRow(federation=federation, cluster=cluster, since=now))
        return {cluster: max(0.0, now - known.get(cluster, now)) for cluster in silent}

    def of(self, federation: str) -> dict[str, float]:
        """Seconds of silence of each cluster that was silent at the last look; writes nothing."""
        now = self._clock()
        return {cluster: max(0.0, now - since) for cluster, since in self._known(federation).items()}

    def _known(self, federation: str) -> dict[str, float]:
        wanted = select(SilenceRow).where(SilenceRow.federation == federation)
        with self._database.read() as session:
            return {row.cluster: row.since for row in session.scalars(wanted)}
