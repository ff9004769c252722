"""`celery_bench.py <result backend URL>`: a result backend of Celery, called directly; no broker and no worker.

Reads one request a line from stdin, answers each with one line, and ends with its stdin. Callers are threads of this one
process, so CPython's GIL bounds them all together. Those who wait for a result are 16 processes, each with connections of
its own, as a Redis subscription of Celery is not made to be shared by threads.
"""

import json
import logging
import multiprocessing
import os
import random
import sys
import threading
import time
import uuid

from celery import Celery
from celery.result import AsyncResult

VALUE = "x" * 298
FINISHED = 1_000
THREADS = 16
WAITERS = 16
# A waiter waits this long before its result is written: anywhere within one polling interval of those that poll.
WAIT_LEAST, WAIT_SPREAD = 0.05, 0.5
WAIT_LIMIT = 30


def connect(url: str) -> Celery:
    app = Celery("bench", backend=url, broker="memory://")
    app.conf.update(
        database_engine_options={
            "pool_size": THREADS,
            "max_overflow": 0,
            # The server offers no TLS, yet PyMySQL reads all certificates of the system for each connection.
            "connect_args": {"ssl_disabled": True},
        },
        database_short_lived_sessions=False,
    )
    if url.startswith("db+"):
        # Celery keeps a pool only in the forked children of a worker. Anywhere else it opens a new connection for each
        # call, whatever the engine options say. The pool is what is to be measured, so this says that we are such a
        # child.
        app.backend.session_manager.forked = True
    return app


def percentiles(times: list[float]) -> dict[str, float]:
    times = sorted(times)

    def at(part: float) -> float:
        return times[min(len(times) - 1, int(len(times) * part))] * 1_000

    return {"p50Ms": at(0.5), "p99Ms": at(0.99), "samples": len(times)}


def load(callers: int, seconds: float, operation) -> dict[str, float]:
    """`callers` threads that call `operation` one time after the other for `seconds`."""
    times: list[list[float]] = [[] for _ in range(callers)]
    errors: list[BaseException] = []
    begin = time.monotonic()

    def loop(mine: list[float]) -> None:
        try:
            now = time.monotonic()
            while now < begin + seconds:
                operation()
                then = time.monotonic()
                mine.append(then - now)
                now = then
        except BaseException as error:
            errors.append(error)

    run_threads([lambda mine=mine: loop(mine) for mine in times])
    took = time.monotonic() - begin
    if errors:
        raise errors[0]
    joined = [each for mine in times for each in mine]
    return {"perSecond": len(joined) / took, **percentiles(joined)}


def run_threads(targets) -> None:
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wait_for_results(url: str, pipe) -> None:
    """The life of one waiter: waits for each id that it is sent, and says when it was notified."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    app = connect(url)
    try:
        while task_id := pipe.recv():
            result = AsyncResult(task_id, app=app)
            pipe.send("waiting")
            result.get(timeout=WAIT_LIMIT)
            pipe.send(time.monotonic())
    except (EOFError, KeyboardInterrupt):
        pass


def end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def notified(backend, pipes, seconds: float) -> dict[str, float]:
    """One thread for each waiter: has it wait, writes its result, and asks when the waiter was notified."""
    since_call: list[float] = []
    since_return: list[float] = []
    errors: list[BaseException] = []
    begin = time.monotonic()

    def loop(pipe) -> None:
        try:
            while time.monotonic() < begin + seconds:
                task_id = str(uuid.uuid4())
                pipe.send(task_id)
                pipe.recv()
                time.sleep(WAIT_LEAST + random.random() * WAIT_SPREAD)
                called = time.monotonic()
                backend.store_result(task_id, VALUE, "SUCCESS")
                returned = time.monotonic()
                notified = pipe.recv()
                since_call.append(notified - called)
                since_return.append(max(0.0, notified - returned))
        except BaseException as error:
            errors.append(error)

    run_threads([lambda pipe=pipe: loop(pipe) for pipe in pipes])
    took = time.monotonic() - begin
    if errors:
        raise errors[0]
    whole = percentiles(since_call)
    return {
        "perSecond": len(since_call) / took,
        **percentiles(since_return),
        "callToToldP50Ms": whole["p50Ms"],
        "callToToldP99Ms": whole["p99Ms"],
    }


def main(url: str) -> None:
    logging.disable(logging.WARNING)
    # The waiters come first: a process that forks must not have connections yet.
    pipes = []
    fork = multiprocessing.get_context("fork")
    for _ in range(WAITERS):
        ours, theirs = fork.Pipe()
        fork.Process(target=wait_for_results, args=(url, theirs), daemon=True).start()
        theirs.close()
        pipes.append(ours)

    # One for all threads: an app makes each thread a backend of its own, and with it another pool.
    backend = connect(url).backend
    finished = [str(uuid.uuid4()) for _ in range(FINISHED)]
    for task_id in finished:
        backend.store_result(task_id, VALUE, "SUCCESS")

    def store() -> None:
        backend.store_result(str(uuid.uuid4()), VALUE, "SUCCESS")

    def read() -> None:
        if backend.get_task_meta(random.choice(finished))["result"] != VALUE:
            raise AssertionError("a finished result came back without its value")

    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["operation"] == "notify":
            answer = notified(backend, pipes[: asked["callers"]], asked["seconds"])
        else:
            operation = {"store": store, "read": read}[asked["operation"]]
            answer = load(asked["callers"], asked["seconds"], operation)
        print(json.dumps(answer), flush=True)


main(sys.argv[1])
