"""Tasks on machines that die under them are run again on others."""

from collections import Counter
from datetime import timedelta

from order import golem, image, run
from yapapi import Task, events

told = Counter()


async def worker(context, tasks):
    async for task in tasks:
        script = context.new_script(timeout=timedelta(seconds=20))
        answer = script.run("/bin/sh", "-c", f"sleep 5; echo survivor {task.data}")
        yield script
        task.accept_result(result=(await answer).stdout)


async def main():
    results = set()
    async with golem(event_consumer=lambda event: told.update([type(event)])) as engine:
        async for task in engine.execute_tasks(
            worker, [Task(data=n) for n in (1, 2)], payload=await image(), max_workers=2, timeout=timedelta(minutes=6)
        ):
            results.add(task.result)
    assert results == {"survivor 1\n", "survivor 2\n"}, results
    assert told[events.TaskStarted] > 2, told


run(main)
