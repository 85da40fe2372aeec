"""Roles, and the system as a small city has it: deployed, licensed, priced, funded, with a first batch credited.

The city is founded once a session; every test starts from it and is undone after.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from brownie import accounts, chain, project
from eth_account.signers.local import LocalAccount

from scripts.deploy import LOCAL_PROFILE, Profile, deploy

from .support.batches import Entry, batch_of
from .support.city import (
    ACCOUNT_DAY_CAP_MG,
    ADMIN_DELAY,
    AUTHORITY_DELAY,
    BUS,
    CHALLENGE_WINDOW,
    YESTERDAY,
    City,
    Roles,
    person,
)
from .support.clock import at, now, travel_to
from .support.credits import TONNE, Flow, Series


@pytest.fixture(scope="session")
def roles() -> Roles:
    return Roles.of_chain()


@pytest.fixture(scope="session")
def members() -> list[LocalAccount]:
    return [person(f"oracle member {number}") for number in (1, 2, 3)]


@pytest.fixture(scope="session")
def profile(roles: Roles, members: list[LocalAccount]) -> Profile:
    return replace(
        Profile.load(LOCAL_PROFILE, [account.address for account in accounts]),
        challenge_window_seconds=CHALLENGE_WINDOW,
        account_day_cap_mg=ACCOUNT_DAY_CAP_MG,
        authority_delay_seconds=AUTHORITY_DELAY,
        admin_delay_seconds=ADMIN_DELAY,
        admin=roles.admin.address,
        authority=[roles.authority.address, roles.second_authority.address],
        authority_delayed=[roles.board.address],
        guardian=roles.guardian.address,
        members=sorted((member.address for member in members), key=str.lower),
        quorum=2,
    )


@pytest.fixture(scope="session")
def built() -> Any:
    return project.get_loaded_projects()[0]


@pytest.fixture(scope="session")
def system(built: Any, roles: Roles, profile: Profile) -> SimpleNamespace:
    return deploy(built, roles.deployer, profile)


@pytest.fixture(scope="session")
def founded(system: SimpleNamespace, roles: Roles, members: list[LocalAccount]) -> City:
    """The city on 12 March 2035, 12:00 in Shenzhen. The commuter has 227.155 points of 26.9 kg, the household 113.577 of 13.45 kg."""
    city = City(system, roles, members)
    travel_to(at(2035, 3, 1))
    city.establish()
    travel_to(at(2035, 3, 12, 3))
    entries = [
        Entry(person("commuter").address, 1_000_000, True),
        Entry(person("household").address, 500_001, False),
    ]
    city.credit(city.open(batch_of(roles.operator, BUS, YESTERDAY, entries)))
    gc.freeze()  # brownie collects garbage at every revert: this leaves it what the test made
    return city


@pytest.fixture(autouse=True)
def fn_isolation(founded: City) -> Iterator[None]:
    """Undoes what a test did, and starts the chain's clock anew: ganache's runs on while other tests take their time.

    Brownie knows one snapshot only: a test that takes one of its own, as the random lives do, would be undone only up to that.
    """
    chain.snapshot()
    before = chain._snapshot_id
    travel_to(now() + 1)
    yield
    chain._snapshot_id = before
    chain.revert()


@pytest.fixture
def city(founded: City) -> City:
    return founded


@pytest.fixture
def flow(city: City) -> Flow:
    """The second flow, as far as a verifier is licensed: in the days after the city's first."""
    flow = Flow(city)
    flow.establish()
    return flow


@pytest.fixture
def series(flow: Flow, commuter: LocalAccount, household: LocalAccount, newcomer: LocalAccount) -> Series:
    """Series 1: 450 t of three citizens, 22.5 t of them buffer."""
    return flow.issued(
        [(commuter.address, 100 * TONNE), (household.address, 200 * TONNE), (newcomer.address, 150 * TONNE)]
    )


@pytest.fixture
def commuter() -> LocalAccount:
    return person("commuter")


@pytest.fixture
def household() -> LocalAccount:
    return person("household")


@pytest.fixture
def newcomer() -> LocalAccount:
    """A citizen without a page."""
    return person("newcomer")
