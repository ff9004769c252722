"""A program whose threads gevent has replaced. Prints what becomes of a wait and of a watch."""

from gevent import monkey

monkey.patch_all()

import asyncio  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402

from taskresults import AsyncTaskResults, TaskResults  # noqa: E402


def main(address: str) -> None:
    with TaskResults(address, timeout=60) as results:
        waited, watched = results.create("app.tasks.add"), results.create("app.tasks.add")

        def work(id: str) -> None:
            attempt = results.start_attempt(id, worker_id="w1").attempt
            results.succeed(id, attempt, None)

        threading.Timer(0.3, work, [waited.id]).start()  # a greenlet
        print(results.wait(waited.id, timeout=60).status)
        states = results.watch(watched.id)
        print(next(states).status)
        threading.Timer(0.3, work, [watched.id]).start()
        print([state.status for state in states][-1])
    asyncio.run(use_asyncio(address))


async def use_asyncio(address: str) -> None:
    try:
        AsyncTaskResults(address)
    except RuntimeError:
        print("refused")


main(sys.argv[1])
