"""The library in real Jupyter kernels, with ipywidgets and without."""

import os
import time
from operator import gt

import pytest
from kernel import HELD, kernel

from coordinaitor_sdk import Coordinaitor

KINDS = ("Coordinaitor", "AsyncCoordinaitor")
WIDGET = "application/vnd.jupyter.widget-view+json"
WAITS = {"Coordinaitor": "", "AsyncCoordinaitor": "await "}
ITERATES = {"Coordinaitor": "for", "AsyncCoordinaitor": "async for"}


@pytest.fixture(scope="module", params=["widgets", "plain"])
def notebook(request, idle_server, tmp_path_factory):
    """A kernel with both clients; `plain` can't import ipywidgets."""
    folder = tmp_path_factory.mktemp("jupyter")
    environment = os.environ | {
        "COORDINAITOR_BASE_URL": idle_server.url,
        "COORDINAITOR_API_KEY": "ak_test",
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
    }
    with kernel(environment) as found:
        if request.param == "plain":
            found.run("import sys; sys.modules['ipywidgets'] = None")
        clients = "; ".join(f"{name.lower()} = coordinaitor_sdk.{name}()" for name in KINDS)
        ran = found.run(f"import coordinaitor_sdk; {clients}{HELD}")
        assert ran.error == "", ran.error
        found.has_widgets = request.param == "widgets"
        yield found


@pytest.fixture(params=KINDS)
def made_by(request):
    return request.param


@pytest.fixture
def api(idle_server):
    """The world outside the notebook, which changes its tasks."""
    with Coordinaitor(idle_server.url, api_key="ak_test") as client:
        yield client


def counted(notebook):
    ran = notebook.run("print(held())")
    assert ran.error == ""
    return eval(ran.text)


def holds_no_more_than(notebook, before):
    """Sockets, tasks and threads of the kernel, once what ends by itself has ended."""
    until = time.monotonic() + 10
    after = counted(notebook)
    while time.monotonic() < until and any(map(gt, after, before)):
        time.sleep(0.2)
        after = counted(notebook)
    return not any(map(gt, after, before)), before, after


@pytest.mark.parametrize("notebook", ["plain"], indirect=True)
class TestCells:
    """What runs in a cell, which runs in an event loop."""

    def test_calls_waits_and_iterations_work_as_they_are(self, notebook, made_by):
        """No `asyncio.run`, in both clients."""
        c, wait = made_by.lower(), WAITS[made_by]
        ran = notebook.run(
            f"task = {wait}{c}.tasks.create(title='x')\n"
            f"{wait}{c}.tasks.update(task.id, status='completed')\n"
            f"print(({wait}{c}.tasks.wait(task.id)).status)\n"
            f"{ITERATES[made_by]} update in {c}.tasks.watch(task.id):\n    print(update.type)"
        )
        assert (ran.error, ran.text) == ("", "completed\ncompleted\n")

    def test_an_interrupt_ends_a_wait_and_the_client_goes_on(self, notebook, made_by, api):
        """A wait and an iteration."""
        c, task = made_by.lower(), api.tasks.create(title="x")
        for cell in (
            f"{WAITS[made_by]}{c}.tasks.wait({task.id!r})",
            f"{ITERATES[made_by]} update in {c}.tasks.watch({task.id!r}):\n    print(update.type)",
        ):
            request = notebook.start(cell)
            time.sleep(1.0)
            notebook.interrupt()
            assert notebook.finish(request).error in {"KeyboardInterrupt", "CancelledError"}
            ran = notebook.run(f"print(({WAITS[made_by]}{c}.tasks.get({task.id!r})).status)")
            assert (ran.error, ran.text) == ("", "pending\n")

    def test_running_a_cell_anew_leaks_nothing(self, notebook, made_by, api):
        """Nor does a watch left by `break`, one kept in a name, or a client made in the cell."""
        c, task = made_by.lower(), api.tasks.create(title="x")
        wait, iterate = WAITS[made_by], ITERATES[made_by]
        cells = (
            f"{iterate} update in {c}.tasks.watch({task.id!r}):\n    break",
            f"watch = {c}.tasks.watch({task.id!r})\n{iterate} update in watch:\n    break",
            f"own = coordinaitor_sdk.{made_by}()\n{wait}own.tasks.get({task.id!r})",
            f"own = coordinaitor_sdk.{made_by}()\n{iterate} _ in own.tasks.watch({task.id!r}):\n    break",
        )
        for cell in cells:
            assert notebook.run(cell, cell=cell).error == ""
        notebook.run("del watch, own")
        time.sleep(1.5)
        before = counted(notebook)
        for _ in range(4):
            for cell in cells:
                assert notebook.run(cell, cell=cell).error == ""
        notebook.run("del watch, own")
        holds, *figures = holds_no_more_than(notebook, before)
        assert holds, figures


