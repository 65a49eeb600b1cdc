"""The registry: what is found, who gets which connection, and people across systems."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from core.db import Database
from core.errors import BadSignature, Candidate, ConfigInvalid, InvalidArgument, NotConnected, NotFound
from core.principal import Principal
from core.vault import Vault
from tests.company import company
from tests.tools.kit.acme import Acme, AcmeConsent, Wire, ok, status, wire
from tools.directory import Nobody
from tools.kit.connection import Connection
from tools.registry import Registry, discover, offered

ANA = Principal(tenant="acme", id="ana", name="Ana")
HOSTS = {"https://api.acme.example": "https://test.acme.example", "https://login.acme.example": "https://l.example"}
PLUGIN = """
from tools.integration import Integration
from tools.kit.auth import BearerToken

class Planet(Integration):
    key = "{key}"
    name = "Planet"
    category = "crm"
    auth = BearerToken()
    base_url = "https://planet.example"

nothing = 5
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [one for one in sys.modules if one.startswith("atom_planet")]:
        del sys.modules[name]


def install(folder: Path, point: str, key: str = "planet") -> None:
    module = point.partition(":")[0]
    (folder / f"{module}.py").write_text(PLUGIN.format(key=key))
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module.replace('_', '-')}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[atom.integrations]\n{module} = {point}\n")


def test_every_folder_is_found_and_complete() -> None:
    found = discover()
    assert [*found] == sorted(found)
    ids = [tool.id for kind in found.values() for tool in kind.tools.values()]
    assert len(ids) == len({*ids})
    for key, kind in found.items():
        assert kind.key == key
        assert kind.__module__ == f"tools.integrations.{key}.integration"
        assert all(tool.id.startswith(f"{key}.") for tool in kind.tools.values())
    assert not any(tool.is_hidden for tool in offered())


def test_an_installed_package_adds_an_integration(plugin: Path) -> None:
    install(plugin, "atom_planet_a:Planet")
    assert discover()["planet"].name == "Planet"


def test_two_of_one_key_are_refused(plugin: Path) -> None:
    install(plugin, "atom_planet_b:Planet", key="jira")
    with pytest.raises(ConfigInvalid, match="jira"):
        discover()


def test_an_entry_point_that_is_no_integration_is_named(plugin: Path) -> None:
    install(plugin, "atom_planet_c:nothing")
    with pytest.raises(TypeError, match="atom_planet_c:nothing"):
        discover()


def test_finding_them_loads_nothing_heavy() -> None:
    heavy = ("langchain", "langgraph", "openai", "alembic", "onnxruntime", "starlette", "slack_bolt", "uvicorn")
    code = f"import sys, tools.registry as r; r.discover(); print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


class Office:
    """A registry with made-up vendors."""

    def __init__(self, vendor: Wire, database: Database) -> None:
        self.vendor = vendor
        self.registry = Registry(
            database,
            Vault(database, b"k" * 32),
            vendor.client,
            connect_url="http://127.0.0.1/connect",
            hosts={"acme": HOSTS, "acme_consent": HOSTS},
            integrations={"acme": Acme, "acme_consent": AcmeConsent},
            clients={"acme_consent": {"id": "atom"}},
        )


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
        stack.push_async_callback(database.close)
        await database.migrate()
        vendor = wire(ok({"id": "ana-7"}))
        stack.push_async_callback(vendor.client.aclose)
        yield Office(vendor, database)


async def pasted(office: Office, token: str) -> tuple[Principal, str]:
    link = await office.registry.link("acme", ANA)
    return await office.registry.paste(link.rpartition("/")[2], {"token": token})


async def test_a_pasted_key_is_proven_bound_to_its_person_and_stripped(office: Office) -> None:
    who, key = await pasted(office, "  tok-1\n")
    assert (who.tenant, who.id, key) == ("acme", "ana", "acme")
    assert str(office.vendor.sent[0].url) == "https://test.acme.example/v1/me"
    assert office.vendor.sent[0].headers["authorization"] == "Bearer tok-1"
    assert await office.registry.connected(ANA) == {"acme": "active"}
    system = await office.registry.open("acme", ANA, "call")
    assert (system.who, system.http.connection.account) == (ANA, "ana-7")
    for other in (ANA.model_copy(update={"id": "bo"}), ANA.model_copy(update={"tenant": "other"})):
        with pytest.raises(NotConnected):
            await office.registry.open("acme", other)


