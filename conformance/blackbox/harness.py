"""Testbed processes, and the table of tests."""
import json
import subprocess
import threading
import time
import urllib.request

TESTS = []
COUNTERS = {"refused", "ended", "rejected", "connections"}  # of `/stats`: what has been, and only grows
SETTLES = 60  # seconds until everything that tests have left behind is gone: what has ended is remembered for half of them


def test(transports=None, own=False, nginx=False, settles=False, **flags):
    """Registers a test. `flags` are those of the testbed; tests with the same ones share a process unless `own`.

    With `transports` the test runs once for each. With `nginx` it means something behind one, too. With `settles` the process has nothing left of its
    tests at the end of the run.
    """
    def register(function):
        module = function.__module__.rsplit(".", 1)[-1]
        for transport in transports or [None]:
            title = function.__name__
            title = title.replace("_", " ") if title.isidentifier() else title
            name = f"{module}: {title}" + (f" [{transport}]" if transport else "")
            TESTS.append(Test(name, function, [transport] if transport else [], own, nginx, settles, flags))
        return function
    return register


class Test:
    def __init__(self, name, function, args, own, nginx, settles, flags):
        self.name, self.function, self.args, self.own, self.flags = name, function, args, own, flags
        self.nginx, self.settles = nginx, settles

    def run(self, testbeds):
        process = testbeds.start(self.flags) if self.own else testbeds.shared(self.flags, self.settles)
        server = Server(process)
        try:
            self.function(server, *self.args)
        finally:
            for client in server.clients:
                client.close()
            if self.own:
                process.stop()


class Testbeds:
    """The processes of a run."""

    def __init__(self, path, front=None):
        """With `front` tests speak to what that starts before each process."""
        self.path, self.front, self.by_flags, self.all, self.lock = path, front, {}, [], threading.Lock()
        self.at_rest = {}

    def shared(self, flags, settles=False):
        key = json.dumps([flags, settles], sort_keys=True)
        with self.lock:
            if key not in self.by_flags:
                process = self.by_flags[key] = self.launch(flags)
                if settles:
                    # The first session brings a task that stays: the one that keeps the time of all.
                    before = process.stats()
                    self.at_rest[process] = {**before, "tasks": before["tasks"] + 1}
            return self.by_flags[key]

    def start(self, flags):
        with self.lock:
            return self.launch(flags)

    def launch(self, flags, port=0):
        process = Process(self.path, flags, port)
        self.all.append(process)
        if self.front:
            process.front = self.front(process.port)
        return process

    def left_over(self):
        """Waits until the processes that are to settle have, and says what they still hold all the same."""
        deadline = time.monotonic() + SETTLES
        while True:
            held = [(process.stats(), before) for process, before in self.at_rest.items()]
            left = [{name: count for name, count in now.items() if name not in COUNTERS and count and count != before[name]} for now, before in held]
            left = [each for each in left if each != {"tasks": 1}]  # no session was made at all
            if not any(left) or time.monotonic() > deadline:
                return [each for each in left if each]
            time.sleep(0.2)

    def stop(self):
        for process in self.all:
            process.stop()


class Process:
    def __init__(self, path, flags, port=0):
        args = [path, "--port", str(port)]
        for name, value in flags.items():
            args += ["--" + name.replace("_", "-"), str(value)]
        self.path, self.flags = path, flags
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), f"the testbed said {line!r}"
        self.port, self.front = int(line.rsplit(":", 1)[1]), None

    def stats(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        if self.front:
            self.front.stop()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Server:
    """What a test sees of a process, and the clients that it made."""

    def __init__(self, process):
        self.process, self.port, self.clients = process, (process.front or process).port, []
        self.is_behind_nginx = process.front is not None

    def stats(self):
        return self.process.stats()

    def until(self, condition, patience=10):
        """Waits for something that the server does by itself, and gives what the condition gave."""
        deadline = time.monotonic() + patience
        while not (result := condition()):
            assert time.monotonic() < deadline, "it never came about"
            time.sleep(0.02)
        return result


def raises(kind, function, *args):
    """The exception of that kind that must come."""
    try:
        function(*args)
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")
