"""nginx before a testbed, as `docs/proxies.md` recommends it."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "proxies.md"
FOLDERS = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
PATIENCE = 10


class Nginx:
    def __init__(self, upstream):
        self.folder, self.port = tempfile.mkdtemp(prefix="everwire-nginx-"), free_port()
        config = re.search(r"```nginx\n(.*?)```", PAGE.read_text(), re.S).group(1)
        config = config.replace("127.0.0.1:3000", f"127.0.0.1:{upstream}").replace("listen 80", f"listen 127.0.0.1:{self.port}")
        folders = "\n".join(f"{name}_temp_path {self.folder}/{name};" for name in FOLDERS)
        path = pathlib.Path(self.folder) / "config"
        path.write_text(f"daemon off;\nmaster_process off;\npid {self.folder}/pid;\nerror_log stderr crit;\n"
                        f"events {{}}\nhttp {{\naccess_log off;\n{folders}\n{config}}}\n")
        # Debian keeps it where only root looks.
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
        command = [shutil.which("nginx", path=environment["PATH"]), "-p", self.folder, "-e", "stderr", "-c", str(path)]
        self.process = subprocess.Popen(command, env=environment)
        deadline = time.monotonic() + PATIENCE
        while not listens(self.port):
            assert self.process.poll() is None and time.monotonic() < deadline, "nginx does not start"
            time.sleep(0.02)

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