@pytest.mark.parametrize("token", ["", "  ", "tok\nX-Evil: 1", "tök", "tok\x00"])
async def test_what_cannot_be_a_key_is_not_sent(office: Office, token: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await pasted(office, token)
    assert caught.value.parameter == "token"
    assert office.vendor.sent == []


async def test_a_key_that_the_vendor_refuses_is_not_stored_and_the_link_still_works(office: Office) -> None:
    office.vendor.next(status(401))
    state = (await office.registry.link("acme", ANA)).rpartition("/")[2]
    assert await office.registry.asked(state) is Acme
    with pytest.raises(NotConnected):
        await office.registry.paste(state, {"token": "tok"})
    assert await office.registry.connected(ANA) == {}
    office.vendor.next(ok({"id": "ana-7"}))
    await office.registry.paste(state, {"token": "tok"})
    for again in (office.registry.asked(state), office.registry.paste(state, {"token": "tok"})):
        with pytest.raises(BadSignature):
            await again


async def test_unknown_integrations_are_named(office: Office) -> None:
    for wrong in (office.registry.open("none", ANA), office.registry.link("none", ANA)):
        with pytest.raises(ConfigInvalid, match="none"):
            await wrong


async def test_addresses_are_moved_to_the_test_system(office: Office) -> None:
    assert (await office.registry.link("acme_consent", ANA)).startswith("https://l.example/authorize?")


async def test_disconnecting_a_key_forgets_it(office: Office) -> None:
    await pasted(office, "tok-1")
    await office.registry.disconnect("acme", ANA)
    assert await office.registry.connected(ANA) == {}
    with pytest.raises(NotConnected):
        await office.registry.disconnect("acme", ANA)


async def test_a_system_that_fails_leaves_the_names_of_the_others(tmp_path: Path) -> None:
    async with company(tmp_path, "jira", "linear") as found:
        everything = await found.registry.names(found.who)
        await found.fault("jira", kind="server_error", times=99)
        rest = await found.registry.names(found.who)
        assert "PAY" in everything["project"]
        assert "PAY" not in rest.get("project", ())
        assert rest


async def test_people_are_found_across_systems_by_address(tmp_path: Path) -> None:
    async with company(tmp_path, "slack", "jira", "linear") as found:
        jira = await found.open("jira")
        people = await jira.people.find("Priya")
        assert people
        assert len({one.id for one in people}) == len(people)
        for one in people:
            assert one.id == one.id.lower()
            assert "@" in one.id
            assert one.also
        await found.fault("slack", kind="server_error", times=99)
        await found.fault("linear", kind="server_error", times=99)
        assert await jira.people.find("Priya") == []
        bo = found.who.model_copy(update={"id": "somebody-else"})
        await found.registry.connections.put(Connection(bo.tenant, bo.id, "jira", {"access_token": "x"}))
        alone = await found.registry.open("jira", bo)
        assert await alone.people.find("Priya") == []  # nobody looks through another's connections


async def test_a_directory_of_nobody() -> None:
    assert await Nobody().find("Ana") == ()


async def test_what_is_read_back_is_gone_or_there(office: Office) -> None:
    office.vendor.next(ok({"id": "1", "title": "x"}))
    system = Acme(office.vendor.http(), ANA, Nobody())
    change = await system.run("acme.add_task", {"title": "x"})
    assert await system.prove("acme.add_task", change) is not None  # type: ignore[arg-type]
    office.vendor.next(status(404))
    assert await system.prove("acme.add_task", change) is None  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await system.run("acme.get_task", {"task": "1"})
    with pytest.raises(LookupError):
        await system.recover("acme.add_task", {"title": "x"})
    assert Candidate("a", "b").also == ()


def test_the_client_is_not_asked_to_follow(office: Office) -> None:
    assert isinstance(office.vendor.client, httpx.AsyncClient)
    assert not office.vendor.client.follow_redirects
