"""Files of a component: a ConfigMap under the name of its content, and how files are mounted one by one.

The name changes with the content. So a changed text makes new pods, old pods keep the text that they began with, and an
update that goes back finds what it had.
"""

from __future__ import annotations

from typing import Any

from clients.kubernetes.api import Object as Manifest
from federation.spec.application import Application, Component
from federation.spec.federation import canonical, digest
from federation.spec.workload import ConfigFile
from providers.applications.names import component_meta
from providers.applications.render_secrets import bundle_secret

FILES = "flotilla-files"
"""Name of the volume that all files of a component are in."""


def config_map_name(component: Component) -> str | None:
    """Name of the ConfigMap with a component's texts; None when it has none."""
    texts = _texts(component)
    return f"{component.name}-files-{digest(canonical(texts))[:10]}" if texts else None


def render_config_map(federation: str, application: Application, component: Component) -> Manifest | None:
    """The ConfigMap with a component's texts, which never changes; None when it has none."""
    name = config_map_name(component)
    if name is None:
        return None
    meta = component_meta(federation, application, component) | {"name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "immutable": True, "data": _texts(component)}


def file_volumes(component: Component) -> list[dict[str, Any]]:
    """The volume with all files, of texts and of secrets; none without files."""
    plain = [_item(file, _key(file)) for file in component.files if file.text is not None]
    sources: list[dict[str, Any]] = (
        [{"configMap": {"name": config_map_name(component), "items": plain}}] if plain else []
    )
    for bundle in sorted({file.secret.secret for file in component.files if file.secret}):
        items = [
            _item(file, file.secret.key) for file in component.files if file.secret and file.secret.secret == bundle
        ]
        sources.append({"secret": {"name": bundle_secret(bundle), "items": items}})
    return [{"name": FILES, "projected": {"sources": sources}}] if sources else []


def file_mounts(component: Component) -> list[dict[str, Any]]:
    """Each file at its path, beside whatever else is in that folder."""
    return [
        {"name": FILES, "mountPath": file.path, "subPath": _key(file), "readOnly": True} for file in component.files
    ]


def _texts(component: Component) -> dict[str, str]:
    return {_key(file): file.text for file in component.files if file.text is not None}


def _item(file: ConfigFile, key: str) -> dict[str, Any]:
    return {"key": key, "path": _key(file), "mode": int(file.mode, 8)}


def _key(file: ConfigFile) -> str:
    """Two files of one name in two folders are two keys."""
    return f"{file.path.rpartition('/')[2]}-{digest(file.path)[:6]}"
