"""Follows a task result until it is finished.

usage: watcher.py ID [ADDRESS]     (default: 127.0.0.1:50051)
"""

import asyncio
import sys

from taskresults import AsyncTaskResults, TaskResultStatus

ID = sys.argv[1]
ADDRESS = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:50051"


async def main() -> None:
    async with AsyncTaskResults(ADDRESS) as results:
        async for result in results.watch(ID):
            print(result.status, "revision", result.revision, flush=True)
        if result.status is TaskResultStatus.SUCCESSFUL:
            print("returned", result.return_value)
        else:
            print("failed:", result.errors[-1].message)


asyncio.run(main())
