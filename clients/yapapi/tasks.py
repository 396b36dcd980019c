"""Six tasks on up to three providers; what is told about it adds up."""

from collections import Counter
from datetime import timedelta

from order import golem, image, run
from yapapi import Task, events

told = Counter()


async def worker(context, tasks):
    async for task in tasks:
        script = context.new_script(timeout=timedelta(seconds=20))
        square = script.run("/bin/sh", "-c", f"echo $(({task.data} * {task.data}))")
        yield script
        task.accept_result(result=int((await square).stdout))


async def main():
    squares = {}
    async with golem(event_consumer=lambda event: told.update([type(event)])) as engine:
        async for task in engine.execute_tasks(
            worker, [Task(data=n) for n in range(6)], payload=await image(), max_workers=3, timeout=timedelta(minutes=6)
        ):
            squares[task.data] = task.result
    assert squares == {n: n * n for n in range(6)}, squares
    assert told[events.TaskAccepted] == 6, told
    assert 1 <= told[events.AgreementConfirmed] <= 3, told
    assert told[events.InvoiceAccepted] == told[events.AgreementConfirmed], told
    assert told[events.AgreementTerminated] == told[events.AgreementConfirmed], told
    failures = [kind.__name__ for kind in told if "Failed" in kind.__name__]
    assert not failures, failures


run(main)
