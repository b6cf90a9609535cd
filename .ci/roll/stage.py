"""Servers behind haproxy, each started by the launcher: what the checks in this folder stand on."""
import pathlib
import socket
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "acceptance"))
import rig

GRACE = 10                  # seconds, the servers'; nothing here takes as long

HAPROXY = """
global
    stats socket {folder}/haproxy.sock mode 600
    maxconn {most}
defaults
    mode {mode}
    timeout connect 2s
    timeout client 75s
    timeout server 75s
    timeout check 2s
    option redispatch
    retry-on conn-failure empty-response
frontend visitors
    bind 127.0.0.1:{port} backlog 4096
    http-request disable-l7-retry if !METH_GET
    default_backend servers
backend servers
    balance leastconn
    option httpchk GET /ready
    default-server check inter 500ms fall 1 rise 1
{servers}
"""


class Server:
    """One server on ports that stay the same when it comes back."""

    ENVIRONMENT = {"LOOMTUNNEL_TOKEN": "roll", "LOOMTUNNEL_JAVA_OPTS": "-Xmx64m"}

    def __init__(self, stage, number, **environment):
        self.stage = stage
        self.name = f"s{number}"
        self.environment = {**self.ENVIRONMENT, **environment}
        self.control, self.visitors, self.ready = rig.free_port(), rig.free_port(), rig.free_port()
        self.start()

    def start(self):
        self.process = self.stage.start(self.name, rig.LAUNCHER, "server", "--bind", f"127.0.0.1:{self.control}", "--http",
                                        f"127.0.0.1:{self.visitors}", "--metrics", f"127.0.0.1:{self.ready}", "--drain-delay", "2s",
                                        "--grace", f"{GRACE}s", **self.environment)
        self.process.line(r"listening for visitors", 120)


def origin(stage):
    """A program to be served; returns its port."""
    port = rig.free_port()
    stage.start("origin", sys.executable, ROOT / "origin.py", port)
    rig.eventually(10, "the origin listens", lambda: rig.connects(port))
    return port


def haproxy(stage, servers, most=4000, mode="http"):
    """Starts it in front of servers that clients are attached to, and waits until it finds them ready; returns its port."""
    port = rig.free_port()
    lines = "\n".join(f"    server {server.name} 127.0.0.1:{server.visitors} port {server.ready}" for server in servers)
    config = stage.folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(folder=stage.folder, port=port, most=most, mode=mode, servers=lines))
    process = stage.start("haproxy", "haproxy", "-db", "-f", config)
    rig.eventually(20, f"haproxy listens ({process.text()[-300:]})", lambda: rig.connects(port) and (stage.folder / "haproxy.sock").exists())
    for server in servers:
        rig.eventually(20, f"{server.name} is ready", lambda: up(stage, server), 0.05)
    return port


def states(stage):
    """haproxy's figures, by server and for "BACKEND"."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(str(stage.folder / "haproxy.sock"))
        s.sendall(b"show stat\n")
        text = b""
        while piece := s.recv(1 << 16):
            text += piece
    lines = [line.split(",") for line in text.decode().splitlines() if line]
    rows = [dict(zip(lines[0], line)) for line in lines[1:]]
    return {row["svname"]: row for row in rows if row["# pxname"] == "servers"}


def up(stage, server):
    return states(stage)[server.name]["status"].startswith("UP")
