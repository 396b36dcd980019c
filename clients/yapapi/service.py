"""A service of two instances, which are asked for something and ended."""

import asyncio
from datetime import timedelta

from order import golem, image, run
from yapapi.services import Service, ServiceState

heard = []


class Clock(Service):
    @staticmethod
    async def get_payload():
        return await image()

    async def start(self):
        async for script in super().start():
            yield script
        script = self._ctx.new_script()
        script.run("/bin/sh", "-c", "echo up > /golem/work/state")
        yield script

    async def run(self):
        for _ in range(2):
            script = self._ctx.new_script()
            state = script.run("/bin/cat", "/golem/work/state")
            yield script
            heard.append((self.provider_id, (await state).stdout))
            await asyncio.sleep(0.2)


async def main():
    async with golem() as engine:
        cluster = await engine.run_service(Clock, num_instances=2, expiration=None)
        while any(instance.state != ServiceState.terminated for instance in cluster.instances):
            await asyncio.sleep(0.2)
    assert [text for _, text in heard] == ["up\n"] * 4, heard
    assert len({provider for provider, _ in heard}) == 2, heard


run(main)
