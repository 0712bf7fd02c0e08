"""As much memory as a server may have: a cgroup where one can be made, else its resident memory is watched."""
import contextlib
import os
import pathlib

ROOT = pathlib.Path("/sys/fs/cgroup")


class Ceiling:
    """Whoever is started in it is killed beyond so many MiB."""

    @classmethod
    def of(cls, mebibytes):
        name = f"everwire-attacks-{os.getpid()}"
        for kind in (Version2, Version1):
            ceiling = kind(name, mebibytes)
            try:
                ceiling.make()
                return ceiling
            except OSError:
                ceiling.remove()
        return Watched(name, mebibytes)

    def __init__(self, name, mebibytes):
        self.name, self.mebibytes = name, mebibytes

    def remove(self):
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def enter(self):
        """Between fork and exec."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def count(self, file, key):
        """`KEY NUMBER` in one of its files."""
        lines = (line.split() for line in (self.folder / file).read_text().splitlines())
        return int(dict(lines).get(key, 0))


class Version2(Ceiling):
    limit, peak = "memory.max", "memory.peak"

    def __str__(self):
        return f"a cgroup (version 2) of {self.mebibytes} MiB"

    def make(self):
        """Below the root: a process's own group has processes in it, and so no groups with limits."""
        self.folder = ROOT / self.name
        if "memory" not in (ROOT / "cgroup.controllers").read_text().split():
            raise FileNotFoundError("no memory here")
        (ROOT / "cgroup.subtree_control").write_text("+memory")
        self.folder.mkdir()
        (self.folder / self.limit).write_text(str(self.mebibytes << 20))
        with contextlib.suppress(OSError):
            (self.folder / "memory.swap.max").write_text("0")

    def kills(self):
        return self.count("memory.events", "oom_kill")


class Version1(Ceiling):
    limit, peak = "memory.limit_in_bytes", "memory.max_usage_in_bytes"

    def __str__(self):
        return f"a cgroup (version 1) of {self.mebibytes} MiB"

    def make(self):
        self.folder = ROOT / "memory" / self.name
        self.folder.mkdir()
        (self.folder / self.limit).write_text(str(self.mebibytes << 20))
        with contextlib.suppress(OSError):
            (self.folder / "memory.memsw.limit_in_bytes").write_text(str(self.mebibytes << 20))

    def kills(self):
        return self.count("memory.oom_control", "oom_kill")


class Watched(Ceiling):
    def __str__(self):
        return f"no cgroup could be made: resident memory is watched, which must stay below {self.mebibytes} MiB"

    def remove(self):
        pass

    def enter(self):
        pass

    def kills(self):
        return 0