class TestValues:
    """What a cell shows of its value."""

    def test_a_task_and_a_page_are_tables(self, notebook, made_by, api):
        """With the server's text as text."""
        title = "<script>alert(1)</script> & <b>$x$</b>"
        task = api.tasks.create(title=title)
        escaped = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;$x$&lt;/b&gt;"
        c, wait = made_by.lower(), WAITS[made_by]
        for cell in (
            f"{wait}{c}.tasks.get({task.id!r})",
            f"{wait}{c}.tasks.list(sort_by='createdAt', sort_order='desc').first_page()",
        ):
            ran = notebook.run(cell)
            assert ran.error == ""
            assert "<script" not in ran.html
            assert "<table>" in ran.html
            assert escaped in ran.html


class TestLive:
    """A watch as a cell's value."""

    def test_it_is_shown_and_followed_to_its_end(self, notebook, made_by, api):
        """By itself, after the cell has ended; and the watch can be read beside it."""
        task = api.tasks.create(title="<script>x</script>")
        api.tasks.update(task.id, status="active")
        c = made_by.lower()
        ran = notebook.run(f"watch = {c}.tasks.watch({task.id!r})\nwatch", cell="live")
        [shown] = ran.display_ids
        assert (WIDGET in ran.outputs[0]) == notebook.has_widgets
        for progress, percent in ((0.25, "25%"), (0.5, "50%")):
            api.tasks.update(task.id, progress=progress)
            notebook.until(lambda percent=percent: percent in present(notebook, shown))
        api.tasks.update(task.id, status="completed", progress=1.0)
        notebook.until(lambda: "completed" in notebook.shown(shown))
        assert WIDGET not in notebook.displays[shown][-1]
        assert "<script" not in str(notebook.displays[shown]) + str(notebook.widgets)
        ran = notebook.run(f"{ITERATES[made_by]} update in watch:\n    print(update.type)")
        assert ran.text == "completed\n"

    def test_several_tasks_have_a_row_each(self, notebook, made_by, api):
        """And how many have ended."""
        ids = [api.tasks.create(title=f"task {n}").id for n in range(3)]
        ran = notebook.run(f"{made_by.lower()}.tasks.watch_many({ids!r})", cell="many")
        [shown] = ran.display_ids
        notebook.until(lambda: present(notebook, shown).count("<tr>") == 4)
        api.tasks.update(ids[0], status="cancelled")
        notebook.until(lambda: "1 of 3 ended" in present(notebook, shown))
        for one in ids[1:]:
            api.tasks.delete(one)
        notebook.until(lambda: "3 of 3 ended" in notebook.shown(shown))

    def test_a_watch_that_can_not_go_on_says_why(self, notebook, made_by):
        """In its output."""
        ran = notebook.run(
            f"wrong = coordinaitor_sdk.{made_by}(api_key='ak_wrong')\nwrong.tasks.watch('task-123')"
        )
        [shown] = ran.display_ids
        notebook.until(lambda: "The API key is invalid" in notebook.shown(shown))

    def test_running_its_cell_anew_ends_the_one_before(self, notebook, made_by, api):
        """Known by the id that a frontend gives the cell, or by its code; other cells' outputs go on."""
        task = api.tasks.create(title="x")
        c = made_by.lower()
        show = f"{c}.tasks.watch({task.id!r})"
        other = notebook.run(f"{show}  # beside", cell="beside")
        # Shown, not the cell's value: IPython keeps values, and a watch keeps its client.
        with_client = f"own = coordinaitor_sdk.{made_by}()\ndisplay(own.tasks.watch({task.id!r}))"
        for code, cell in ((show, "one"), (with_client, "two"), (f"{show}  # no id", None)):
            notebook.run(code, cell=cell)
        time.sleep(1.5)
        before, widgets = counted(notebook), len(notebook.widgets)
        for number in range(4):
            notebook.run(f"{show}  # {number}", cell="one")
            notebook.run(with_client, cell="two")
            notebook.run(f"{show}  # no id")
        holds, *figures = holds_no_more_than(notebook, before)
        assert holds, figures
        notebook.until(lambda: len(notebook.widgets) <= widgets)
        api.tasks.update(task.id, status="completed")
        notebook.until(lambda: "completed" in notebook.shown(other.display_ids[0]))

    def test_closing_the_watch_or_the_client_ends_it(self, notebook, made_by, api):
        """Nothing is left in the kernel."""
        task = api.tasks.create(title="x")
        before = counted(notebook)
        wait = WAITS[made_by]
        notebook.run(f"own = coordinaitor_sdk.{made_by}()\nwatch = own.tasks.watch({task.id!r})\nwatch")
        notebook.run("watch.close()")
        notebook.run("own.tasks.watch('task-123')")
        notebook.run(f"{wait}own.close()\ndel own, watch")
        holds, *figures = holds_no_more_than(notebook, before)
        assert holds, figures


def present(notebook, display_id):
    """What a reader sees of an output now: its widgets, or its HTML."""
    bundle = notebook.displays[display_id][-1]
    if WIDGET not in bundle:
        return bundle["text/html"]
    box = notebook.widgets[bundle[WIDGET]["model_id"]]
    children = [notebook.widgets[one.removeprefix("IPY_MODEL_")] for one in box["children"]]
    head = f"{children[0]['value']:.0%}"
    return head + children[1]["value"]
