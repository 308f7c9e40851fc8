"""What a distribution offers for clusters that stand already, beside what makes them; see ``providers.contracts``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from federation.spec.machines import MachineTarget, Role

if TYPE_CHECKING:
    from clients.ssh.session import Session
    from providers.contracts import ClusterTarget, Progress


class Upkeep(Protocol):
    """How nodes change, and how they leave."""

    journals: ClassVar[tuple[str, ...]]
    """Units, without ``.service``, that tell why a machine is no node that is ready; its services, then our steps."""

    def agent(self, role: Role) -> str:
        """The unit whose start makes a machine known to its cluster, without ``.service``; pods run on under it."""

    def upgrade_node(
        self, session: Session, cluster: ClusterTarget, machine: MachineTarget, reported: str, *, first: bool
    ) -> Progress:
        """Bring a node that was drained to ``cluster.version_of(machine)``, in place.

        Safe to repeat from any point at which it was cut off.

        Args:
            session, cluster, machine: As for ``join_node``.
            reported: The version that the API shows of the node now; done only when it is the wanted one.
            first: No control-plane node runs the new version yet: this one takes the cluster there.
        """

    def remove_member(self, session: Session, cluster: ClusterTarget, machine: str) -> Progress:
        """Take a control-plane machine out of the control plane's database; done when it is seen to be no member.

        Called before its node is deleted, whether it still runs or is gone.

        ``session`` is on another control-plane machine, which stays; ``machine`` is the name of the node that goes.
        """

    def configure_registries(self, session: Session, cluster: ClusterTarget, machine: MachineTarget) -> Progress:
        """What the container runtime knows of registries; a node that runs restarts it when that differs."""

    def leave(self, session: Session) -> Progress:
        """Take everything of the distribution off a machine that stays (a bare host)."""
