"""A life with secrets in every place that takes one, part of which goes wrong; told by the outputs of its commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from flotilla.sandbox_blocks import _certificate
from tests.reliability.leaking.needles import Needle, needle
from tests.stage.specs import a_component, a_small_cluster, a_small_federation, on_hosts
from tests.stage.stage import ROOT, Stage

NAME = "sealed"
LOGIN = "captain:flotilla-mark-prefect-api-9f2c1b"
TOKEN = f"K10{'0123456789abcdef' * 4}::server:flotillamarktoken77"
"""What a failing machine says in the log of its installation."""
_PLAIN = {
    "registry password": "flotilla-mark-registry-61d0aa",
    "application secret": "flotilla-mark-application-8e44",
}
_READ_KEY = "from blocks.credentials import MachineKey; print(MachineKey.load('sealed').private_key.get_secret_value())"


class Life:
    """Commands on a stage; their outputs are remembered by name.

    Args:
        stage: Opened.
        papers: Folder for files with secrets, which is none of Flotilla's.
        full: Several distributions, peering and a certificate; otherwise one small cluster.
    """

    def __init__(self, stage: Stage, papers: Path, *, full: bool) -> None:
        self._stage = stage
        self._papers = papers
        self._full = full
        self._certificate = {key: value.get_secret_value() for key, value in _certificate("a.example").values.items()}
        self.needles: list[Needle] = []
        self.outputs: dict[str, bytes] = {}
        self.unexpected: list[str] = []

    def plant(self) -> None:
        """Secrets that users give: blocks are made through the command line, the sandbox knows its own."""
        self._block("flotilla-registry-credentials", "pull", _login())
        self._block("flotilla-secret-bundle", "bundle", {"values": {"password": _PLAIN["application secret"]}})
        self._block("flotilla-secret-bundle", "tls", {"values": self._certificate})
        known = self._stage.get("credentials")
        given = {
            **_PLAIN,
            "Prefect API login": LOGIN.partition(":")[2],
            "token in the log of a machine": TOKEN.rpartition(":")[2],
            "key of a certificate": self._certificate["tls.key"],
            "cloud password": known["clouds"]["lab"]["auth"]["password"],
            **{f"SSH key of {name}": each["private_key"] for name, each in known["inventories"].items()},
        }
        self.needles += [needle(name, secret) for name, secret in given.items()]

    def _block(self, kind: str, name: str, content: dict[str, Any]) -> None:
        paper = self._papers / f"{name}.yaml"
        paper.write_text(yaml.safe_dump(content))
        self.run("blocks", "create", kind, name, "-f", str(paper))

    def run(self, *arguments: str, code: int | None = 0) -> str:
        """Run a command and remember what it printed."""
        ended = self._stage.cli(*arguments)
        label = f"output of {' '.join(arguments[:2])}"
        self.outputs[label] = self.outputs.get(label, b"") + (ended.stdout + ended.stderr).encode()
        if "Traceback" in ended.stderr + ended.stdout:
            self.unexpected.append(f"{label}: a traceback")
        if code is not None and ended.returncode != code:
            self.unexpected.append(f"{label}: exit code {ended.returncode}, not {code}: {ended.stderr[-300:]}")
        return ended.stdout

    def fail(self) -> None:
        """Runs that go wrong on each wire: a machine's log with a token, a cluster that refuses, a cloud that does."""
        spec = self._spec()
        action = {"exit_code": 1, "stderr": f"joining with {TOKEN} failed"}
        self._stage.post(
            "faults", {"wire": "ssh", "method": "exec", "path": "systemd-run", "count": 1, "action": action}
        )
        self.run("apply", "-f", spec, code=1)
        refusal = {"kind": "Status", "status": "Failure", "message": "no", "reason": "Invalid", "code": 422}
        rule = {"wire": "kubernetes", "path": "/secrets", "method": "PATCH", "count": 2}
        self._stage.post("faults", {**rule, "action": {"status": 422, "body": refusal}})
        self._stage.post("faults", {"wire": "openstack", "path": "/servers", "count": 2, "action": {"auth": True}})
        self.run("apply", "-f", spec, code=None)
        self._stage.heal()

    def live(self) -> None:
        """Build it, and use every command that looks."""
        spec = self._spec()
        self.run("plan", "-f", spec, code=None)
        self.run("apply", "-f", spec)
        self.run("reconcile", NAME)
        for arguments in (("status", NAME), ("describe", NAME, "a"), ("list",), ("applications",), ("leaks", NAME)):
            self.run(*arguments, code=None)
        self.run("status", NAME, "-o", "json")
        self.needles += list(self._made())

    def end(self) -> None:
        """Take everything down."""
        self.run("destroy", NAME, "--yes")

    def _made(self) -> Iterator[Needle]:
        """Secrets that a life makes by itself."""
        kubeconfig = yaml.safe_load(self.run("get", "kubeconfig", NAME, "a"))
        yield needle("key of a kubeconfig", kubeconfig["users"][0]["user"]["client-key-data"][200:260])
        environment = {**self._stage.environment, "PREFECT_API_URL": self._stage.api}
        argv = [sys.executable, "-c", _READ_KEY]
        read = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        yield needle("SSH key of the machines", read.stdout)

    def _spec(self) -> str:
        paper = self._papers / "spec.yaml"
        paper.write_text(
            json.dumps(_federation(full=self._full).model_dump(mode="json", by_alias=True, exclude_none=True))
        )
        return str(paper)


def _login() -> dict[str, str]:
    return {"server": "registry.example.org", "username": "sailor", "password": _PLAIN["registry password"]}


def _federation(*, full: bool) -> Any:
    secret_env = {"PASSWORD": {"secret": "bundle", "key": "password"}}
    port = {"port": 443, "expose": "public", "host": "a.example", "tls": "tls"}
    addons = ("metallb", "liqo", "ingress-nginx") if full else ()
    public = {"ports": [port]} if full else {}
    front = a_component("front", "a", secretEnv=secret_env, **public)
    back = [a_component("back", "b", secretEnv=secret_env)] if full else []
    kubeadm = {"distribution": {"type": "kubeadm", "version": "v1.36.4"}}
    more = [on_hosts("b", addons=("metallb", "liqo"), **kubeadm)] if full else []
    application = {"name": "app", "registrySecret": "pull", "components": [front, *back]}
    peerings = [{"between": ["a", "b"]}] if full else []
    first = a_small_cluster("a", workers=1, addons=addons)
    return a_small_federation(NAME, first, *more, peerings=peerings, applications=[application])
