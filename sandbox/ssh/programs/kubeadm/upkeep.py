"""kubeadm reset, token, certs, config, upgrade and single phases of init.

Source: kubernetes.io, reference of the kubeadm command line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import yaml

from sandbox.ssh.membership import STATIC_PODS, config_map, put
from sandbox.ssh.process import Process
from sandbox.ssh.programs.kubeadm import disk, tokens
from sandbox.ssh.programs.kubeadm.init import endpoint_of, join_command
from sandbox.ssh.programs.kubeadm.preflight import version_tuple
from sandbox.ssh.programs.kubeadm.settings import Settings
from sandbox.ssh.programs.program import Options

_FATAL = "[upgrade/version] FATAL: the version argument is invalid due to these fatal errors:\n\n\t- "
_RESET_NOTE = (
    "The reset process does not perform cleanup of CNI plugin configuration, "
    "network filtering rules and kubeconfig files."
)


def cluster_here(process: Process) -> Any | None:
    """The cluster whose API the machine's admin.conf leads to, while it answers."""
    if not process.files.exists(disk.ADMIN):
        return None
    site = process.world.site_of(process.machine)
    return site.cluster if site is not None and site.has_quorum() else None


def no_cluster(process: Process) -> int:
    """What kubeadm says where there is no admin.conf, or nothing answers."""
    process.err(f"error: failed to load admin kubeconfig: open {disk.ADMIN}: no such file or directory")
    process.err("To see the stack trace of this error execute with --v=5 or higher")
    return 1


async def reset(process: Process, settings: Settings, options: Options) -> int:
    """Undo init or join on this machine. Safe to repeat."""
    del settings
    if process.user.uid != 0:
        process.err("error execution phase preflight: [preflight] Some fatal errors occurred:")
        process.err("\t[ERROR IsPrivilegedUser]: user is not running as root")
        return 1
    if not options.has("-f", "--force"):
        process.out("[reset] WARNING: Changes made to this host by 'kubeadm init' or 'kubeadm join' will be reverted.")
        process.out("[reset] Are you sure you want to proceed? [y/N]: ")
        if (await process.stdin.readline()).strip().lower() != b"y":
            process.err("error: won't proceed; the user didn't answer (Y|y) in order to continue")
            return 1
    process.out("[preflight] Running pre-flight checks")
    process.out("[reset] Stopping the kubelet service")
    service = process.host.systemd.known("kubelet.service")
    if service is not None:
        await service.stop()
    await process.pause("kubeadm.reset")
    await process.world.leave(process.machine)
    disk.erase(process)
    process.out(f"[reset] Deleting contents of stateful directories\n\n{_RESET_NOTE}")
    return 0


async def token(process: Process, settings: Settings, options: Options) -> int:
    """Create, list and delete bootstrap tokens."""
    verb = options.words[1] if len(options.words) > 1 else "list"
    if verb == "generate":
        process.out(tokens.new_token())
        return 0
    cluster = cluster_here(process)
    if cluster is None:
        return no_cluster(process)
    if verb == "create":
        return _create_token(process, settings, options, cluster)
    if verb == "delete":
        for name in options.words[2:]:
            tokens.delete_token(cluster.api, name)
            process.out(f'bootstrap token "{name[:6]}" deleted')
        return 0
    rows = tokens.stored_tokens(cluster.api)
    if rows:
        process.out("TOKEN                     TTL         EXPIRES                USAGES")
    for row in rows:
        expires = row.get("expiration", "<never>")
        process.out(f"{row['token-id']}.{row['token-secret']}   23h   {expires}   authentication,signing")
    return 0


def _create_token(process: Process, settings: Settings, options: Options, cluster: Any) -> int:
    del settings
    given = options.words[2] if len(options.words) > 2 else tokens.new_token()
    if tokens.TOKEN.fullmatch(given) is None:
        process.err(
            f'error: the bootstrap token "{given}" was not of the form "\\\\A([a-z0-9]{{6}})\\\\.([a-z0-9]{{16}})\\\\z"'
        )
        return 1
    try:
        ttl_s = tokens.parse_duration(options.get("--ttl") or "24h0m0s")
    except ValueError as error:
        process.err(f'invalid argument "{options.get("--ttl")}" for "--ttl" flag: {error}')
        return 1
    tokens.store_token(cluster.api, given, ttl_s)
    if not options.has("--print-join-command"):
        process.out(given)
        return 0
    key = options.get("--certificate-key") or ""
    process.out(join_command(endpoint_of(process, stored_settings(process, cluster)), given, cluster.ca_hash(), key))
    return 0


def stored_settings(process: Process, cluster: Any) -> Settings:
    """The configuration that the cluster keeps."""
    del process
    found = cluster.api.get("configmaps", "kubeadm-config", "kube-system") or {"data": {}}
    return Settings({"ClusterConfiguration": yaml.safe_load(found["data"].get("ClusterConfiguration", "")) or {}})


