"""What every program here orders, and how it is run."""

import asyncio
import os

from yapapi import Golem
from yapapi.payload import vm


async def image():
    """The payload. yapapi wants to see the image, so that the devnet shows something."""
    return await vm.repo(
        image_hash="9a3b5d67b0b27746283cb5f287c13eab1beaa12d92a9f536b747c7ae",
        image_url=os.environ["YAGNA_API_URL"] + "/v1/image/info?tag=golem/alpine:latest",
    )


def golem(**options):
    """The engine, with the network and the subnet from the environment."""
    return Golem(budget=1, **options)


def run(main):
    asyncio.run(asyncio.wait_for(main(), 55))
