"""Runs a command on a terminal of its own: `terminal.py <rows> <columns> <command> …`.

What is drawn goes to standard output. SIGINT presses Ctrl-C on that terminal. Ends as the command does.
"""

import fcntl
import os
import pty
import signal
import struct
import sys
import termios

rows, columns, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))
    os.execvp(command[0], command)

signal.signal(signal.SIGINT, lambda *_: os.write(terminal, b"\x03"))
while True:
    try:
        drawn = os.read(terminal, 65536)
    except OSError:  # Linux says so at the end
        break
    if not drawn:
        break
    os.write(1, drawn)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256 if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
