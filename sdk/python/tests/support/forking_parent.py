"""A process that forks while it has a client: `kind state address`. Prints a line of JSON for each child.

A process of its own, since whatever a fork breaks of gRPC stays broken, and gRPC reads its settings when it is loaded.
"""

import asyncio
import faulthandler
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from taskresults import AsyncTaskResults, ClientClosed, ClientForked, TaskResult, TaskResults, TaskResultsError

_KIND, _STATE, _ADDRESS = sys.argv[1:]
# A child that has not answered by then hangs. Its calls have less.
_CHILD_SECONDS = 30
_CALL_SECONDS = 20


def main() -> None:
    faulthandler.enable()
    parent: Any = _Asyncio() if _KIND == "asyncio" else _Blocking()
    handle: Any = None if _STATE == "unused" else parent.begin()
    if _STATE == "busy":
        parent.work(handle)
    children: dict[str, Callable[[], object]] = {
        "inherited": lambda: parent.inherited("nobody"),
        "blocking": _new_blocking,
        "asyncio": lambda: asyncio.run(_new_asyncio()),
    }
    if _STATE in ("idle", "busy"):
        children["handle"] = lambda: parent.refresh(handle)
    if (_KIND, _STATE) == ("blocking", "busy"):
        children["iterator"] = parent.iterate
    if _STATE == "closed":
        parent.close()
    for name, work in children.items():
        print(json.dumps([name, _in_child(work)]), flush=True)
    print(json.dumps(["parent", _outcome(lambda: parent.get("nobody"))]), flush=True)
    if _STATE == "busy":
        print(json.dumps(["watch", parent.end_of_watch(handle.id)]), flush=True)
    os._exit(0)


class _Blocking:
    def __init__(self) -> None:
        self._client = TaskResults(_ADDRESS, timeout=_CALL_SECONDS)
        self.get = self.inherited = self._client.get
        self.close = self._client.close

    def begin(self) -> TaskResult:
        return self._client.create("app.tasks.add")

    def refresh(self, handle: TaskResult) -> None:
        handle.refresh()

    def work(self, handle: TaskResult) -> None:
        """A watch, a wait, and calls all the time; and a watch that children iterate over."""
        self._iterated = self._client.create("app.tasks.add")
        self._states = self._client.watch(self._iterated.id)
        next(self._states)
        self._watching = _in_thread(lambda: list(handle.watch()))
        _in_thread(lambda: self._client.wait(handle.id))
        calls = _Counter()

        def get() -> None:
            while True:
                self._client.get(handle.id)
                calls.add()

        for _ in range(2):
            _in_thread(get)
        calls.wait_for(20)

    def iterate(self) -> None:
        self._client.fail_task(self._iterated.id)
        assert [state.status for state in self._states] == ["FAILED"]

    def end_of_watch(self, id: str) -> str:
        self._client.fail_task(id)
        self._watching.join(_CALL_SECONDS)
        return "hangs" if self._watching.is_alive() else "works"


class _Asyncio:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        _in_thread(self._loop.run_forever)
        self._client = self._wait_for(self._connect())

    def get(self, id: str) -> None:
        self._wait_for(self._client.get(id))

    def close(self) -> None:
        self._wait_for(self._client.close())

    def inherited(self, id: str) -> None:
        asyncio.run(self._client.get(id))

    def begin(self) -> TaskResult:
        handle: TaskResult = self._wait_for(self._client.create("app.tasks.add"))
        return handle

    def refresh(self, handle: TaskResult) -> None:
        handle.refresh()  # of a loop whose thread is not here

    def work(self, handle: TaskResult) -> None:
        calls = _Counter()
        self._is_watched = threading.Event()

        async def watch() -> None:
            async for _ in handle.awatch():
                pass
            self._is_watched.set()

        async def get() -> None:
            while True:
                await self._client.get(handle.id)
                calls.add()

        for coroutine in (watch(), get(), get()):
            asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        calls.wait_for(20)

    def end_of_watch(self, id: str) -> str:
        self._wait_for(self._client.fail_task(id))
        return "works" if self._is_watched.wait(_CALL_SECONDS) else "hangs"

    def _wait_for(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _connect(self) -> AsyncTaskResults:
        return AsyncTaskResults(_ADDRESS, timeout=_CALL_SECONDS)


class _Counter:
    def __init__(self) -> None:
        self._count = 0

    def add(self) -> None:
        self._count += 1

    def wait_for(self, count: int) -> None:
        while self._count < count:
            time.sleep(0.01)


def _new_blocking() -> None:
    with TaskResults(_ADDRESS, timeout=_CALL_SECONDS) as results:
        results.get("nobody")


async def _new_asyncio() -> None:
    async with AsyncTaskResults(_ADDRESS, timeout=_CALL_SECONDS) as results:
        await results.get("nobody")


def _in_child(work: Callable[[], object]) -> str:
    reading, writing = multiprocessing.Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        writing.send(_outcome(work))
        sys.exit(0)  # with all that Python does at its end
    writing.close()
    ending = time.monotonic() + _CHILD_SECONDS
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > ending:
            os.kill(child, 9)
            os.waitpid(child, 0)
            return "hangs" if not reading.poll() else f"{reading.recv()}, but does not end"
        time.sleep(0.01)
    try:
        return str(reading.recv())
    except EOFError:
        return "dies"


def _outcome(work: Callable[[], object]) -> str:
    try:
        work()
    except ClientForked:
        return "raises"
    except ClientClosed:
        return "closed"
    except TaskResultsError as error:
        return "works" if error.reason == "TASK_RESULT_DOES_NOT_EXIST" else repr(error)
    except BaseException as error:
        return repr(error)
    return "works"


def _in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


if __name__ == "__main__":
    main()
