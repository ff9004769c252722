"""The operations of the driver, each under its name."""

import math
from typing import Any

import members as of
from answers import to_handle, to_started, to_state
from flavours import Flavour
from members import Members
from watching import Watching

from taskresults import TaskResult


class Actor:
    def __init__(self, flavour: Flavour) -> None:
        self._flavour = flavour
        self._client: Any = None
        self._handles: dict[str, TaskResult] = {}
        self._watches: dict[str, Watching] = {}
        # By id, of the last attempt that was started here.
        self._held: dict[str, int] = {}

    async def act(self, op: str, members: Members) -> Any:
        return await getattr(self, f"_{op}")(members)

    async def close(self) -> None:
        if self._client is not None:
            await self._flavour.call(self._client.close)

    async def _connect(self, members: Members) -> Members:
        before, self._client = self._client, self._flavour.connect(members["target"], **of.connect(members))
        if before is not None:
            await self._flavour.call(before.close)
        return {}

    async def _create(self, members: Members) -> Members:
        return self._remember(await self._call("create", of.task(members), **of.create(members)))

    async def _create_unencodable(self, members: Members) -> Members:
        value = {"nan": math.nan, "infinity": math.inf}[members["what"]]
        return self._remember(await self._call("create", "conformance.unencodable", args=[value]))

    async def _get(self, members: Members) -> Members:
        return self._remember(await self._call("get", members["id"], **of.get(members)))

    async def _get_many(self, members: Members) -> Members:
        found, missing = await self._call("get_many", members["ids"])
        return {"found": [to_handle(result) for result in found], "missing": missing}

    async def _list(self, members: Members) -> Members:
        results = self._flavour.iterate(self._client.list(**of.filter(members)))
        return {"ids": [result.id async for result in results]}

    async def _dump(self, members: Members) -> Members:
        return to_handle(self._handles[members["id"]])

    async def _refresh(self, members: Members) -> Members:
        handle = self._handles[members["id"]]
        await self._flavour.refresh(handle)
        return to_handle(handle)

    async def _start(self, members: Members) -> Members:
        started = await self._call("start_attempt", members["id"], **of.start(members))
        self._held[members["id"]] = started.state.incarnation
        return to_started(started)

    async def _renew(self, members: Members) -> Members:
        return await self._write(members, "renew_lease", members["lease_ms"] / 1000)

    async def _succeed(self, members: Members) -> Members:
        return await self._write(members, "succeed", of.value(members["value_json"]))

    async def _succeed_large(self, members: Members) -> Members:
        return await self._write(members, "succeed", "x" * members["bytes"])

    async def _fail(self, members: Members) -> Members:
        return await self._write(members, "fail", of.error(members), **of.picked(members, "retry"))

    async def _fail_task(self, members: Members) -> Members:
        return to_state(await self._call("fail_task", members["id"], of.error(members)))

    async def _delete(self, members: Members) -> Members:
        await self._call("delete", members["id"], **of.delete(members))
        return {}

    async def _wait(self, members: Members) -> Members:
        timeout = {"timeout": members["timeout_ms"] / 1000} if "timeout_ms" in members else {}
        return to_handle(await self._call("wait", members["id"], **timeout))

    async def _watch(self, members: Members) -> Members:
        states = self._flavour.iterate(self._client.watch(members["id"]))
        self._watches[members["id"]] = Watching(states)
        return {}

    async def _watched(self, members: Members) -> Members:
        return await self._watches[members["id"]].until(members["until"])

    async def _run(self, members: Members) -> Members:
        function = self._flavour.work(members.get("for_ms", 0) / 1000, of.outcome(members))
        return to_handle(await self._call("run", members["path"], function, **of.run(members)))

    async def _write(self, members: Members, method: str, what: Any, **options: Any) -> Members:
        """What the worker of an attempt says."""
        if members.get("held"):
            options["incarnation"] = self._held[members["id"]]
        return to_state(await self._call(method, members["id"], members["attempt"], what, **options))

    async def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return await self._flavour.call(getattr(self._client, method), *args, **kwargs)

    def _remember(self, handle: TaskResult) -> Members:
        self._handles[handle.id] = handle
        return to_handle(handle)
