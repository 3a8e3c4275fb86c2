"""Which calls a fault happens to, and when it is over."""

from __future__ import annotations

import httpx
import pytest
from control import START

from .conftest import Faulty

BAD = [503]
GOOD = [200]


class TestMatching:
    def test_by_operation(self, faulty):
        """Other operations neither meet it nor count."""
        fault = faulty.add("status", status=503, operation="list_tasks")
        assert faulty.statuses(1, "/agents") == GOOD
        assert faulty.state(fault) == (0, 0, False)
        assert faulty.statuses(2, "/tasks") == BAD + GOOD
        assert faulty.state(fault) == (1, 1, True)

    def test_under_both_prefixes_an_operation_is_the_same(self, faulty):
        """`/api` and `/api/v1`."""
        faulty.add("status", status=503, operation="list_tasks")
        answer = httpx.get(faulty.control.url + "/api/tasks", headers={"X-API-Key": faulty.world.key})
        assert answer.status_code == 503

    def test_from_the_nth_call_on(self, faulty):
        """What comes before goes well."""
        fault = faulty.add("status", status=503, nth=3, count=2)
        assert faulty.statuses(6) == GOOD * 2 + BAD * 2 + GOOD * 2
        assert faulty.state(fault) == (4, 2, True)

    def test_among_so_many_calls(self, faulty):
        """`forCalls` alone is each of them, from the nth on."""
        faulty.add("status", status=503, nth=2, forCalls=2)
        assert faulty.statuses(5) == GOOD + BAD * 2 + GOOD * 2

    def test_of_several_the_oldest_happens_first(self, faulty):
        """One a call; the other waits its turn."""
        first, second = faulty.add("status", status=503), faulty.add("status", status=500)
        assert faulty.statuses(3) == [503, 500, 200]
        assert (faulty.state(first), faulty.state(second)) == ((1, 1, True), (2, 1, True))

    def test_a_fault_of_every_operation_meets_a_path_that_is_none(self, faulty):
        """Also what would be 404."""
        faulty.add("status", status=500)
        assert faulty.statuses(2, "/nothing") == [500, 404]

    def test_the_control_api_itself_meets_none(self, faulty):
        """Or the fault could not be taken back."""
        fault = faulty.add("hang", count=1_000_000)
        faulty.ask("DELETE", f"faults/{fault}", 204)
        assert faulty.faults() == {"faults": [], "unfired": []}


class TestShares:
    def test_the_same_seed_gives_the_same_pattern(self, control):
        """Whatever happens in other worlds at the same time; another seed gives another."""

        def patterns(*seeds):
            if not seeds:
                return []
            with control.world(seed="empty", now=START, randomSeed=seeds[0]) as world:
                faulty = Faulty(control, world)
                faulty.add("status", status=503, share=0.5, forCalls=24)
                half = faulty.statuses(12)
                others = patterns(*seeds[1:])
                return [half + faulty.statuses(12), *others]

        first, second, third = patterns(42, 42, 43)
        assert first == second != third
        assert {200, 503} == set(first)

    def test_it_ends_with_its_calls_or_its_count(self, faulty):
        """Whichever comes first."""
        fault = faulty.add("status", status=503, share=0.001, forCalls=5)
        faulty.statuses(7)
        assert faulty.state(fault)[0] == 5
        assert faulty.state(fault)[2] is True
        faulty.ask("DELETE", "faults", 204)
        faulty.add("status", status=503, share=0.9, count=3)
        assert faulty.statuses(40).count(503) == 3

    def test_a_reset_begins_the_same_pattern_anew(self, faulty):
        """The first fault of a world that was put back is its first again."""
        patterns = []
        for _ in range(2):
            assert faulty.add("status", status=503, share=0.5, forCalls=16) == "fault-1"
            patterns.append(faulty.statuses(16))
            faulty.world.reset()
        assert patterns[0] == patterns[1]


class TestIsolation:
    def test_a_fault_of_one_world_is_none_of_another(self, faulty, other):
        """By key; nor does the other's call count."""
        fault = faulty.add("status", status=503, count=5)
        assert other.statuses(3) == GOOD * 3
        assert faulty.state(fault) == (0, 0, False)
        assert faulty.statuses(1) == BAD

    def test_a_login_belongs_to_the_world_of_its_email(self, faulty, other):
        """Though it has no credential yet; and a refresh and a logout to that of their token."""
        url = faulty.control.url + "/api/v1/auth"
        fault = faulty.add("status", status=503, count=9)
        tokens = httpx.post(url + "/login", json=other.world.admin).json()["data"]
        refresh = {"refreshToken": tokens["refreshToken"]}
        assert httpx.post(url + "/refresh", json=refresh).status_code == 200
        assert httpx.post(url + "/logout", json=refresh).status_code == 204
        assert faulty.state(fault) == (0, 0, False)
        assert [entry["operation"] for entry in other.journal()] == ["login", "refresh", "logout"]
        assert httpx.post(url + "/login", json=faulty.world.admin).status_code == 503

    def test_a_token_that_has_expired_is_still_its_worlds(self, faulty, other):
        """Its 401 meets the faults of that world and of no other."""
        login = {"email": other.world.admin["email"], "password": other.world.admin["password"]}
        tokens = httpx.post(faulty.control.url + "/api/auth/login", json=login).json()
        other.world.time(advance=7_200)
        headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
        assert httpx.get(faulty.control.url + "/api/v1/tasks", headers=headers).status_code == 401
        assert other.journal(status=401)[0]["operation"] == "list_tasks"
        other.add("status", status=503)
        assert httpx.get(faulty.control.url + "/api/v1/tasks", headers=headers).status_code == 503

    def test_nobodys_credential_meets_no_fault(self, faulty):
        """Not even one of the default world, to which what has no credential belongs."""
        default = "/worlds/org-456"
        try:
            faulty.control.ask("POST", f"{default}/faults", 201, json={"kind": "status", "status": 503})
            url = faulty.control.url + "/api/v1/tasks"
            headers = {"X-API-Key": "ak_nobody-has-this"}
            assert httpx.get(url, headers=headers).status_code == 401
            assert httpx.get(url).status_code == 503
        finally:
            faulty.control.ask("DELETE", f"{default}/faults", 204)

    def test_a_world_that_is_gone_leaves_no_fault(self, faulty, control):
        """Its key is refused as any unknown one is."""
        with control.world(seed="empty") as world:
            Faulty(control, world).add("status", status=503)
            world.delete()
            assert world.api.get("/tasks").status_code == 401


