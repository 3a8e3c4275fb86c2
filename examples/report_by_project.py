"""Count every project's tasks by state."""

from collections import Counter

from coordinaitor_sdk import Coordinaitor

with Coordinaitor() as client:
    for project in client.projects.list():
        tasks = client.tasks.list(project_id=project.id, limit=100)
        states = Counter(str(task.status) for task in tasks)
        print(f"{project.id}  {project.name}: {dict(states)}")
