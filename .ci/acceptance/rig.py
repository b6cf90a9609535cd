"""What the acceptance checks stand on: both ends of the tunnel as processes started by the launcher, an origin whose
every connection can be watched, and raw visitors.

Every wait has a limit and ends with the event that it waits for.
"""
import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAUNCHER = os.environ.get("LOOMTUNNEL", str(ROOT / "bin" / "loomtunnel"))
SMALL = "-Xmx64m"
HOST = "app.test"
os.environ["PATH"] += os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"


class Failed(Exception):
    """A claim that does not hold; says which, in one line."""


def claim(holds, otherwise):
    if not holds:
        raise Failed(otherwise)


def eventually(seconds, what, condition, pause=0.01):
    """Waits until the condition is true, and returns how long that took."""
    began = time.monotonic()
    while True:
        value = condition()
        if value:
            return time.monotonic() - began
        claim(time.monotonic() - began < seconds, f"{what}: not within {seconds} s")
        time.sleep(pause)


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """A program of ours or of others, its output in a file."""

    def __init__(self, name, words, folder, **environment):
        self.name = name
        self.log = folder / f"{name}-{time.monotonic_ns()}.log"
        with open(self.log, "wb") as log:
            self.started = time.monotonic()
            self.popen = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                          env={**os.environ, **environment}, start_new_session=True)

    @property
    def pid(self):
        return self.popen.pid

    def text(self):
        return self.log.read_text(errors="replace")

    def line(self, pattern, seconds=30):
        """The first line that matches, waited for."""
        def found():
            claim(self.popen.poll() is None or re.search(pattern, self.text()),
                  f"{self.name} ended with {self.popen.poll()}: {self.text()[-400:]!r}")
            return re.search(pattern, self.text())
        eventually(seconds, f"{self.name}: a line with {pattern!r}, it said {self.text()[-400:]!r}", found)
        return re.search(pattern, self.text())

    def end(self, how=signal.SIGTERM, seconds=20):
        """Ends it, by force when it takes too long; returns its exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(how)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait(5)
        return self.popen.returncode

    # ---- what it holds

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def status(self, name):
        return int(re.search(rf"^{name}:\s+(\d+)", pathlib.Path(f"/proc/{self.pid}/status").read_text(), re.M)[1])

    def jcmd(self, *words):
        java = pathlib.Path(os.readlink(f"/proc/{self.pid}/exe"))
        return subprocess.run([java.with_name("jcmd"), str(self.pid), *words], capture_output=True, text=True,
                              timeout=60).stdout

    def heap(self):
        """KiB in use after a collection."""
        self.jcmd("GC.run")
        info = self.jcmd("GC.heap_info")
        return sum(int(used) for used in re.findall(r"total \d+K, used (\d+)K", info))

    def virtual_threads(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "threads"
            self.jcmd("Thread.dump_to_file", str(file))
            return len(re.findall(r"^#\d+ .*virtual", file.read_text(), re.M)) if file.exists() else -1

    def figures(self):
        return {"descriptors": self.descriptors(), "threads": self.status("Threads"),
                "virtual": self.virtual_threads(), "heap": self.heap(), "rss": self.status("VmRSS")}

    def out_of_memory(self):
        return "OutOfMemoryError" in self.text()


class Rig:
    """Server, client and origins of one check run, ended together."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="loomtunnel-acceptance-"))
        self.environment = {"LOOMTUNNEL_TOKEN": "acceptance", "LOOMTUNNEL_JAVA_OPTS": SMALL}
        self.processes = []
        self.origin = Origin()
        self.control = self.visitors = 0
        self.server = self.client = None

    def close(self):
        for process in reversed(self.processes):
            process.end()
        self.origin.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, *words, **environment):
        process = Process(name, [str(word) for word in words], self.folder, **environment)
        self.processes.append(process)
        return process

    def start_server(self):
        """On the ports of the first start, if there was one."""
        self.server = self.start("server", LAUNCHER, "server", "--bind", f"127.0.0.1:{self.control}",
                                 "--http", f"127.0.0.1:{self.visitors}", **self.environment)
        self.control = int(self.server.line(r"listening for tunnels on \S*:(\d+)", 120)[1])
        self.visitors = int(self.server.line(r"listening for visitors on http://\S*:(\d+)")[1])

    def start_client(self, *services, wait=True):
        """Without services it serves HOST from the watched origin."""
        self.services = services or getattr(self, "services", ()) or (f"{HOST}=127.0.0.1:{self.origin.port}",)
        self.client = self.start("client", LAUNCHER, "client", "--server", f"127.0.0.1:{self.control}",
                                 *(word for service in self.services for word in ("--http", service)), **self.environment)
        if wait:
            self.client.line(r" -> http://")

    def start_both(self, *services):
        self.start_server()
        self.start_client(*services)

    def nginx(self, **files):
        """Files of the given sizes behind nginx; returns its port."""
        port = free_port()
        folder = self.folder / f"nginx-{port}"
        (folder / "files").mkdir(parents=True)
        for name, size in files.items():
            with open(folder / "files" / name, "wb") as file:
                left = size
                while left:
                    left -= file.write(os.urandom(min(left, 1 << 20)))
        (folder / "files" / "index.html").write_text("a page behind the tunnel\n")
        temporary = " ".join(f"{kind}_temp_path {folder}/tmp;" for kind in
                             ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; worker_rlimit_nofile 16384;\n"
            f"events {{ worker_connections 8192; }}\n"
            f"http {{ access_log off; keepalive_requests 1000000; send_timeout 600s; {temporary}\n"
            f"  server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/files; }} }}\n")
        for each in (self.folder, folder):
            each.chmod(0o755)                       # its worker is another user
        self.start("nginx", "nginx", "-p", folder, "-c", folder / "nginx.conf")
        eventually(10, "nginx listens", lambda: connects(port))
        return port, folder / "files"

    def visit(self, path="/", **how):
        return visit(self.visitors, path, **how)

    def status(self, host=HOST, path="/"):
        return self.visit(path, host=host)[0]


