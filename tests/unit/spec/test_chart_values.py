"""Values of charts whose form the catalogue knows."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from federation.spec.chart_values import KnownValue, model_of

SIZES = model_of({"size": KnownValue(type="quantity")})


@pytest.mark.parametrize("size", ["1", "0.5", "100m", "250u", "512k", "512Ki", "10Gi", "2E", "3Ei"])
def test_a_quantity_is_what_kubernetes_takes_for_one(size: str) -> None:
    """Decimal suffixes, of which kilo is a small letter, and binary ones, of which it is a capital."""
    assert SIZES.model_validate({"size": size}).model_dump(by_alias=True) == {"size": size}


@pytest.mark.parametrize("size", ["512ki", "512K", "10gi", "1mi", "m", "1 Gi", "-1"])
def test_anything_else_is_refused(size: str) -> None:
    """Also the one that differs by a letter."""
    with pytest.raises(ValidationError):
        SIZES.model_validate({"size": size})
