"""What the image service knows."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
BUILT_IN = (("ubuntu-24.04", "ubuntu", "24.04", 628_000_000), ("debian-12", "debian", "12", 440_000_000))


def now() -> str:
    """The time as glance writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class ImageState:
    """Images by id: two public ones of the cloud, and what the tenant uploads."""

    def __init__(self) -> None:
        self.images: dict[str, Row] = {}
        for name, distribution, version, size in BUILT_IN:
            row = self.insert(
                {"name": name, "visibility": "public", "disk_format": "qcow2", "container_format": "bare"}
            )
            row.update({"os_distro": distribution, "os_version": version, "os_admin_user": distribution})
            row.update({"size": size, "status": "active", "min_disk": 5, "architecture": "x86_64", "owner": "admin"})
            row["checksum"] = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()

    def insert(self, fields: Row, owner: str = "admin") -> Row:
        """Store a new image, queued until it has data."""
        image_id = str(fields.get("id") or uuid.uuid4())
        row: Row = {
            "id": image_id,
            "name": None,
            "status": "queued",
            "visibility": "shared",
            "protected": False,
            "owner": owner,
            "min_disk": 0,
            "min_ram": 0,
            "size": None,
            "virtual_size": None,
            "checksum": None,
            "os_hash_algo": None,
            "os_hash_value": None,
            "os_hidden": False,
            "disk_format": None,
            "container_format": None,
            "tags": [],
            "created_at": now(),
            "updated_at": now(),
            "self": f"/v2/images/{image_id}",
            "file": f"/v2/images/{image_id}/file",
            "schema": "/v2/schemas/image",
        }
        self.images[image_id] = row | fields
        return self.images[image_id]

    def snapshot(self) -> Row:
        """Everything, ready for JSON."""
        return {"images": self.images}

    def restore(self, data: Row) -> None:
        """Take up what ``snapshot`` gave."""
        self.images = dict(data["images"])
