"""Facts: parsed from what programs print, and asked in one round trip of a real machine."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from clients.ssh import probes
from clients.ssh.facts import Answer, CannotTell, Fact, gather, parse_survey, render_survey, said, said_yes
from clients.ssh.probes import OperatingSystem, Package, Unit
from clients.ssh.units import state_of
from federation.errors import CommandFailed, HostUnreachable

SHOWN = "LoadState={}\nActiveState={}\nSubState={}\nUnitFileState={}\nResult={}\nExecMainStatus={}\n"


@pytest.mark.parametrize(
    ("fact", "answer", "value"),
    [
        (probes.architecture(), Answer(0, "aarch64\n"), "arm64"),
        (
            probes.operating_system(),
            Answer(0, 'ID=ubuntu\nVERSION_ID="24.04"\n# note\nVERSION_CODENAME=noble\nID_LIKE="debian x"\n'),
            OperatingSystem("ubuntu", "24.04", "noble", ("debian", "x")),
        ),
        (
            probes.packages(["kubelet", "kubeadm", "curl", "gone"]),
            Answer(1, "kubelet 1.36.4-1.1 hi \nkubeadm 1.36.4-1.1 ii \ncurl 8.5 rc \n"),
            {"kubelet": Package("1.36.4-1.1", held=True), "kubeadm": Package("1.36.4-1.1", held=False)},
        ),
        (
            probes.unit("x.service"),
            Answer(0, SHOWN.format("loaded", "failed", "failed", "enabled", "exit-code", "7")),
            Unit("loaded", "failed", "failed", "enabled", "exit-code", 7),
        ),
        (probes.swap_in_use(), Answer(0, "Filename Type\n/swap.img file\n"), True),
        (probes.swap_in_use(), Answer(0, "Filename Type\n"), False),
        (probes.file_text("/x"), Answer(44, ""), None),
        (probes.file_digest("/x"), Answer(0, "abc  -\n"), "abc"),
        (probes.sysctl("net.ipv4.ip_forward"), Answer(0, "1\n"), "1"),
        (probes.kernel_module("overlay"), Answer(1, ""), False),
        (probes.first_address(), Answer(0, "fe80::1 10.0.0.5 10.244.0.1\n"), "10.0.0.5"),
    ],
    ids=lambda value: value.name if isinstance(value, Fact) else "",
)
def test_answers_become_values(fact, answer, value):
    """Each program's own words, as its manual gives them."""
    assert fact.parse(answer) == value


@pytest.mark.parametrize(
    ("fact", "answer"),
    [
        (probes.architecture(), Answer(0, "vax\n")),
        (probes.packages(["x"]), Answer(2, "")),
        (probes.unit("x.service"), Answer(1, "")),
        (probes.unit("x.service"), Answer(0, "")),
        (probes.exists("/x"), Answer(126, "")),
        (probes.file_text("/x"), Answer(1, "")),
        (probes.first_address(), Answer(0, "\n")),
    ],
    ids=lambda value: value.name if isinstance(value, Fact) else "",
)
def test_no_answer_is_never_taken_for_a_no(fact, answer):
    """A program that failed says nothing about what it was asked."""
    with pytest.raises(CannotTell):
        fact.parse(answer)


@pytest.mark.parametrize(
    ("active", "sub", "state"),
    [
        ("inactive", "dead", "absent"),
        ("activating", "start", "running"),
        ("active", "running", "running"),
        ("active", "exited", "succeeded"),
        ("deactivating", "stop", "running"),
        ("failed", "failed", "failed"),
    ],
)
def test_states_of_transient_units(active, sub, state):
    """What systemctl shows of a unit that stays after its end."""
    assert state_of(Unit("loaded", active, sub, "transient", "success", 0)) == state


def test_a_survey_asks_each_question_apart():
    """One question's exit or error does not disturb the next."""
    script = render_survey([Fact("a", "exit 3", said), Fact("b", "echo b", said)], "== m")
    assert script.count("( ") == 2
    assert parse_survey("\n== m 3\nb\n\n== m 0\n", "== m") == [Answer(3, ""), Answer(0, "b\n")]


def test_many_facts_of_a_real_machine_in_one_round_trip(session, tmp_path):
    """Files, modes of failure and odd names, through a real shell."""
    odd = tmp_path / "it's a $file"
    odd.write_text("text\n\nwith == lines\n")
    facts: dict[str, Fact[Any]] = {
        "text": probes.file_text(str(odd)),
        "digest": probes.file_digest(str(odd)),
        "no text": probes.file_text(str(tmp_path / "none")),
        "no digest": probes.file_digest(str(tmp_path / "none")),
        "there": probes.exists(str(odd)),
        "not there": probes.exists(str(tmp_path / "none")),
        "forward": probes.sysctl("kernel.ostype"),
        "unknown": probes.sysctl("net.bridge.no-such-key"),
        "module": probes.kernel_module("no_such_module"),
        "swap": probes.swap_in_use(),
        "system": probes.operating_system(),
        "architecture": probes.architecture(),
        "packages": probes.packages(["dpkg", "no-such-package"]),
        "none": probes.packages([]),
    }
    found = gather(session, facts.values())
    values: dict[str, Any] = {name: found[fact] for name, fact in facts.items()}
    assert values["text"] == "text\n\nwith == lines\n"
    assert values["digest"] == hashlib.sha256(odd.read_bytes()).hexdigest()
    assert (values["no text"], values["no digest"], values["unknown"]) == (None, None, None)
    assert (values["there"], values["not there"], values["module"]) == (True, False, False)
    assert values["forward"] == "Linux"
    assert isinstance(values["swap"], bool)
    assert values["system"].is_debian
    assert values["architecture"] in probes.ARCHITECTURES.values()
    assert set(values["packages"]) == {"dpkg"}
    assert values["none"] == {}


def test_a_fact_that_cannot_be_told_is_an_error(session, tmp_path):
    """A directory has no text: that is neither a text nor the absence of a file."""
    with pytest.raises(CommandFailed, match="does not tell the text of") as caught:
        gather(session, [probes.file_text(str(tmp_path))])
    assert caught.value.reason == "FactUnreadable"


def test_a_machine_without_systemd_is_told_in_words(session):
    """The look fails, with what is missing."""
    fact = Fact("the unit x", "exit 1", probes.unit("x.service").parse)
    with pytest.raises(
        CommandFailed, match=r"the unit x \(systemctl ended with exit code 1; the machine has to run systemd"
    ):
        gather(session, [fact])


def test_a_fact_that_says_nothing_is_told_by_its_exit_code(session):
    """The words are never empty."""
    with pytest.raises(CommandFailed, match=r"the answer \(exit code 5\)"):
        gather(session, [Fact("the answer", "exit 5", said)])


def test_answers_that_end_too_early_are_an_error(session):
    """A survey that was cut short is not read as far as it goes."""
    with pytest.raises(CommandFailed, match="the end of the answers is missing"):
        gather(session, [Fact("a", "true", said_yes), Fact("b", "true ); exit 0; ( true", said_yes)])


def test_a_look_that_the_machine_ends_may_be_repeated(session):
    """A machine that goes down kills what runs: nothing was learned."""
    with pytest.raises(HostUnreachable, match="in the middle of a look"):
        gather(session, [Fact("a", "true", said_yes), Fact("b", "kill -9 $$", said_yes)])
