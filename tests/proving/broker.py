"""A real Kafka broker on loopback: one node that is its own controller, with TLS and a user who has a password."""

from __future__ import annotations

import base64
import logging
import secrets
import socket
import subprocess
import threading
import uuid
from pathlib import Path
from types import TracebackType

from confluent_kafka import KafkaException, Producer

from clients.kafka.access import KafkaAccess
from sandbox.kubernetes.access.authority import Authority
from tests.proving.building import Missing
from tests.proving.kafka import KafkaServer
from tests.proving.kubernetes import Process, free_port

log = logging.getLogger(__name__)
_HOST, _USER = "127.0.0.1", "flotilla"
_TRIES, _STEP_S, _ASK_S = 300, 0.1, 2.0
_FORMAT_S = 60.0
_CONFIG = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=SASL_SSL://{host}:{port},INTERNAL://{host}:{internal},CONTROLLER://{host}:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=INTERNAL
listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.pem
log.dirs={folder}/data
num.partitions=3
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


class RealBroker:
    """A broker that can be stopped and started again with what it has.

    Args:
        server: The program.
        folder: For keys, data and logs.
    """

    def __init__(self, server: KafkaServer, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._ports = {name: free_port(_HOST) for name in ("port", "internal", "controller")}
        self._ca = Authority("kafka")
        self._password = secrets.token_hex(16)
        self._process: Process | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._format()

    def __enter__(self) -> RealBroker:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def access(self, topic: str, password: str | None = None) -> KafkaAccess:
        """How the product reaches a topic here; with another password, if given."""
        return KafkaAccess(
            servers=f"{_HOST}:{self._ports['port']}",
            topic=topic,
            ca_certificate=self._ca.pem(),
            mechanism="SCRAM-SHA-512",
            username=_USER,
            password=password or self._password,
        )

    def start(self) -> None:
        """Start it, and wait until it lets its user in.

        Raises:
            Missing: It does not come up.
        """
        config = str(self._folder / "server.properties")
        self._process = Process(self._server.command("kafka.Kafka", config), self._folder / "broker.log")
        pause = threading.Event()
        for _ in range(_TRIES):
            if self._process.ended():
                raise Missing(f"Kafka's broker does not start: {self._process.tail()}")
            if self._answers():
                return
            pause.wait(_STEP_S)
        self.stop()
        raise Missing(f"Kafka's broker does not answer: {self._process.tail()}")

    def stop(self) -> None:
        """End it; its data stay."""
        if self._process is not None:
            self._process.kill()

    def _answers(self) -> bool:
        """Whether it tells its topics to its user."""
        try:
            socket.create_connection((_HOST, self._ports["port"]), timeout=_ASK_S).close()
            Producer(self.access("none").configuration(), logger=log).list_topics(timeout=_ASK_S)
        except (OSError, KafkaException):
            return False
        return True

    def _format(self) -> None:
        certificate, key = self._ca.server([_HOST])
        (self._folder / "server.pem").write_text(f"{key}{certificate}{self._ca.pem()}")
        config = self._folder / "server.properties"
        config.write_text(_CONFIG.format(host=_HOST, folder=self._folder, **self._ports))
        identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        user = f"SCRAM-SHA-512=[name={_USER},password={self._password}]"
        argv = self._server.command("kafka.tools.StorageTool", "format", "-c", str(config), "-t", identity)
        run = subprocess.run(
            [*argv, "--add-scram", user], capture_output=True, text=True, check=False, timeout=_FORMAT_S
        )
        if run.returncode:
            raise Missing(f"Kafka's storage cannot be formatted: {(run.stderr or run.stdout)[-400:]}")
