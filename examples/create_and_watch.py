"""Create a task and follow it to its end."""

from coordinaitor_sdk import Coordinaitor

with Coordinaitor() as client:
    task = client.tasks.create(title="Build user registration", priority="high", estimated_hours=4)
    print(f"{task.id}: {task.title}")
    for update in client.tasks.watch(task.id):
        print(f"{update.type:<9} {update.progress:>4.0%}  {update.error or ''}".rstrip())
