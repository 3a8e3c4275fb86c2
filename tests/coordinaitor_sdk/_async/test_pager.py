"""Lists read page by page: ahead, from any page on, while rows come in, and from servers that lie."""

import asyncio
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from both import client
from pydantic_core import to_json

from coordinaitor_sdk import Coordinaitor, Retry
from coordinaitor_sdk.exceptions import ConfigurationError, InvalidArgumentError, ServerError

pytestmark = pytest.mark.anyio


class Listing:
    """A server of one list.

    Attributes:
        asked: the numbers of the pages that were asked for, in order.
        answer: makes the items and the pagination of a page, from its number and limit.
        most_at_once: how many requests were under way at once, at most.
    """

    def __init__(self, answer, delay=0.0):
        self.asked = []
        self.answer = answer
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._delay = delay
        listing = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                listing.serve(self)

            def log_message(self, *_):
                """Nothing to standard error."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                """A client that leaves early is no failure."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, handler):
        query = parse_qs(urlsplit(handler.path).query)
        page, limit = int(query.get("page", ["1"])[0]), int(query.get("limit", ["20"])[0])
        with self._lock:
            self.asked.append(page)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(self._delay)
        items, pagination = self.answer(page, limit)
        with self._lock:
            self._at_once -= 1
        status = 200 if items is not None else 500
        body = to_json({"success": True, "data": items, "pagination": pagination})
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def __enter__(self):
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.05))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def rows(total):
    """A list of so many rows, as the document tells it."""

    def answer(page, limit):
        numbers = range((page - 1) * limit, min(page * limit, total))
        pages = -(-total // limit)
        place = {"page": page, "limit": limit, "total": total, "pages": pages, "hasNext": page < pages}
        return [{"id": f"t{number}"} for number in numbers], place

    return answer


async def ids(pager):
    return [item.id async for item in pager]


class TestAhead:
    @pytest.mark.parametrize("prefetch", [1, 3, 8])
    async def test_pages_come_in_order_and_each_item_once(self, kind, prefetch):
        """As without, and no page beyond the last is asked for."""
        with Listing(rows(95), delay=0.01) as listing:
            async with client(kind, listing.url, api_key="k") as c:
                assert await ids(c.tasks.list(limit=10, prefetch=prefetch)) == [f"t{n}" for n in range(95)]
        assert sorted(listing.asked) == list(range(1, 11))
        assert listing.most_at_once <= prefetch + 1

    async def test_several_are_under_way_at_once(self, kind):
        """What it is for."""
        with Listing(rows(200), delay=0.05) as listing:
            async with client(kind, listing.url, api_key="k") as c:
                await ids(c.tasks.list(limit=10, prefetch=4))
        assert listing.most_at_once >= 3

    async def test_a_server_that_tells_no_total_is_read_to_its_end(self, kind):
        """A few pages behind the end are asked for in vain."""

        def answer(page, limit):
            return rows(45)(page, limit)[0], None

        with Listing(answer) as listing:
            async with client(kind, listing.url, api_key="k") as c:
                assert len(await ids(c.tasks.list(limit=10, prefetch=4))) == 45
        assert max(listing.asked) <= 5 + 4

    async def test_a_page_that_fails_ends_it_with_its_error(self, kind):
        """After the pages before it."""

        def answer(page, limit):
            return rows(95)(page, limit) if page != 4 else (None, None)

        seen = []

        async def read(pager):
            async for task in pager:
                seen.append(task.id)  # noqa: PERF401 - what was there before the error counts

        with Listing(answer) as listing:
            async with client(kind, listing.url, api_key="k", retry=Retry(attempts=1)) as c:
                with pytest.raises(ServerError):
                    await read(c.tasks.list(limit=10, prefetch=3))
        assert seen == [f"t{n}" for n in range(30)]

    async def test_leaving_early_asks_for_little_more(self, kind):
        """What was fetched ahead, and nothing after."""
        with Listing(rows(1000)) as listing:
            async with client(kind, listing.url, api_key="k") as c:
                async for _ in c.tasks.list(limit=10, prefetch=3):
                    break
                await asyncio.sleep(0.3)
        assert len(listing.asked) <= 1 + 3

    @pytest.mark.parametrize("wrong", [-1, 51, 1.5, True, "8"])
    async def test_a_number_that_can_not_be_meant_is_refused(self, kind, wrong):
        """Before anything is sent."""
        async with client(kind, "http://127.0.0.1:9") as c:
            with pytest.raises(InvalidArgumentError, match="prefetch"):
                c.tasks.list(prefetch=wrong)

    async def test_every_list_can_be_read_ahead(self, kind, idle_server):
        """On the real server."""
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            for one in (c.tasks.list, c.agents.list, c.projects.list, c.users.list):
                assert await ids(one(limit=2, prefetch=3)) == await ids(one(limit=100))


class TestDrift:
    async def test_rows_inserted_meanwhile_bring_no_duplicates(self, kind):
        """They push others onto the next page."""
        inserted = 0

        def answer(page, limit):
            nonlocal inserted
            everything = [f"new{n}" for n in reversed(range(inserted))] + [f"t{n}" for n in range(60)]
            inserted += 3
            items = everything[(page - 1) * limit : page * limit]
            pages = -(-len(everything) // limit)
            place = {"page": page, "limit": limit, "total": len(everything), "pages": pages}
            return [{"id": one} for one in items], place

        with Listing(answer) as listing:
            async with client(kind, listing.url, api_key="k") as c:
                seen = await ids(c.tasks.list(limit=10))
        assert len(seen) == len(set(seen))
        assert {f"t{n}" for n in range(60)} <= set(seen)

    async def test_a_whole_page_pushed_on_does_not_end_it(self, kind):
        """The total has grown: there is more behind."""

        def answer(page, limit):
            new = 10 if page > 1 else 0
            everything = [f"new{n}" for n in range(new)] + [f"t{n}" for n in range(30)]
            items = everything[(page - 1) * limit : page * limit]
            pages = -(-len(everything) // limit)
            place = {"page": page, "limit": limit, "total": len(everything), "pages": pages}
            return [{"id": one} for one in items], place

        with Listing(answer) as listing:
            async with client(kind, listing.url, api_key="k") as c:
                assert await ids(c.tasks.list(limit=10)) == [f"t{n}" for n in range(30)]


class TestLies:
    @pytest.mark.parametrize("prefetch", [0, 4])
    @pytest.mark.parametrize("grows", [False, True])
    async def test_the_same_rows_for_ever_are_read_once(self, kind, prefetch, grows):
        """Whatever it says about a next page, and though its total grows each time."""
        count = 0

        def answer(page, limit):
            nonlocal count
            count += 1
            total = 1000 + (count if grows else 0)
            place = {"page": page, "limit": limit, "total": total, "pages": 10**6, "hasNext": True}
            return [{"id": f"t{n}"} for n in range(limit)], place

        with Listing(answer) as listing:
            async with client(kind, listing.url, api_key="k") as c:
                assert len(await ids(c.tasks.list(limit=10, prefetch=prefetch))) == 10
        assert len(listing.asked) <= 20

    async def test_an_empty_page_is_the_last(self, kind):
        """Though it promises more."""

        def answer(page, limit):
            items = rows(20)(page, limit)[0]
            return items, {"page": page, "limit": limit, "hasNext": True}

        with Listing(answer) as listing:
            async with client(kind, listing.url, api_key="k") as c:
                assert len(await ids(c.tasks.list(limit=10))) == 20
        assert listing.asked == [1, 2, 3]


class TestResuming:
    async def test_a_list_is_taken_up_where_it_was_left(self, kind):
        """A page's number is all that another process needs."""
        with Listing(rows(50)) as listing:
            async with client(kind, listing.url, api_key="k") as c:
                left_at = 0
                async for page in c.tasks.list(limit=10).pages():
                    left_at = page.pagination.page
                    if left_at == 3:
                        break
                assert await ids(c.tasks.list(limit=10, page=left_at + 1)) == [f"t{n}" for n in range(30, 50)]


class TestDataFrame:
    async def test_it_has_a_row_an_item_and_a_column_a_field(self, kind, idle_server):
        """Python's names; dates are dates."""
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            frame = await c.tasks.list(limit=2).to_dataframe(max_items=5)
            count = len(await c.tasks.list(limit=100).collect(max_items=5))
        assert len(frame) == count
        assert {"id", "title", "project_id", "created_at"} <= set(frame.columns)
        assert str(frame["created_at"].dtype).startswith("datetime64")

    async def test_without_items_it_has_its_columns(self, kind, idle_server):
        """A notebook goes on."""
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            frame = await c.tasks.list(search="there is no such task").to_dataframe()
        assert len(frame) == 0
        assert {"id", "status"} <= set(frame.columns)

    async def test_without_pandas_it_says_what_to_install(self, kind, idle_server, monkeypatch):
        """Instead of an ImportError."""
        monkeypatch.setitem(__import__("sys").modules, "pandas", None)
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            with pytest.raises(ConfigurationError, match=r"coordinaitor\[pandas\]"):
                await c.agents.list().to_dataframe()


def test_a_sync_pager_read_ahead_can_be_interrupted(idle_server):
    """Leaving it in the middle leaves no thread that goes on for long."""
    before = threading.active_count()
    with Coordinaitor(idle_server.url, api_key="ak_test") as c:
        for _ in c.tasks.list(limit=1, prefetch=4):
            break
        deadline = time.monotonic() + 10
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.02)
    assert threading.active_count() <= before
