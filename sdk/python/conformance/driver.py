"""The driver of the conformance scenarios: see sdk/conformance/README.md. `--async` drives the asyncio client."""

import asyncio
import json
import sys
from typing import Any

from actor import Actor
from answers import to_error
from flavours import AsyncFlavour, SyncFlavour


async def main() -> None:
    actor = Actor(AsyncFlavour() if "--async" in sys.argv else SyncFlavour())
    under_way: set[asyncio.Task[None]] = set()
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        task = asyncio.create_task(answer(actor, request))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await actor.close()
    await asyncio.gather(*under_way)


async def answer(actor: Actor, request: dict[str, Any]) -> None:
    n, op = request.pop("n"), request.pop("op")
    try:
        outcome = {"ok": await actor.act(op, request)}
    except Exception as error:
        outcome = {"error": to_error(error)}
    print(json.dumps({"n": n, **outcome}), flush=True)


asyncio.run(main())
