"""Looking at processes from outside, and stopping them."""

import os
import signal
import time


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def freeze(group):
    """Stops a process group, and returns when no thread of its leader can run a line any more.

    The signal is handed to one thread, which tells the others; on a busy machine that takes milliseconds. A thread that waits
    for its disk (D) stops on its way out of the kernel.
    """
    os.killpg(group, signal.SIGSTOP)
    wait_until(lambda: {state_of_task(group, task) for task in os.listdir(f"/proc/{group}/task")} - {"D", ""} == {"T"}, step=0.0005)


def state_of_task(pid, task):
    try:
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""  # it has ended


def wait_until(condition, timeout=60, step=0.02):
    ends = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(condition)
        time.sleep(step)
