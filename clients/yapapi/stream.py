"""The output of a command while it runs."""

from datetime import datetime, timedelta

from order import golem, image, run
from yapapi import Task, events

heard = []


def listen(event):
    if isinstance(event, events.CommandStdOut):
        heard.append((datetime.now(), event.output))


async def worker(context, tasks):
    async for task in tasks:
        script = context.new_script(timeout=timedelta(seconds=20))
        script.run("/bin/sh", "-c", "sleep 1; for i in 1 2 3; do echo tick $i; sleep 1; done")
        yield script
        task.accept_result()


async def main():
    async with golem(stream_output=True, event_consumer=listen) as engine:
        async for _ in engine.execute_tasks(worker, [Task(data=None)], payload=await image(), max_workers=1, timeout=timedelta(minutes=6)):
            pass
    assert "".join(output or "" for _, output in heard).endswith("tick 1\ntick 2\ntick 3\n"), heard
    assert heard[-1][0] - heard[-3][0] > timedelta(seconds=1.5), heard


run(main)
