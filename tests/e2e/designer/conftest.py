"""One Studio for all tests of the designer: each makes designs of its own. A second go has its own Studio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext
from tests.e2e.conftest import OpenPage, StudioServer, sample_studio
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi, api_of, make_chain

OpenDesign = Callable[..., DesignerPage]


@pytest.fixture(scope="package")
def shared_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    with sample_studio(tmp_path_factory.mktemp("designer")) as server:
        yield server


@pytest.fixture(scope="package")
def shared_designs(warm_browser: BrowserContext, shared_studio: StudioServer) -> DesignsApi:
    return api_of(warm_browser, shared_studio.address)


@pytest.fixture
def designs(
    warm_browser: BrowserContext,
    studio: StudioServer,
    shared_studio: StudioServer,
    shared_designs: DesignsApi,
) -> DesignsApi:
    """What the Studio of the test keeps."""
    return shared_designs if studio is shared_studio else api_of(warm_browser, studio.address)


@pytest.fixture
def open_design(open_page: OpenPage) -> OpenDesign:
    """Opens the designer on a design, in a browser of its own."""

    def open_(design: str, **settings: Any) -> DesignerPage:
        designer = DesignerPage(open_page(f"/designer?design={design}", **settings))
        designer.wait_until_open()
        return designer

    return open_


@pytest.fixture
def chain(designs: DesignsApi, request: pytest.FixtureRequest) -> str:
    """A design of three steps in a row, read_orders, amounts and report, saved as version 1."""
    return make_chain(designs, request.node.name)
