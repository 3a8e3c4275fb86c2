"""Create several tasks and follow all of them in one iteration, with asyncio."""

import asyncio

from coordinaitor_sdk import AsyncCoordinaitor


async def main() -> None:
    async with AsyncCoordinaitor() as client:
        titles = ["Write the tests", "Write the code", "Write the docs"]
        tasks = await asyncio.gather(*(client.tasks.create(title=title) for title in titles))
        async for update in client.tasks.watch_many([task.id for task in tasks]):
            title = update.task.title if update.task else update.task_id
            print(f"{title:<16} {update.type:<9} {update.progress:>4.0%}")


asyncio.run(main())
