"""The running kernel as /proc shows it: settings, modules, swap, memory."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from sandbox.ssh.baseimage import MODULE_SYSCTLS, MODULES, SYSCTLS
from sandbox.ssh.filesystem import ROOT, FileView

if TYPE_CHECKING:
    from sandbox.ssh.host import Host

_SYSCTL_FILES = ("/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d")


class Kernel:
    """Reads and writes /proc of one machine; nothing else holds the state."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def _files(self) -> FileView:
        return self._host.files.view(ROOT)

    def boot(self, boot_id: str) -> None:
        """Set everything as it is after power-on, then load modules, apply settings and swap as /etc says."""
        files = self._files
        if files.exists("/proc/sys"):
            files.remove_tree("/proc/sys")
        for key, value in SYSCTLS.items():
            files.install(f"/proc/sys/{key}", value + "\n")
        files.install("/proc/sys/kernel/random/boot_id", boot_id + "\n", 0o444)
        files.install("/proc/modules", "")
        files.install("/proc/mounts", "/dev/vda1 / ext4 rw,relatime 0 0\n")
        if files.exists("/sys/module"):
            files.remove_tree("/sys/module")
        flavor = self._host.machine.flavor
        total_kib = flavor.memory_mib * 1024
        free_kib = total_kib * 85 // 100
        files.install(
            "/proc/meminfo",
            f"MemTotal:       {total_kib} kB\nMemFree:        {free_kib} kB\nMemAvailable:   {free_kib} kB\n",
        )
        files.install("/proc/cpuinfo", "".join(f"processor\t: {n}\n\n" for n in range(flavor.vcpus)))
        self.set_swaps([line.split()[0] for line in self.swap_entries()])
        for name in self.modules_at_boot():
            self.load(name)
        self.apply_settings()

    def modules_at_boot(self) -> list[str]:
        """Modules named under /etc/modules-load.d."""
        files, folder = self._files, "/etc/modules-load.d"
        texts = [files.text(f"{folder}/{n}") for n in files.listdir(folder) if n.endswith(".conf")]
        return [line.strip() for text in texts for line in text.splitlines() if line.strip()[:1] not in ("", "#", ";")]

    def modules(self) -> list[str]:
        """Loaded modules."""
        return [line.split()[0] for line in self._files.text("/proc/modules").splitlines()]

    def has(self, name: str) -> bool:
        """Whether the kernel brings a module."""
        return name.replace("-", "_") in MODULES - set(self._host.machine.traits.get("missing_modules", ()))

    def load(self, name: str) -> bool:
        """Load a module, with the settings that come with it; False when the kernel has none of that name."""
        name = name.replace("-", "_")
        if not self.has(name):
            return False
        if name not in self.modules():
            self._files.mkdir(f"/sys/module/{name}", parents=True)
            self._files.append("/proc/modules", f"{name} 32768 0 - Live 0x0000000000000000\n".encode())
            for key, value in MODULE_SYSCTLS.get(name, {}).items():
                self._files.install(f"/proc/sys/{key}", value + "\n")
        return True

    def unload(self, name: str) -> None:
        """Unload a module."""
        if self._files.exists(f"/sys/module/{name}"):
            self._files.remove_tree(f"/sys/module/{name}")
        rest = [line for line in self._files.text("/proc/modules").splitlines() if line.split()[0] != name]
        self._files.write("/proc/modules", "".join(line + "\n" for line in rest))
        for key in MODULE_SYSCTLS.get(name, {}):
            self._files.remove(f"/proc/sys/{key}")

    def setting(self, name: str) -> str | None:
        """Value of a setting by its dotted name; None when the kernel has none."""
        path = _path(name)
        return self._files.text(path).strip() if self._files.exists(path) and not self._files.is_dir(path) else None

    def set(self, name: str, value: str) -> bool:
        """Set a value; False when the kernel has no such setting."""
        if self.setting(name) is None:
            return False
        self._files.write(_path(name), value.strip() + "\n")
        return True

    def setting_files(self) -> list[str]:
        """Files of settings in the order in which they apply."""
        files = self._files
        by_name = {
            n: f"{d}/{n}" for d in _SYSCTL_FILES if files.is_dir(d) for n in files.listdir(d) if n.endswith(".conf")
        }
        own = ["/etc/sysctl.conf"] if files.exists("/etc/sysctl.conf") else []
        return [by_name[n] for n in sorted(by_name)] + own

    def settings_in(self, path: str) -> list[tuple[str, str]]:
        """Names and values in a file of settings."""
        lines = (line.strip() for line in self._files.text(path).splitlines())
        pairs = (line.partition("=") for line in lines if line[:1] not in ("", "#", ";"))
        return [(name.strip().lstrip("-"), value.strip()) for name, _, value in pairs]

    def apply_settings(self) -> None:
        """Apply all files of settings; what the kernel does not know is passed over."""
        for path in self.setting_files():
            for name, value in self.settings_in(path):
                self.set(name, value)

    def swap_entries(self) -> list[str]:
        """Lines of /etc/fstab which name swap."""
        lines = self._files.text("/etc/fstab").splitlines()
        return [line for line in lines if line.strip()[:1] not in ("", "#") and line.split()[2:3] == ["swap"]]

    def swaps(self) -> list[str]:
        """Swap areas in use."""
        return [line.split()[0] for line in self._files.text("/proc/swaps").splitlines()[1:]]

    def set_swaps(self, areas: list[str]) -> None:
        """Use exactly these swap areas."""
        rows = "".join(f"{area}\tfile\t2097148\t0\t-2\n" for area in areas)
        self._files.install("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n" + rows)


def _path(name: str) -> str:
    return posixpath.join("/proc/sys", name.replace(".", "/") if "/" not in name else name)
