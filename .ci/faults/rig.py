"""Where the programs run: in network namespaces of their own, or on loopback behind a relay; and how they are started and ended."""
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LAUNCHER = ROOT / "bin" / "loomtunnel"
HOST = "app.test"
CONTROL, VISITORS, ORIGIN, RELAY = 7835, 8080, 3000, 7836


PR_SET_PDEATHSIG = 1


class Failed(Exception):
    pass


def until(seconds, condition, what):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return value


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A process with its output in a file, which ends with this script at the latest."""

    def __init__(self, command, log, env=None):
        self.log = log
        self.begun = time.monotonic()
        self.seen = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as out:
            self.popen = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=out, stderr=out, env=env,
                                          preexec_fn=end_with_parent)

    def says(self, text, seconds=30):
        def look():
            if self.popen.poll() is not None:
                raise Failed(f"ended with {self.popen.returncode}: {self.tail()}")
            with open(self.log, "rb") as file:
                file.seek(self.seen)
                return text.encode() in file.read()
        until(seconds, look, f"{text!r} in {self.log.name}: {self.tail()}")

    def tail(self):
        return self.log.read_text(errors="replace")[-1000:]

    def tell(self, line):
        self.popen.stdin.write(line.encode() + b"\n")
        self.popen.stdin.flush()

    def result(self, seconds=60):
        """What it has to say once its standard input ends."""
        self.popen.stdin.close()
        self.popen.wait(seconds)
        return json.loads(self.log.read_text())

    def end(self, how=signal.SIGTERM, seconds=45):
        """Its exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(how)
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        self.popen.stdin.close()
        return self.popen.returncode


class Rig:
    """A server, a client and an origin; a link between server and client; a load on the server."""

    def __init__(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="loomtunnel-faults-"))
        self.processes = []
        self.token = "faults-" + os.urandom(8).hex()

    def close(self):
        for process in reversed(self.processes):
            process.end(signal.SIGKILL)
        if (self.work / "small").is_mount():
            subprocess.run(["umount", self.work / "small"], check=False)
        shutil.rmtree(self.work, ignore_errors=True)

    def run(self, place, command, log, env=None, before=""):
        """Starts a process at the server's or the client's place; `before` is a line of shell that comes first."""
        if before:
            command = ["sh", "-c", before + '; exec "$@"', "sh", *command]
        process = Process([*self.at(place), *command], self.work / log, env)
        self.processes.append(process)
        return process

    def java(self, place, log, words, before="", variables=None):
        env = os.environ | {"LOOMTUNNEL_TOKEN": self.token, "LOOMTUNNEL_AOT": "off", "LOOMTUNNEL_JAVA_OPTS": "-Xmx64m"} | (variables or {})
        return self.run(place, [LAUNCHER, *words], log, env, before)

    def server(self, log="server.log", more=(), **how):
        self.the_server = self.java("server", log, ["server", "--bind", f"{self.server_host}:{CONTROL}", "--plaintext",
                                                    "--http", f"{self.server_host}:{VISITORS}", *more], **how)
        return self.the_server

    def client(self, log="client.log", to=None, more=(), **how):
        self.the_client = self.java("client", log, ["client", "--server", f"http://{to or self.control()}",
                                                    "--http", f"{HOST}={ORIGIN}", *more], **how)
        return self.the_client

    def up(self):
        """Starts everything; the client is attached at the return."""
        self.run("client", [sys.executable, HERE / "origin.py", ORIGIN], "origin.log").says("listening")
        self.server().says("listening for visitors")
        self.client().says(" -> ")

    def restart(self, server=None, client=None):
        """Both anew, with other arguments for each."""
        self.the_client.end()
        self.the_server.end()
        self.server(**(server or {})).says("listening for visitors")
        self.client(**(client or {})).says(" -> ")

    def load(self, rate):
        return self.run("server", [sys.executable, HERE / "load.py", self.server_host, VISITORS, HOST, rate], "load.json")

    def crowd(self, count, path, port=None):
        """Connections that are held until the process is ended."""
        return self.run("server", [sys.executable, HERE / "crowd.py", self.server_host, port or VISITORS, HOST, count, path], "crowd.log")

    def relay(self, place, listen, target):
        relay = self.run(place, [sys.executable, HERE / "relay.py", listen, RELAY, target, CONTROL], "relay.log")
        relay.says("relay is listening")
        return relay


class Namespaces(Rig):
    """The server, the client, and a router between them, each in a network namespace of its own. The script runs in a namespace of
    process numbers and mounts, too (see `enter`): whatever happens to it, the kernel ends its processes and removes the rest."""
    lossy = True

    def __init__(self):
        super().__init__()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", self.work], check=True)
        pathlib.Path("/run/netns").mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], check=True)
        for name in ("server", "router", "client"):
            self.ip("netns", "add", name)
            self.ip("-n", name, "link", "set", "lo", "up")
        for number, name in ((1, "server"), (2, "client")):
            self.ip("link", "add", "eth0", "netns", name, "type", "veth", "peer", "name", name, "netns", "router")
            self.ip("-n", "router", "addr", "add", f"10.9.{number}.1/24", "dev", name)
            self.ip("-n", "router", "link", "set", name, "up")
            self.ip("-n", name, "addr", "add", f"10.9.{number}.2/24", "dev", "eth0")
            self.ip("-n", name, "link", "set", "eth0", "up")
            self.ip("-n", name, "route", "add", "default", "via", f"10.9.{number}.1")
        self.sh("echo 1 >/proc/sys/net/ipv4/ip_forward")
        self.server_host = "10.9.1.2"

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    def sh(self, line):
        subprocess.run([*self.at("router"), "sh", "-c", line], check=True)

    def at(self, place):
        return ["ip", "netns", "exec", place]

    def control(self):
        return f"{self.server_host}:{CONTROL}"

    def cut(self):
        self.sh("iptables -A FORWARD -j DROP")

    def mend(self):
        self.sh("iptables -F FORWARD")

    def lose(self, share):
        self.sh(f"iptables -A FORWARD -m statistic --mode random --probability {share} -j DROP")

    def slow_line(self):
        """A relay in the middle, and its address as the client sees it."""
        return self.relay("router", "0.0.0.0", self.server_host), f"10.9.2.1:{RELAY}"

    def close(self):
        super().close()
        subprocess.run(["umount", self.work], check=False)
        self.work.rmdir()


class Loopback(Rig):
    """Without namespaces: all on loopback, the link being a relay."""
    lossy = False

    def __init__(self):
        super().__init__()
        self.server_host = "127.0.0.1"
        global CONTROL, VISITORS, ORIGIN, RELAY
        CONTROL, VISITORS, ORIGIN, RELAY = (free_port() for _ in range(4))
        self.line = self.relay("router", "127.0.0.1", "127.0.0.1")

    def at(self, place):
        return []

    def control(self):
        return f"127.0.0.1:{RELAY}"

    def cut(self):
        self.line.tell("cut")

    def mend(self):
        self.line.tell("mend")

    def slow_line(self):
        return self.line, self.control()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def enter(script, arguments):
    """Becomes the same script within namespaces of its own, if they can be had."""
    tools = all(shutil.which(tool) for tool in ("unshare", "ip", "iptables"))
    if not tools or subprocess.run([*UNSHARE, "sh", "-c", "iptables -L -n && ip link add left type veth peer name right"], capture_output=True).returncode:
        return False
    os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, str(script), "--within", *arguments])
