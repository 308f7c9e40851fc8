"""Programs one by one: a command and what was done before it, against exit status, output and effects."""

from __future__ import annotations

import pytest

from sandbox.ssh.classify import changes
from tests.contract.ssh.provisioning import REPOSITORY

# ruff: noqa: E501
CASES = [
    # command, exit status, output, part of the error output
    ("printf '%s\\n' a b | grep -c .", 0, "2\n", ""),
    ("echo a > f; echo b >> f; cat f | tail -n 1", 0, "b\n", ""),
    ("cat /nowhere", 1, "", "cat: /nowhere: No such file or directory"),
    ("mkdir /etc/x", 1, "", "mkdir: cannot create directory '/etc/x': Permission denied"),
    ("mkdir -p a/b/c && ls a/b && rmdir a/b/c && ls a/b", 0, "c\n", ""),
    ("touch x y; mv x z; ls", 0, "y\nz\n", ""),
    ("mkdir d; touch d/x; rm d", 1, "", "rm: cannot remove 'd': Is a directory"),
    ("rm missing", 1, "", "No such file or directory"),
    ("rm -f missing", 0, "", ""),
    ("ln -s /etc/os-release l && readlink l && head -n 2 l | tail -1", 0, '/etc/os-release\nNAME="Ubuntu"\n', ""),
    ("touch f; chmod 640 f; stat -c %a f; chmod u+x,o= f; stat -c %a f", 0, "640\n740\n", ""),
    ("sudo touch f; chmod 600 f", 1, "", "Operation not permitted"),
    ("sudo install -o root -m 600 /etc/hostname s && cat s", 1, "", "cat: s: Permission denied"),
    ("sudo chown root:root . && touch new", 1, "", "touch: cannot touch 'new': Permission denied"),
    ("test -d /etc && ! test -e /nope && [ a = a ] && echo yes", 0, "yes\n", ""),
    ("test -e /nope", 1, "", ""),
    ("false; echo $?; true && echo ${X:-none} && X=1 && echo $X", 0, "1\nnone\n1\n", ""),
    ("A=b sh -c 'echo $A $0 $1' name arg", 0, "b name arg\n", ""),
    ('echo "$(hostname)-$(id -un)" \'$HOME\' "$HOME"', 0, "node-1-ubuntu $HOME /home/ubuntu\n", ""),
    ("{ echo a; false; } || { echo b; exit 5; }", 5, "a\nb\n", ""),
    ("(cd /etc; pwd); pwd", 0, "/etc\n/home/ubuntu\n", ""),
    ("set -e; false; echo never", 1, "", ""),
    ("cat <<'X'\n$HOME \\\\\nX\necho end", 0, "$HOME \\\\\nend\n", ""),
    ("echo one two | tr ' ' '\\n' | sort -r", 0, "two\none\n", ""),
    ("echo 'x y' | cut -d ' ' -f 2", 0, "y\n", ""),
    ("printf abc | sha256sum", 0, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -\n", ""),
    ("printf abc | base64 | base64 -d", 0, "abc", ""),
    ("echo k=v > f; sed -i 's/v$/w/; /zzz/d' f; cat f", 0, "k=w\n", ""),
    (
        "printf 'a\\n/swap.img none swap sw 0 0\\n' | sed '/\\sswap\\s/s/^/#/'",
        0,
        "a\n#/swap.img none swap sw 0 0\n",
        "",
    ),
    ("ls /etc/apt/*.d | head -1", 0, "ubuntu.sources\n", ""),
    ("echo 'oops", 2, "", "Unterminated quoted string"),
    ("nosuchprogram", 127, "", "nosuchprogram: command not found"),
    ("/etc/hostname", 126, "", "Permission denied"),
    ("printf '\\177ELFx' > p; chmod +x p; ./p", 126, "", "Exec format error"),
    ("printf '#!/bin/sh\\necho script $1\\n' > s; chmod +x s; ./s arg", 0, "script arg\n", ""),
    ("timeout 0.05 sleep 60", 124, "", ""),
    ("sudo -n -u root whoami; sudo X=1 sh -c 'echo $X'; whoami", 0, "root\n1\nubuntu\n", ""),
    ("command -v sha256sum; command -v kubeadm", 127, "/usr/bin/sha256sum\n", ""),
    ("uname -m; nproc; hostname -I", 0, "x86_64\n2\n10.0.0.1\n", ""),
    ("modprobe overlay", 1, "", "Operation not permitted"),
    ("sudo modprobe nosuch", 1, "", "FATAL: Module nosuch not found"),
    ("cat /proc/sys/net/bridge/bridge-nf-call-iptables", 1, "", "No such file"),
    (
        "sudo modprobe br_netfilter && sysctl -n net.bridge.bridge-nf-call-iptables && lsmod | grep -c br_",
        0,
        "1\n1\n",
        "",
    ),
    (
        "sudo sysctl -w net.ipv4.ip_forward=1 && cat /proc/sys/net/ipv4/ip_forward",
        0,
        "net.ipv4.ip_forward = 1\n1\n",
        "",
    ),
    ("systemctl is-active ssh", 0, "active\n", ""),
    ("systemctl is-enabled cron nosuch", 1, "enabled\n", "Failed to get unit file state for nosuch.service"),
    ("sudo systemctl start nosuch", 5, "", "Unit nosuch.service not found."),
    ("systemctl stop ssh", 4, "", "Access denied"),
    ("systemctl show -p LoadState,ActiveState nosuch", 0, "LoadState=not-found\nActiveState=inactive\n", ""),
    ("sudo apt-get install -y jq", 100, "", "E: Unable to locate package jq"),
    ("apt-get update", 100, "", "are you root?"),
    ("sudo apt-get update >/dev/null; sudo apt-get install -y jq=9 2>&1 >/dev/null", 100, "", ""),
    ("dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\\n' curl nosuch", 1, None, "no packages found"),
    ("curl -fsSL https://nowhere.example/x", 22, "", "curl: (22) The requested URL returned error: 404"),
    ("curl -fsSL http://nowhere/x", 6, "", "curl: (6) Could not resolve host: nowhere"),
    ("curl -fsSk https://10.9.9.9:6443/livez", 7, "", "curl: (7) Failed to connect to 10.9.9.9 port 6443"),
    ("cloud-init status --wait", 0, "status: done\n", ""),
    ("ss -ltn | grep -c :22", 0, "1\n", ""),
]


@pytest.mark.parametrize(("command", "status", "out", "err"), CASES, ids=[c[0][:50] for c in CASES])
async def test_a_command_does_what_it_does_on_ubuntu(lab, command, status, out, err):
    """Exit status and output, as coreutils, systemd, apt and curl give them."""
    machine = await lab.machine()
    done = await machine.host.run(command, user="ubuntu")
    assert (done.exit_status, err in done.stderr) == (status, True), done
    if out is not None and not (out == "" and status == 100):
        assert done.stdout == out


async def test_a_transient_unit_outlives_its_client_and_keeps_its_result(lab):
    """systemd-run with RemainAfterExit: running, then exited or failed, with its log."""
    host = (await lab.machine()).host
    run = "systemd-run --unit={} --quiet --property=Type=exec --property=RemainAfterExit=yes sh -c {}"
    assert (await host.run(run.format("good", "'echo one\necho two'"))).exit_status == 0
    await host.systemd.get("good.service").wait_end()
    assert (await host.run("systemctl show -p ActiveState,SubState,Result good")).stdout == (
        "ActiveState=active\nSubState=exited\nResult=success\n"
    )
    assert "one\ntwo\n" in (await host.run("journalctl --unit=good.service --output=cat --no-pager")).stdout
    assert (await host.run(run.format("good", "true"))).exit_status == 1
    await host.run("systemctl stop good")
    assert (await host.run("systemctl show -p LoadState --value good")).stdout == "not-found\n"
    await host.run(run.format("bad", "'exit 9'"))
    await host.systemd.get("bad.service").wait_end()
    shown = (await host.run("systemctl show -p ActiveState,Result,ExecMainStatus bad")).stdout
    assert shown == "ActiveState=failed\nResult=exit-code\nExecMainStatus=9\n"
    await host.run("systemctl reset-failed bad")
    assert (await host.run("systemctl is-active bad")).stdout == "inactive\n"


async def test_waiting_for_a_transient_unit_gives_its_exit_status(lab):
    """systemd-run --wait ends as the command ends."""
    host = (await lab.machine()).host
    assert (await host.run("systemd-run --unit=w --wait --collect sh -c 'exit 4'")).exit_status == 4
    assert (await host.run("systemctl is-active w")).stdout == "inactive\n"


async def test_a_changed_unit_file_counts_after_daemon_reload(lab):
    """What is loaded stays until systemd is told to read again."""
    host = (await lab.machine()).host
    unit = "printf '[Service]\\nType=oneshot\\nExecStart=/usr/bin/sh -c \"echo {} >> /root/log\"\\n' > /etc/systemd/system/o.service"
    await host.run(unit.format("one") + "; systemctl daemon-reload; systemctl start o")
    await host.run(unit.format("two") + "; systemctl start o; systemctl daemon-reload; systemctl start o")
    assert (await host.run("cat /root/log")).stdout == "one\none\ntwo\n"


async def test_settings_modules_and_enabled_units_come_back_after_a_reboot(lab):
    """What is only in memory is gone."""
    machine = await lab.machine()
    setup = (
        "echo br_netfilter > /etc/modules-load.d/k.conf; echo net.ipv4.ip_forward=1 > /etc/sysctl.d/k.conf;"
        "modprobe overlay; sysctl -w vm.swappiness=1; systemctl disable cron; touch /tmp/x"
    )
    await machine.host.run(setup)
    before = (await machine.host.run("cat /proc/sys/kernel/random/boot_id")).stdout
    await lab.world.reboot(machine)
    seen = (await machine.host.run("lsmod | grep -c over; sysctl -n vm.swappiness net.ipv4.ip_forward; ls /tmp")).stdout
    assert seen == "0\n60\n1\n"
    assert (await machine.host.run("lsmod | grep -c br_netfilter; systemctl is-active cron ssh")).stdout == (
        "1\ninactive\nactive\n"
    )
    assert (await machine.host.run("cat /proc/sys/kernel/random/boot_id")).stdout != before


async def test_packages_come_from_signed_sources_in_the_versions_they_have(lab):
    """No key, no packages; a held package stays."""
    host = (await lab.machine()).host
    source = f"echo 'deb [signed-by=/etc/apt/keyrings/k.asc] {REPOSITORY}/ /' > /etc/apt/sources.list.d/k.list"
    unsigned = await host.run(f"{source}; apt-get update")
    assert unsigned.exit_status == 100
    assert "is not signed" in unsigned.stderr
    await host.run(f"curl -fsSL {REPOSITORY}/Release.key -o /etc/apt/keyrings/k.asc; apt-get update")
    wrong = await host.run("apt-get install -y kubelet=1.36.99-1.1")
    assert wrong.stderr == "E: Version '1.36.99-1.1' for 'kubelet' was not found\n"
    assert (await host.run("apt-get install -y kubelet=1.36.0-1.1 && apt-mark hold kubelet")).exit_status == 0
    held = await host.run("apt-get install -y kubelet=1.36.4-1.1")
    assert "held packages" in held.stderr.lower()
    await host.run("apt-get install -y --allow-change-held-packages kubelet=1.36.4-1.1")
    assert (await host.run("kubelet --version")).stdout == "Kubernetes v1.36.4\n"
    await host.run("apt-mark unhold kubelet; apt-get purge -y kubelet")
    assert (await host.run("kubelet --version")).exit_status == 127


async def test_two_installations_at_once_meet_dpkgs_lock(lab):
    """The second one fails as apt does."""
    host = (await lab.machine()).host
    host.packages.locked_by = "777"
    assert "Could not get lock /var/lib/dpkg/lock-frontend" in (await host.run("apt-get install -y jq")).stderr


async def test_a_host_taken_from_its_snapshot_is_the_same(lab):
    """Files with modes and owners, packages, holds and journal."""
    machine = await lab.machine()
    await machine.host.run(
        "install -m 600 /etc/hostname /root/s; apt-get update; apt-get install -y jq; apt-mark hold jq"
    )
    await machine.host.run("rm /etc/timezone")
    state = machine.host.snapshot()
    await lab.world.power_off(machine)
    other = type(machine.host)(lab.world, machine)
    other.restore(state)
    assert other.snapshot()["files"] == state["files"]
    assert other.packages.installed == machine.host.packages.installed
    assert other.packages.held == {"jq"}
    assert not other.root_files.exists("/etc/timezone")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cat /etc/hosts | grep x && systemctl is-active k3s", False),
        ("sudo -n kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes", False),
        ("test ! -e /x && exit 44; cat -- /x", False),
        ("sh -c 'systemctl show -p ActiveState x; dpkg-query -W jq'", False),
        ("echo x 2>/dev/null", False),
        ("kubeadm token list", False),
        ("echo x > /etc/y", True),
        ("sudo env A=b kubeadm init", True),
        ("timeout 5 systemctl restart x", True),
        ("echo $(rm f)", True),
        ("nosuch", True),
    ],
)
def test_a_line_is_known_as_reading_or_changing(line, expected):
    """Only what surely changes nothing counts as reading."""
    assert changes(line) is expected
