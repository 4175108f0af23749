"""A host for the tests of HTTP."""

from collections.abc import Iterator

import pytest

from podcast_insights_tests.net import BODY
from podcast_insights_tests.support.servers import Site, answer, site


@pytest.fixture
def host() -> Iterator[Site]:
    """A host that answers with `BODY` under `/`; tests add what else they need."""
    with site({"/": answer(BODY)}) as running:
        yield running
