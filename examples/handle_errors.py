"""What errors carry, and what to do with them."""

from coordinaitor_sdk import (
    ConflictError,
    Coordinaitor,
    InvalidArgumentError,
    NotFoundError,
    ValidationFailedError,
)

with Coordinaitor() as client:
    try:
        client.tasks.create(title="")
    except InvalidArgumentError as error:
        print("refused before it was sent:", error)

    try:
        client.tasks.create(title="Paint it", priority="urgent")
    except ValidationFailedError as error:
        print("refused by the server:", error.details, "- request", error.request_id)

    try:
        client.tasks.get("task-0")
    except NotFoundError as error:
        print("not there:", error.message)

    task = client.tasks.create(title="Done already")
    client.tasks.update(task.id, status="completed")
    try:
        client.tasks.update(task.id, status="active")
    except ConflictError as error:
        print("its state is final:", error.message)
