"""Events through the product, to a real broker: a federation's life as someone on the topic sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from config.settings import settings
from tests.contract.kafka.reading import Received, once, read
from tests.proving.broker import RealBroker
from tests.proving.building import Missing
from tests.proving.kafka import find
from tests.stage.specs import a_small_cluster, a_small_federation

pytestmark = pytest.mark.real
TOPIC = "flotilla.events"


@pytest.fixture
def broker(tmp_path, record_property) -> Iterator[RealBroker]:
    """A broker that runs."""
    try:
        server = find()
    except Missing as reason:
        pytest.skip(str(reason))
    record_property("server", "Kafka")
    record_property("version", server.version.removeprefix("Kafka "))
    with RealBroker(server, tmp_path / "kafka") as running:
        yield running


class Listener:
    """A stage whose events go to a block, and who reads them."""

    def __init__(self, inside, broker: RealBroker, folder) -> None:
        self.inside, self.broker, self._folder = inside, broker, folder
        self._heard: set[str] = set()

    def block(self, password: str | None = None) -> None:
        """Make the block, as a user does."""
        access = self.broker.access(TOPIC, password)
        fields = ("servers", "topic", "ca_certificate", "mechanism", "username", "password")
        file = self._folder / "kafka.yaml"
        file.write_text(yaml.safe_dump({name: getattr(access, name) for name in fields}))
        self.told("blocks", "create", "flotilla-kafka-cluster", "bus", "-f", str(file))

    def told(self, *words: str, code: int = 0) -> str:
        """Run a command; all that it says."""
        ended = self.inside.stage.cli(*words)
        assert ended.returncode == code, ended.stdout + ended.stderr
        return str(ended.stdout + ended.stderr)

    def news(self, until: str) -> list[Received]:
        """Events that were not heard before, once one of a type is among them."""

        def new(found: list[Received]) -> list[Received]:
            return [each for each in once(found) if each.id not in self._heard]

        def enough(found: list[Received]) -> bool:
            return any(each.event.get_type() == until for each in new(found))

        found = new(read(self.broker.access(TOPIC), enough))
        self._heard |= {each.id for each in found}
        return found


@pytest.fixture
def listener(inside, broker, tmp_path, monkeypatch) -> Iterator[Listener]:
    """The stage, whose flows and commands know the block."""
    monkeypatch.setitem(inside.stage.environment, "FLOTILLA_KAFKA", "bus")
    monkeypatch.setenv("FLOTILLA_KAFKA", "bus")
    settings.cache_clear()
    yield Listener(inside, broker, tmp_path)
    monkeypatch.undo()
    settings.cache_clear()


def test_life_of_a_federation_can_be_followed_on_a_topic(listener):
    """Runs begin, go on and end, every condition that is stated was told as it is, and an idle run tells no more."""
    inside, name = listener.inside, "followed"
    listener.block()
    inside.ready(a_small_federation(name, a_small_cluster("a")))
    events = listener.news("dev.flotilla.run.ended")
    kinds, runs = _runs(events)
    assert (kinds[0], kinds[-1]) == ("run.started", "run.ended")
    shares = [each.data["share"] for kind, each in zip(kinds, runs, strict=True) if kind == "progress"]
    assert len(shares) >= 3 and shares == sorted(shares) and shares[-1] == 1.0
    assert runs[-1].data["outcome"] == "completed"
    stated = {path: condition.status for path, condition in inside.status(name).root.walk()}
    told = [each for each in events if ".condition." in each.event.get_type()]
    assert {f"{each.key}/{each.data['type']}": each.data["status"] for each in told} == stated

    _nobody_waits_for_a_broker(listener, name)

    inside.gone(name)
    last = listener.news("dev.flotilla.federation.removed")
    removed = {(each.key, each.data["type"]) for each in last if each.event.get_type().endswith("condition.removed")}
    assert ("Federation/followed/Cluster/a", "Available") in removed


def _nobody_waits_for_a_broker(listener: Listener, name: str) -> None:
    """One that refuses us, or is gone, is named; the run is as it was, and later nothing is missing."""
    listener.block("wrong-password-0123")
    said = listener.told("reconcile", name)
    assert "events wait for Kafka" in said and "AuthenticationRejected" in said
    said = listener.told("events", code=1)
    assert "refuses the login" in said and " 2 waiting" in said and "wrong-password-0123" not in said
    listener.block()
    assert " 0 waiting" in listener.told("events", "--deliver")
    assert _runs(listener.news("dev.flotilla.run.ended"))[0] == ["run.started", "run.ended"]

    listener.broker.stop()
    assert listener.inside.reconcile(name).is_completed()
    with listener.inside.registry() as registry:
        state = registry.outbox.state()
    assert state.waiting == 2 and "does not take events" in state.trouble
    listener.broker.start()
    listener.told("events", "--deliver")
    assert _runs(listener.news("dev.flotilla.run.ended"))[0] == ["run.started", "run.ended"]


def _runs(events: list[Received]) -> tuple[list[str], list[Received]]:
    """What was told of runs, in order."""
    of_runs = [each for each in events if "run" in each.data]
    return [each.event.get_type().removeprefix("dev.flotilla.") for each in of_runs], of_runs
