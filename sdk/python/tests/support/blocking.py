"""The asyncio client with the face of the blocking one, so that one test tries both."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

from taskresults import AsyncTaskResults


class Blocking:
    """An `AsyncTaskResults` whose event loop runs in a thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._client = self._wait_for(self._connect(*args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            if asyncio.iscoroutine(answer):
                return self._wait_for(answer)
            if isinstance(answer, AsyncTaskResults):
                return self._with(answer)
            return self.iterate(answer) if hasattr(answer, "__aiter__") else answer

        return call

    def iterate(self, states: Any) -> Iterator[Any]:
        try:
            while (state := self._wait_for(_next(states))) is not None:
                yield state
        finally:
            self._wait_for(states.aclose())

    def close(self) -> None:
        self._wait_for(self._client.close())

    def end(self) -> None:
        self.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _with(self, client: AsyncTaskResults) -> "Blocking":
        """Another client on the same loop."""
        other = object.__new__(Blocking)
        vars(other).update(vars(self), _client=client)
        return other

    def _wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def _connect(self, *args: Any, **kwargs: Any) -> AsyncTaskResults:
        return AsyncTaskResults(*args, **kwargs)


async def _next(states: Any) -> Any:
    return await anext(states, None)
