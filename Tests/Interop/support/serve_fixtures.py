"""A server over the caches that the real clients filled, for the tests of `knapsack serve`."""

import pytest
from serving import serving


@pytest.fixture(scope="session")
def served(knapsack, caches):
    """`knapsack serve` over the shared caches; read only."""
    with serving(knapsack.with_caches(caches.hub, caches.kagglehub)) as server:
        yield server
