"""Keys of Azure go to Azure, or to the endpoint that a connection names, and nowhere else."""

from __future__ import annotations

import pytest
from tests.conftest import Run
from tests.core.clouds.test_formats import read

from odibi_core.cloud_connections import AzureConnection
from odibi_core.clouds.address import parse_address
from odibi_core.clouds.azure import AzureAccount, AzureLogin
from odibi_core.errors import OdibiError
from odibi_core.workspace import Workspace

LOGIN = AzureLogin(account_name="shop", sas_token="sig=hidden")
CONNECTION = """
[connections.lake]
kind = "azure"
account_name = "shop"
container = "raw"
sas_token = "${secret:SAS}"
"""


@pytest.mark.parametrize(
    "host",
    [
        "shop.evil.example",
        "shop.dfs.core.windows.net.evil.example",
        "shop.xcore.windows.net",
        "shop.blob.windows.net",
    ],
)
@pytest.mark.parametrize("params", [{}, {"connection": "lake"}])
def test_a_url_can_not_send_the_keys_elsewhere(
    workspace: Workspace, run: Run, host: str, params: dict[str, str]
) -> None:
    (workspace.root / "odibi.toml").write_text(CONNECTION)
    (workspace.root / ".env").write_text("SAS=sig=hidden\n")
    url = f"abfss://raw@{host}/x.csv"
    told = str(run(read(url, "csv", **params)).errors["read"])
    assert "no host of Azure" in told
    connection = AzureConnection.model_validate(
        {"kind": "azure", "account_name": "shop", "container": "raw", "sas_token": "${secret:SAS}"}
    )
    assert not connection.leads_to(parse_address(url))


@pytest.mark.parametrize("place", ["raw@shop.dfs.core.windows.net:8443", "raw@evil.example:80#", "raw@a\\b"])
def test_a_url_names_an_account_and_nothing_else(place: str) -> None:
    with pytest.raises(OdibiError, match=r"no port|no account"):
        parse_address(f"abfss://{place}/x.csv")


@pytest.mark.parametrize("domain", ["windows.net", "chinacloudapi.cn", "usgovcloudapi.net"])
@pytest.mark.parametrize("service", ["dfs", "blob"])
def test_each_cloud_of_azure_is_reached_at_its_own_hosts(domain: str, service: str) -> None:
    account = AzureAccount(LOGIN, f"shop.{service}.core.{domain}")
    assert account.endpoint == f"https://shop.blob.core.{domain}"
    assert account.delta_options()["azure_storage_endpoint"] == account.endpoint


def test_the_endpoint_of_a_connection_is_where_its_urls_lead() -> None:
    said = {"kind": "azure", "account_name": "shop", "endpoint": "https://{account}.blob.corp.example"}
    connection = AzureConnection.model_validate(said)
    for host in ("shop.blob.corp.example", "shop.dfs.core.windows.net", "shop", ""):
        address = parse_address(f"abfss://raw@{host}/x" if host else "az://raw/x")
        assert connection.leads_to(address)
        login = AzureLogin(account_name="shop", endpoint=connection.endpoint)
        assert AzureAccount(login, address.host).endpoint == "https://shop.blob.corp.example"