def connects(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


# ---------------------------------------------------------------- visitors

def connect(port, receive_buffer=0, timeout=20):
    s = socket.socket()
    s.settimeout(timeout)
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.connect(("127.0.0.1", port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def ask(s, path, host=HOST, *fields):
    s.sendall("\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode())


def head(file):
    """Status and fields of the next response."""
    line = file.readline()
    claim(line.startswith(b"HTTP/1."), f"no response but {line[:60]!r}")
    fields = {}
    while (field := file.readline().strip()):
        name, _, value = field.partition(b":")
        fields[name.strip().lower().decode()] = value.strip().decode("latin-1")
    return int(line.split()[1]), fields


def visit(port, path="/", host=HOST, timeout=20):
    """One request on a connection of its own: status and content."""
    with connect(port, timeout=timeout) as s, s.makefile("rb") as file:
        ask(s, path, host, "Connection: close")
        status, fields = head(file)
        if "content-length" in fields:
            return status, file.read(int(fields["content-length"]))
        return status, file.read()


# ---------------------------------------------------------------- the origin

class Origin:
    """Answers each connection on a thread of its own, and knows when the other side left it.

    /            a short page              /events   an event at once, then one a second
    /endless     1 KiB every 5 ms          /silent   no answer, ever
    """

    def __init__(self):
        self.listener = None
        self.left = {}                              # name of a visit (?NAME) -> when its connection ended
        self.arrived = {}
        self.changed = threading.Condition()
        self.port = free_port()
        self.open()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self):
        # A thread blocked in accept would keep the port: wake it first.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self, listener):
        while True:
            try:
                s, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        with contextlib.suppress(OSError), s, s.makefile("rb") as file:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (line := file.readline()):
                while file.readline().strip():
                    pass
                path, _, name = line.split()[1].decode().partition("?")
                self.note(self.arrived, name)
                try:
                    self.answer(s, path)
                finally:
                    if path in ("/endless", "/silent", "/events"):
                        self.note(self.left, name)

    def note(self, where, name):
        with self.changed:
            where[name] = time.monotonic()
            self.changed.notify_all()

    def answer(self, s, path):
        if path == "/endless":
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not self.gone(s, 0.005):
                s.sendall(b"400\r\n" + bytes(1024) + b"\r\n")
            raise OSError("gone")
        elif path == "/silent":
            while not self.gone(s, 30):
                pass
            raise OSError("gone")
        elif path == "/events":
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                event = f"data: {time.monotonic()}\n\n".encode()
                s.sendall(b"%x\r\n%s\r\n" % (len(event), event))
                if self.gone(s, 1):
                    raise OSError("gone")
        else:
            page = b"a page behind the tunnel\n"
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))

    @staticmethod
    def gone(s, seconds):
        """Whether the other side left within that time."""
        s.settimeout(seconds)
        try:
            return s.recv(1, socket.MSG_PEEK) == b""
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            s.settimeout(None)

    def wait(self, where, name, seconds, what):
        with self.changed:
            claim(self.changed.wait_for(lambda: name in where, seconds), f"{what}: not within {seconds} s")
            return where[name]
