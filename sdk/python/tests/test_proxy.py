"""A proxy that the environment names: what is called through it, and what is not."""

from collections.abc import Iterator

import pytest
from conftest import Connect
from support.http_proxy import HttpProxy
from support.server import Server

from taskresults import TaskResultDoesNotExist, TaskResultsError
from taskresults.proxy import proxy_of

AWAY = "tasks.invalid:50051"
VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy", "NO_PROXY")


@pytest.fixture
def http_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpProxy]:
    """The proxy that `http_proxy` names."""
    proxy = HttpProxy(server.port)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://user:secret@{proxy.address}")
    yield proxy
    proxy.close()


def test_a_server_elsewhere_is_called_through_the_proxy(connect: Connect, http_proxy: HttpProxy) -> None:
    results = connect(AWAY)
    id = results.create("app.tasks.add").id
    assert results.get(id).id == id
    with pytest.raises(TaskResultDoesNotExist, match=r"^(?!through proxy)"):
        results.get("nobody")
    assert http_proxy.asked == [AWAY]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "dns:///localhost", "ipv4:127.0.0.1"])
def test_loopback_is_called_directly(connect: Connect, server: Server, http_proxy: HttpProxy, host: str) -> None:
    assert connect(f"{host}:{server.port}").create("app.tasks.add").revision == 1
    assert http_proxy.asked == []


@pytest.mark.parametrize("name", ["no_grpc_proxy", "no_proxy", "NO_PROXY"])
def test_what_is_listed_is_called_directly(
    connect: Connect, http_proxy: HttpProxy, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "elsewhere.example, .invalid")
    with pytest.raises(TaskResultsError, match=r"^(?!through proxy)"):
        connect(AWAY, timeout=1).create("app.tasks.add")
    assert http_proxy.asked == []


def test_an_option_turns_proxies_off(connect: Connect, http_proxy: HttpProxy) -> None:
    with pytest.raises(TaskResultsError, match=r"^(?!through proxy)"):
        connect(AWAY, timeout=1, proxy=False).create("app.tasks.add")
    assert http_proxy.asked == []


def test_a_failure_on_the_way_names_the_proxy_and_not_its_password(connect: Connect, http_proxy: HttpProxy) -> None:
    http_proxy.is_willing = False
    with pytest.raises(TaskResultsError) as raised:
        connect(AWAY, timeout=5).get("x")
    assert str(raised.value).startswith(f"through proxy {http_proxy.address} (http_proxy): ")
    assert "secret" not in str(raised.value)
    assert http_proxy.asked


PROXY = "proxy.example:80 (http_proxy)"


@pytest.mark.parametrize(
    ("target", "direct", "proxy"),
    [
        ("tasks.example:1", "", PROXY),
        ("tasks.example", "other.example", PROXY),
        ("tasks.example:1", "Example", None),
        ("tasks.example:1", "*", None),
        ("tasks.example:1", " , tasks.example", None),
        ("dns:///tasks.example:1", "tasks.example", None),
        ("dns://8.8.8.8/tasks.example:1", "tasks.example", None),
        ("10.1.2.3:1", "10.0.0.0/8", None),
        ("10.1.2.3:1", "10.0.0.0/64", PROXY),
        ("10.1.2.3:1", "11.0.0.0/8", PROXY),
        ("[fd00::1]:1", "fd00::/16", None),
        ("[fd00::1]:1", "10.0.0.0/8", PROXY),
        ("LOCALHOST:1", "", None),
        ("tasks.localhost:1", "", None),
        ("notlocalhost:1", "", PROXY),
        ("127.8.9.10:1", "", None),
        ("[::1]:1", "", None),
        ("::1", "", None),
        ("ipv6:[::1]:1", "", None),
        ("ipv4:127.0.0.1:1,127.0.0.2:1", "", None),
        ("ipv4:127.0.0.1:1,10.0.0.1:1", "", PROXY),
        ("unix:/run/taskresults.sock", "", None),
    ],
)
def test_whether_a_proxy_is_on_the_way(target: str, direct: str, proxy: str | None) -> None:
    assert proxy_of(target, {"http_proxy": "http://proxy.example", "NO_PROXY": direct}) == proxy


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"grpc_proxy": "http://a:1", "https_proxy": "http://b:2", "http_proxy": "http://c:3"}, "a:1 (grpc_proxy)"),
        ({"https_proxy": "", "http_proxy": "http://c:3"}, None),
        ({"http_proxy": "https://c:3"}, None),
        ({"http_proxy": "no URL"}, None),
        ({"http_proxy": "http://c:port"}, None),
    ],
)
def test_which_proxy_it_is(environment: dict[str, str], proxy: str | None) -> None:
    assert proxy_of("tasks.example:1", environment) == proxy
