"""Runs a few tasks and reports what becomes of them.

usage: worker.py [ADDRESS]     (default: 127.0.0.1:50051)
"""

import os
import socket
import sys

from taskresults import TaskResults

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"

# Each worker process needs a name of its own.
WORKER_ID = f"{socket.gethostname()}-{os.getpid()}"


def resize(width: int, height: int) -> dict[str, int]:
    if width <= 0:
        raise ValueError("nothing is left of the picture")
    return {"pixels": width * height}


with TaskResults(ADDRESS) as results:
    for width in (640, 320, 0):
        # Registered here; in a real system by whoever enqueues the task.
        picture = results.create("pictures.resize", args=[width, 480], metadata={"example": "python"})
        print("working on", picture.id, flush=True)
        try:
            print(results.run_existing(picture.id, resize, worker_id=WORKER_ID, lease=30).return_value)
        except ValueError as error:
            print("failed:", error)
