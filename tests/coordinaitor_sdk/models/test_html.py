"""Models as tables in a notebook."""

import pytest

from coordinaitor_sdk import ApiKey, LoginResult, Page, Project, Task, Webhook

HOSTILE = "<script>alert('x')</script>\x1b[31m\u202e\"&"
HARMLESS = "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;\ufffd[31m\ufffd&quot;&amp;"


def shown(model):
    """As IPython asks for it."""
    return model._repr_html_()


def test_all_text_is_escaped_wherever_it_stands():
    """Fields, unknown fields and their names, lists, objects within objects, maps."""
    task = Task.model_validate(
        {
            "id": HOSTILE,
            "title": HOSTILE,
            "tags": [HOSTILE],
            "project": {"name": HOSTILE, "owner": {"deep": {"deeper": HOSTILE}}},
            "comments": [{"id": "c", "content": HOSTILE}],
            HOSTILE: {HOSTILE: HOSTILE},
        }
    )
    for html in (shown(task), shown(Page[Task](data=[task]))):
        assert HARMLESS in html
        assert "<script" not in html
        assert not set(html) & set("\x1b\u202e")


def test_an_odd_value_is_shown_as_it_came():
    """Also where a number belongs."""
    html = shown(Task.model_construct(id=7, title={"a": ["<b>"]}, progress=0.5))
    assert "<td>7</td>" in html
    assert "<b>]" not in html
    for progress in ("<i>much</i>", float("nan"), float("inf"), True):
        task = Task.model_construct(id="t", progress=progress)
        assert "<i>" not in shown(task)


def test_a_task_shows_what_it_has():
    """And a bar for its progress."""
    html = shown(Task(id="task-1", title="Build", progress=0.625, comments=[]))
    assert '<progress value="0.6250" max="1"></progress> 62%' in html
    assert "due_date" not in html


def test_a_page_has_a_row_for_each_item():
    """How many there are on all pages stands above; of a long page the first 100 are shown."""
    tasks = [{"id": f"task-{n}", "title": "x"} for n in range(150)]
    html = shown(Page[Task].model_validate({"data": tasks, "pagination": {"total": 4000}}))
    assert "150 of 4000" in html
    assert html.count("<tr>") == 101
    assert "and 50 more on this page" in html


def test_a_page_of_anything_can_be_shown():
    """An empty one too, and one of other things than objects."""
    assert "<th>name</th>" in shown(Page[Project](data=[Project(id="p", name="n")]))
    assert "0" in shown(Page[Task](data=[]))
    assert "&lt;1&gt;" in shown(Page[str](data=["<1>"]))


def test_formulas_are_not_typeset():
    """A title may hold two prices in dollars."""
    assert 'class="tex2jax_ignore mathjax_ignore"' in shown(Task(id="t", title="$5 to $10"))


@pytest.mark.parametrize(
    "model",
    [
        LoginResult(access_token="canary", refresh_token="canary", token={"accessToken": "canary"}),
        ApiKey(id="k", key="canary"),
        Webhook(id="w", secret="canary"),
    ],
    ids=lambda model: type(model).__name__,
)
def test_no_secret_is_shown(model):
    """What a repr leaves out, a table leaves out, alone and in a page."""
    assert "canary" not in shown(model)
    assert "canary" not in shown(Page[type(model)](data=[model]))
