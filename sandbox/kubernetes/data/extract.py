"""Rebuild the data files from the published sources: run once per Kubernetes version that is added.

``python -m sandbox.kubernetes.data.extract DEFINITIONS INTERNAL_GO PROTO_ROOT OUT`` where DEFINITIONS is a JSON Schema
bundle of the OpenAPI definitions (with the ``x-kubernetes`` extensions), INTERNAL_GO is
``applyconfigurations/internal/internal.go`` of k8s.io/client-go (it alone says which structs are never absent), and
PROTO_ROOT holds the unpacked k8s.io/api, apimachinery and apiextensions-apiserver modules. All are Apache-2.0.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_KEPT = re.compile(
    r"io\.k8s\.(api\.(admissionregistration|apps|authentication|authorization|autoscaling|batch|certificates|"
    r"coordination|core|discovery|events|flowcontrol|networking|node|policy|rbac|scheduling|storage)\.v[12]\.|"
    r"apiextensions|apimachinery|kube-aggregator)"
)
_DESCRIPTION_LIMIT = 240
_FREE_FORM = {
    "io.k8s.apimachinery.pkg.runtime.RawExtension",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Patch",
}
_TAGGED = re.compile(r"^\s+(?:\w+\s+)?([*\[\]\w.]+)\s+`json:\"([^\"]*)\".* protobuf:\"\w+,(\d+),")
_SCALARS = re.compile(r"^\s*(repeated |optional )?(map<string, ?([\w.]+)>|[.\w]+) (\w+) = (\d+);")


def _plain(value: Any) -> Any:
    """One schema node without nulls in types, with references relative to the components."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    node = {key: _plain(child) for key, child in value.items()}
    if isinstance(node.get("type"), list):
        node["type"] = next(name for name in node["type"] if name != "null")
    if isinstance(node.get("$ref"), str):
        node["$ref"] = node["$ref"].replace("#/$defs/", "#/components/schemas/")
    if isinstance(node.get("description"), str):
        node["description"] = node["description"][:_DESCRIPTION_LIMIT]
    if isinstance(node.get("oneOf"), list):
        del node["oneOf"]
        node.update({"type": "string", "x-kubernetes-int-or-string": True})
    return node


def _definitions(path: Path) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(path.read_text())["$defs"]
    kept = {name: _plain(node) for name, node in bundle.items() if _KEPT.match(name)}
    for name in _FREE_FORM & set(kept):
        kept[name] = {
            "description": kept[name].get("description", ""),
            "x-kubernetes-preserve-unknown-fields": True,
        }
    for node in kept.values():
        for key in ("apiVersion", "kind"):
            node.get("properties", {}).get(key, {}).pop("enum", None)
    return kept


def _add_defaults(definitions: dict[str, Any], internal_go: Path) -> None:
    text = internal_go.read_text().split("typed.YAMLObject(`", 1)[1].rsplit("`)", 1)[0]
    for declared in yaml.load(text, Loader=yaml.CSafeLoader)["types"]:
        properties = definitions.get(declared["name"], {}).get("properties", {})
        for field in declared.get("map", {}).get("fields", []):
            if "default" in field and field["name"] in properties:
                properties[field["name"]]["default"] = field["default"]


def _add_zero_values(definitions: dict[str, Any], root: Path) -> None:
    """Say of structs and lists that Go never leaves out what their absence stands for."""
    structs = {f"#/components/schemas/{name}" for name, node in definitions.items() if node.get("properties")}
    for (message, _), (go_type, json_tag) in _tags(root):
        name, _, options = json_tag.partition(",")
        definition = definitions.get(message.replace("k8s.io.", "io.k8s.", 1).replace("_", "-"), {})
        node = definition.get("properties", {}).get(name, {})
        if node.get("$ref") in structs and not go_type.startswith("*"):
            node["default"] = {}
        elif node.get("type") == "array" and go_type.startswith("[]") and not options:
            node["default"] = []


def _messages(root: Path) -> dict[str, Any]:
    messages: dict[str, Any] = {}
    tags = dict(_tags(root))
    for proto in sorted(root.rglob("generated.proto")):
        package = ""
        name = ""
        for line in proto.read_text().splitlines():
            if line.startswith("package "):
                package = line[8:].rstrip(";")
            elif line.startswith("message "):
                name = f"{package}.{line.split()[1]}"
                messages[name] = {}
            elif name and (found := _SCALARS.match(line)):
                label, kind, value, field, number = found.groups()
                row = _field(package, label, value or kind, field, is_map=bool(value))
                messages[name][number] = _as_json(row, tags.get((name, number)))
    return messages


def _field(package: str, label: str | None, kind: str, field: str, *, is_map: bool) -> list[str]:
    shape = "map" if is_map else "list" if (label or "").strip() == "repeated" else "one"
    scalar = kind in {"string", "bytes", "bool", "int32", "int64", "uint32", "uint64", "double", "float"}
    return [field, shape, kind if scalar else kind.lstrip(".") if "." in kind else f"{package}.{kind}"]


def _tags(root: Path) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """What the Go structs say of a field by message and number: its type and its JSON tag."""
    for source in sorted(root.rglob("types*.go")):
        package = re.sub(r"@[^/]+", "", str(source.parent.relative_to(root.parent))).replace("-", "_").replace("/", ".")
        name = ""
        for line in source.read_text().splitlines():
            if found := re.match(r"type (\w+) struct", line):
                name = f"{package}.{found.group(1)}"
            elif found := _TAGGED.match(line):
                kind, json_tag, number = found.groups()
                yield (name, number), (kind, json_tag)


def _as_json(row: list[str], tag: tuple[str, str] | None) -> list[str]:
    """Name, shape and kind, and whether the field is ``inline`` or its zero value means ``absent`` in JSON."""
    if tag is None:
        return [*row, ""]
    go_type, json_tag = tag
    name, _, options = json_tag.partition(",")
    if options == "inline":
        return [*row, "inline"]
    drops = "omitempty" in options and not go_type.startswith("*")
    return [name or row[0], *row[1:], "absent" if drops else ""]


def _write(path: Path, value: Any) -> None:
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed:
        packed.write(json.dumps(value, separators=(",", ":"), sort_keys=True).encode())


def main(argv: list[str]) -> None:
    """Write ``openapi.json.gz`` and ``protobuf.json.gz`` into the output directory."""
    definitions_path, internal_go, proto_root, out = (Path(argument) for argument in argv)
    definitions = _definitions(definitions_path)
    _add_defaults(definitions, internal_go)
    _add_zero_values(definitions, proto_root)
    _write(out / "openapi.json.gz", definitions)
    messages = _messages(proto_root)
    wanted = {name: node for name, node in messages.items() if not re.search(r"\.v\d+(alpha|beta)\d+\.", name)}
    _write(out / "protobuf.json.gz", wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
