"""A nightly script that runs by itself: bounded in time, paced, telling what it does."""

import logging
from datetime import UTC, datetime

from coordinaitor_sdk import Coordinaitor, CoordinaitorError

logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
today = datetime.now(UTC).date()

with Coordinaitor(pacing=True, deadline=60) as client:
    overdue = [
        task
        for task in client.tasks.list(status="pending", limit=100, prefetch=4)
        if task.due_date is not None and task.due_date.date() < today
    ]
    print(f"{len(overdue)} overdue")
    try:
        raw = client.tasks.with_raw_response.create(
            title=f"Look at {len(overdue)} overdue tasks",
            tags=["nightly"],
            idempotency_key=f"overdue-{today}",  # run twice, it makes one task
            timeout=10,
        )
    except CoordinaitorError as error:
        raise SystemExit(f"{error}, after {len(error.attempts)} attempts") from error
    print(f"{raw.parsed.title} ({raw.status}, {raw.attempts} attempt)")