async def phase(process: Process, settings: Settings, options: Options) -> int:
    """``init phase``: upload-certs, and kubeconfig admin."""
    name = options.words[2] if len(options.words) > 2 else ""
    cluster = cluster_here(process)
    site = process.world.site_of(process.machine)
    if name == "kubeconfig" and site is not None:
        server = f"https://{endpoint_of(process, settings)}"
        disk.write_kubeconfigs(process, site.cluster.admin_kubeconfig(server))
        process.out('[kubeconfig] Writing "admin.conf" kubeconfig file')
        return 0
    if name != "upload-certs":
        process.err(f'error: unknown command "{name}" for "kubeadm init phase"')
        return 1
    if cluster is None:
        return no_cluster(process)
    if not options.has("--upload-certs"):
        process.out("[upload-certs] Skipping phase. Please see --upload-certs")
        return 0
    given = options.get("--certificate-key") or settings.text("InitConfiguration", "certificateKey")
    key = given or tokens.new_certificate_key()
    tokens.upload_certificates(cluster.api, key)
    process.out('[upload-certs] Storing the certificates in Secret "kubeadm-certs" in the "kube-system" Namespace')
    process.out(f"[upload-certs] Using certificate key:\n{key}")
    return 0


async def certs(process: Process, settings: Settings, options: Options) -> int:
    """certificate-key, check-expiration and renew."""
    del settings
    verb = options.words[1] if len(options.words) > 1 else ""
    if verb == "certificate-key":
        process.out(tokens.new_certificate_key())
        return 0
    if cluster_here(process) is None:
        return no_cluster(process)
    if verb == "check-expiration":
        process.out("CERTIFICATE                EXPIRES                  RESIDUAL TIME   CERTIFICATE AUTHORITY")
        for name in ("admin.conf", "apiserver", "apiserver-kubelet-client", "etcd-server"):
            process.out(f"{name:<26} Nov 21, 2027 12:00 UTC   364d            ca")
    else:
        process.out("certificates renewed")
    return 0


async def config(process: Process, settings: Settings, options: Options) -> int:
    """``config images list`` and ``pull``."""
    version = settings.cluster("kubernetesVersion", default=process.version)
    version = version if version.startswith("v") else f"v{version}"
    words = options.words[1:]
    if words[:1] != ["images"]:
        process.err(f'error: unknown command "{" ".join(words)}" for "kubeadm config"')
        return 1
    for component in (*STATIC_PODS, "kube-proxy"):
        name = disk.image(component, version, settings.cluster("imageRepository"))
        if words[1:2] == ["pull"]:
            await process.pause("image.pull")
        process.out(f"[config/images] Pulled {name}" if words[1:2] == ["pull"] else name)
    return 0


async def upgrade(process: Process, settings: Settings, options: Options) -> int:
    """plan, apply VERSION, node."""
    del settings
    verb = options.words[1] if len(options.words) > 1 else "plan"
    site = process.world.site_of(process.machine)
    if site is None or (cluster_here(process) is None and verb != "node"):
        return no_cluster(process)
    return await _UPGRADES.get(verb, _upgrade_plan)(process, options, site.cluster)


async def _upgrade_plan(process: Process, options: Options, cluster: Any) -> int:
    del options
    process.out(f"[upgrade/versions] Cluster version: {cluster.version.lstrip('v')}")
    process.out(f"[upgrade/versions] kubeadm version: {process.version}")
    return 0


async def _upgrade_apply(process: Process, options: Options, cluster: Any) -> int:
    target = options.words[2] if len(options.words) > 2 else process.version
    target = target if target.startswith("v") else f"v{target}"
    old, new = version_tuple(cluster.version), version_tuple(target)
    if new > version_tuple(process.version):
        process.err(f'{_FATAL}Specified version to upgrade to "{target}" is higher than the kubeadm version')
        return 1
    if new[1] > old[1] + 1 or new < old:
        verb = "too high" if new > old else "lower than the current version"
        rule = "kubeadm can upgrade only 1 minor version at a time"
        process.err(f'{_FATAL}Specified version to upgrade to "{target}" is {verb}; {rule}')
        return 1
    await process.pause("kubeadm.upgrade")
    await _api_anew(process)
    cluster.version = target
    stored = stored_settings(process, cluster).documents["ClusterConfiguration"] | {"kubernetesVersion": target}
    put(cluster.api, "configmaps", config_map("kubeadm-config", {"ClusterConfiguration": yaml.safe_dump(stored)}))
    disk.write_manifests(process, target, "")
    process.out(f'[upgrade] SUCCESS! A control plane node of your cluster was upgraded to "{target}".')
    return 0


async def _api_anew(process: Process) -> None:
    """The static pods of this machine's control plane are replaced: its API is away for a moment."""
    await process.world.set_api(process.machine, runs=False)
    await process.pause("api.start")
    await process.world.set_api(process.machine, runs=True)


async def _upgrade_node(process: Process, options: Options, cluster: Any) -> int:
    del options
    await process.pause("kubeadm.upgrade")
    if process.files.exists(disk.ADMIN):
        await _api_anew(process)
        disk.write_manifests(process, cluster.version, "")
    process.out("[upgrade] The configuration for this node was successfully upgraded!")
    return 0


_UPGRADES: Mapping[str, Callable[[Process, Options, Any], Awaitable[int]]] = {
    "apply": _upgrade_apply,
    "node": _upgrade_node,
    "plan": _upgrade_plan,
}
