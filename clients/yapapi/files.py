"""Files in and out of a task, by the gftp program."""

import json
import os
from datetime import timedelta

from order import golem, image, run
from yapapi import Task

home = os.environ["HOME"]


async def worker(context, tasks):
    async for task in tasks:
        script = context.new_script(timeout=timedelta(seconds=20))
        script.upload_json({"words": task.data}, "/golem/input/task.json")
        script.upload_file(f"{home}/in.txt", "/golem/input/in.txt")
        script.run("/bin/sh", "-c", "cat /golem/input/in.txt /golem/input/task.json > /golem/output/out.txt")
        script.download_file("/golem/output/out.txt", f"{home}/out.txt")
        yield script
        task.accept_result()


async def main():
    with open(f"{home}/in.txt", "w") as file:
        file.write("from home\n")
    async with golem() as engine:
        async for _ in engine.execute_tasks(
            worker, [Task(data=["a", "b"])], payload=await image(), max_workers=1, timeout=timedelta(minutes=6)
        ):
            pass
    with open(f"{home}/out.txt") as file:
        first, second = file.read().split("\n", 1)
    assert first == "from home" and json.loads(second) == {"words": ["a", "b"]}, (first, second)


run(main)
