"""What all tests share: no setting of the machine reaches them."""

import os

import pytest
from both import KINDS
from hypothesis import HealthCheck, settings
from server_process import ServerProcess
from vendor import FORMS, speaking

# How fast examples are made and run says how busy the machine is.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# What shows that a test's answers are respx's, which sees httpx alone.
WITH_RESPX = {"respx", "api", "sent", "answers", "fake_api"}


def pytest_collection_modifyitems(config, items):
    """In which form a server answers is nothing that the HTTP libraries could differ in."""
    left_out = [item for item in items if hasattr(item, "callspec") and _is_needless(item.callspec.params)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        needless = set(left_out)
        items[:] = [item for item in items if item not in needless]


def _is_needless(params):
    return str(params.get("kind")).endswith("httpx2") and params.get("form", "documented") != "documented"


@pytest.fixture(scope="session", autouse=True)
def _isolated_environment(tmp_path_factory):
    """No profile, environment variable or proxy of the user's plays a part."""
    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.startswith(("COORDINAITOR_", "ORCHESTRATOR_")) or name.lower().endswith("_proxy"):
            patch.delenv(name)
    patch.setenv("COORDINAITOR_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
    patch.setenv("COORDINAITOR_DATA_DIR", str(tmp_path_factory.mktemp("data")))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def anyio_backend():
    """The library's async side is asyncio's."""
    return "asyncio"


@pytest.fixture(scope="session")
def server():
    """One reference server for all tests that leave its seed alone; its agents work 20 times as fast."""
    with ServerProcess() as process:
        yield process.start(sim_speed=20, api_key="ak_test")


@pytest.fixture(scope="session")
def idle_server():
    """One whose agents do nothing: tasks stay as the test leaves them."""
    with ServerProcess() as process:
        yield process.start(agents="off", api_key="ak_test")


@pytest.fixture(scope="session", params=list(FORMS))
def form(request):
    """The form in which a server answers: the document's, then those of deployed servers."""
    return FORMS[request.param]


@pytest.fixture(scope="session")
def _place(server, form):
    with speaking(server, form) as place:
        yield place


@pytest.fixture(scope="session")
def _idle_place(idle_server, form):
    with speaking(idle_server, form) as place:
        yield place


@pytest.fixture
def place(_place, monkeypatch):
    """`server`, answering in every form."""
    monkeypatch.setenv("COORDINAITOR_API_PREFIX", _place.prefix)
    return _place


@pytest.fixture
def idle_place(_idle_place, monkeypatch):
    """`idle_server`, answering in every form."""
    monkeypatch.setenv("COORDINAITOR_API_PREFIX", _idle_place.prefix)
    return _idle_place


def pytest_generate_tests(metafunc):
    """`kind`: for tests that hold for both clients, on both HTTP libraries (see `both.client`)."""
    marks = metafunc.definition.iter_markers("parametrize")
    if "kind" not in metafunc.fixturenames or any("kind" in mark.args[0] for mark in marks):
        return
    named = {*metafunc.fixturenames, *metafunc.function.__code__.co_names}
    on_respx = hasattr(metafunc.module, "respx") and not named.isdisjoint(WITH_RESPX)
    metafunc.parametrize("kind", KINDS[:2] if on_respx else KINDS)
