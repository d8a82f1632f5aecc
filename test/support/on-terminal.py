"""Runs the command in its arguments on a pseudo-terminal of 100 columns, or $COLUMNS, and copies what it prints."""
import fcntl
import os
import pty
import struct
import sys
import termios

pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, int(os.environ.get("COLUMNS", "100")), 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
# What is typed: everything on stdin at once.
if os.environ.get("TYPED"):
    os.write(terminal, os.environ["TYPED"].encode())
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
