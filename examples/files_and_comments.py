"""Give a task a file and a comment, and read back what belongs to it."""

from coordinaitor_sdk import Coordinaitor


def show(sent: int, total: int | None) -> None:
    """Called while a file is sent."""
    print(f"\rsending: {sent} of {total} bytes", end="\n" if sent == total else "")


MOCKUP = b"+--------------+\n| Sign up here |\n+--------------+\n"

with Coordinaitor() as client:
    task = client.tasks.create(title="Design the sign-up page", tags=["design"])
    sent = client.tasks.upload_file(
        task.id, MOCKUP, filename="mockup.txt", description="A first idea", progress=show
    )
    client.tasks.add_comment(task.id, "What do you think of the mockup?", mentions=[client.users.me().id])
    whole = client.tasks.get(task.id, include=["files", "comments", "history"])
    print(f"{task.id}: {sent.name}, {sent.size} bytes, {sent.mime_type}")
    for comment in whole.comments or []:
        print(f"{comment.author}: {comment.content}")
    for entry in whole.history or []:
        print(f"{entry.timestamp:%H:%M:%S} {entry.action}")