class TestReport:
    def test_what_never_happened_is_told(self, faulty):
        """By id, beside how often each matched and happened."""
        fired = faulty.add("status", status=503)
        unfired = faulty.add("status", status=503, operation="create_agent")
        late = faulty.add("latency", seconds=1, nth=9)
        faulty.statuses(1)
        told = faulty.faults()
        assert told["unfired"] == [unfired, late]
        assert [one["id"] for one in told["faults"]] == [fired, unfired, late]
        assert told["faults"][2] == {
            "id": late,
            "kind": "latency",
            "nth": 9,
            "seconds": 1.0,
            "count": 1,
            "matched": 1,
            "fired": 0,
            "spent": False,
        }

    def test_one_or_all_are_deleted(self, faulty):
        """And happen no more."""
        first = faulty.add("status", status=503, count=9)
        faulty.add("status", status=500, count=9)
        faulty.ask("DELETE", f"faults/{first}", 204)
        assert faulty.statuses(1) == [500]
        faulty.ask("DELETE", f"faults/{first}", 404)
        faulty.ask("DELETE", "faults", 204)
        assert faulty.statuses(1) == GOOD

    def test_a_reset_deletes_them(self, faulty):
        """As all that came after the world was made."""
        faulty.add("status", status=503)
        faulty.world.reset()
        assert faulty.faults()["faults"] == []
        assert faulty.statuses(1) == GOOD


class TestRefusal:
    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({}, "kind"),
            ({"kind": "explode"}, "kind"),
            ({"kind": "status"}, "status"),
            ({"kind": "status", "status": 200}, "status"),
            ({"kind": "status", "status": "503"}, "status"),
            ({"kind": "latency"}, "seconds"),
            ({"kind": "latency", "seconds": -1}, "seconds"),
            ({"kind": "latency", "seconds": 1e9}, "seconds"),
            ({"kind": "slow", "bytesPerSecond": 0}, "bytesPerSecond"),
            ({"kind": "truncate", "bytes": -1}, "bytes"),
            ({"kind": "rate-limit", "retryAfter": 0}, "retryAfter"),
            ({"kind": "reset", "when": "during"}, "when"),
            ({"kind": "hang", "count": 0}, "count"),
            ({"kind": "hang", "count": 1.5}, "count"),
            ({"kind": "hang", "nth": 0}, "nth"),
            ({"kind": "hang", "share": 0, "count": 1}, "share"),
            ({"kind": "hang", "share": 1.5, "count": 1}, "share"),
            ({"kind": "hang", "share": 0.5}, "share"),
            ({"kind": "hang", "forCalls": -1}, "forCalls"),
            ({"kind": "hang", "seconds": 1}, "seconds"),
            ({"kind": "hang", "operation": "create_tsk"}, "operation"),
            ({"kind": "hang", "event": "task.created"}, "event"),
            ({"kind": "drop", "operation": "create_task"}, "operation"),
            ({"kind": "drop", "event": "task.exploded"}, "event"),
            ({"kind": "drop", "channel": "task"}, "channel"),
            ({"kind": "drop", "channel": "agents", "event": "task.created"}, "channel"),
            ({"kind": "close", "code": 1006}, "code"),
            ({"kind": "refuse-subscription", "event": "task.created"}, "event"),
            ({"kind": "hang", "speed": 1}, "speed"),
        ],
        ids=str,
    )
    def test_what_can_not_be_meant_is_422_and_makes_nothing(self, faulty, body, named):
        """The field is named; the next fault has the number that this one would have had."""
        refused = faulty.ask("POST", "faults", 422, json=body)
        assert list(refused["error"]["details"]) == [named]
        assert faulty.faults() == {"faults": [], "unfired": []}
        assert faulty.add("hang") == "fault-1"

    def test_a_misspelt_name_is_told_what_is_close(self, faulty):
        """Of operations, events and channels."""
        for body, close in (
            ({"kind": "hang", "operation": "create_tsk"}, "create_task"),
            ({"kind": "drop", "event": "task.update"}, "task.updated"),
            ({"kind": "drop", "channel": "task"}, "tasks"),
        ):
            details = faulty.ask("POST", "faults", 422, json=body)["error"]["details"]
            assert close in str(details)

    def test_a_world_that_is_not_there_is_404(self, faulty):
        """For each request, with what to do."""
        for method, path in (("POST", ""), ("GET", ""), ("DELETE", ""), ("DELETE", "/fault-1")):
            answer = faulty.control.http.request(
                method, f"/worlds/org-none/faults{path}", json={"kind": "hang"} if method == "POST" else None
            )
            assert answer.status_code == 404
            assert "GET /_control/worlds" in answer.json()["error"]["message"]

    def test_too_many_are_409(self, faulty):
        """A thousand at once."""
        for _ in range(1_000):
            faulty.add("hang", nth=1_000_000)
        assert "delete" in faulty.ask("POST", "faults", 409, json={"kind": "hang"})["error"]["message"]
