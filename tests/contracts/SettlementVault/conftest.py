"""A second city whose settlement token has the habits of tokens in the wild."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from scripts.deploy import Profile, deploy

from ..support.batches import Entry
from ..support.city import METRO, City, Roles, person


@pytest.fixture
def odd_token(built: Any, roles: Roles) -> Any:
    return roles.deployer.deploy(built.Token__MockForSettlement)


@pytest.fixture
def odd_city(
    city: City, built: Any, roles: Roles, profile: Profile, members: Sequence[LocalAccount], odd_token: Any
) -> City:
    """Deployed beside the city, today, with one commuter of 100 points."""
    built.Token__MockForSettlement.remove(
        odd_token
    )  # brownie knows an address as one contract; the system names it by another
    odd = City(deploy(built, roles.deployer, replace(profile, token=odd_token.address)), roles, members)
    odd.establish()
    odd.earn([Entry(person("commuter").address, 236_843)], methodology=METRO)
    return odd
