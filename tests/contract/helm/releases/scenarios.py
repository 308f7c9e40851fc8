"""What is asked of every Helm and every API server."""

from __future__ import annotations

from collections.abc import Callable

from clients.helm.release import Chart, ReleaseName
from tests.contract.helm.releases.charts import NAME
from tests.contract.helm.releases.observing import Observer

Scenario = Callable[[Observer], None]


def installing(see: Observer) -> None:
    program, text = see.bench.program, see.text
    see.ask("history of none", lambda: program.history(text, see.release))
    see.ask("list of none", lambda: program.releases(text, see.release.namespace))
    see.ask("uninstall none", lambda: program.uninstall(text, see.release, 30))
    see.ask("status of none", lambda: see.client.status(text, see.release))
    see.lay("upgrade", "1.0.0")
    see.lay("install", "1.0.0")
    see.lay("install", "1.0.0")
    see.ask("history", lambda: program.history(text, see.release))
    see.ask("list", lambda: program.releases(text, see.release.namespace))
    see.ask("list of another namespace", lambda: program.releases(text, "default"))
    see.ask("uninstall", lambda: program.uninstall(text, see.release, 30))
    see.ask("uninstall again", lambda: program.uninstall(text, see.release, 30))
    see.ask("asked of the client", lambda: see.client.uninstall(text, see.release))


def upgrading(see: Observer) -> None:
    see.lay("install", "1.0.0", colour="blue", size=3, replicas=2)
    see.lay("upgrade", "1.1.0", colour="green")
    see.lay("upgrade", "1.1.0")
    for number in range(5):
        see.lay("upgrade", "1.1.0", size=number)


def rolling_back(see: Observer) -> None:
    program, text = see.bench.program, see.text
    see.lay("install", "1.0.0", colour="blue")
    see.lay("upgrade", "1.1.0", colour="green", replicas=3)
    see.ask("back to the first", lambda: program.rollback(text, see.release, 1, 30))
    see.ask("to a revision that is not there", lambda: program.rollback(text, see.release, 9, 30))
    see.lay("upgrade", "1.1.0")


def hooks_that_fail(see: Observer) -> None:
    see.lay("install", "2.0.0-hook")
    see.ask("uninstall what failed", lambda: see.bench.program.uninstall(see.text, see.release, 30))
    see.lay("install", "2.0.0-endless", timeout_s=2)
    see.ensure("1.0.0")
    see.lay("upgrade", "2.0.0-hook")
    see.lay("upgrade", "2.0.0-endless", timeout_s=2)
    see.ensure("1.1.0")


def objects_that_are_refused(see: Observer) -> None:
    see.lay("install", "2.0.0-object")
    see.ensure("1.0.0")
    see.lay("upgrade", "2.0.0-object")
    see.lay("upgrade", "2.0.0-kind")
    see.lay("upgrade", "2.0.0-template")
    see.lay("upgrade", "2.0.0-text")
    see.lay("upgrade", "1.1.0", size="not a number")
    see.ensure("1.1.0", colour="green")


def charts_that_are_not_there(see: Observer) -> None:
    for step, chart in (
        ("version", Chart(NAME, "9.9.9", "charts")),
        ("name", Chart("nothing", "1.0.0", "charts")),
        ("repository", Chart(NAME, "1.0.0", "elsewhere")),
    ):
        see.ask(step, lambda chart=chart: see.client.upgrade_install(see.text, see.release, chart, {}))  # type: ignore[misc]  # bound
    nowhere = ReleaseName(NAME, "no-such-namespace")
    chart = Chart(NAME, "1.0.0", "charts")
    see.ask("namespace", lambda: see.client.upgrade_install(see.text, nowhere, chart, {}))


def killed_while_installing(see: Observer) -> None:
    see.kill("2.0.0-endless", "pending-install")
    see.lay("install", "1.0.0")
    see.lay("upgrade", "1.0.0")
    see.ensure("1.0.0", colour="blue")
    see.ensure("1.1.0")


def killed_while_upgrading(see: Observer) -> None:
    see.ensure("1.1.0", colour="blue")
    see.kill("2.0.0-endless", "pending-upgrade")
    see.lay("upgrade", "1.1.0")
    see.ensure("1.1.0", colour="green")
    see.kill("2.0.0-endless", "pending-upgrade")
    see.ask("uninstalled by the client", lambda: see.client.uninstall(see.text, see.release))


def killed_while_dropping(see: Observer) -> None:
    see.ensure("1.0.0", colour="blue")
    see.kill("2.0.0-endless", "pending-upgrade")
    see.ensure("1.1.0", colour="green")


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        installing,
        upgrading,
        rolling_back,
        hooks_that_fail,
        objects_that_are_refused,
        charts_that_are_not_there,
        killed_while_installing,
        killed_while_upgrading,
    )
}
