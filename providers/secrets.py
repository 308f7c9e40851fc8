"""Values of secret bundles."""

from __future__ import annotations

from collections.abc import Sequence

from federation.errors import SpecInvalid
from providers.contracts import Vault


def pick(vault: Vault, bundle: str, keys: Sequence[str]) -> dict[str, str]:
    """These keys of a bundle, with their values.

    Raises:
        SpecInvalid: There is no such bundle, or it lacks a key.
    """
    values = vault.secret(bundle)
    missing = [key for key in keys if key not in values]
    if missing:
        raise SpecInvalid(f"the secret '{bundle}' has no key '{missing[0]}'; add it to the SecretBundle block")
    return {key: values[key] for key in keys}
