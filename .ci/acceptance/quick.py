"""Checks of a few seconds each. Every function gets a rig with both ends running, and returns its figures as one line."""
import signal
import socket
import subprocess
import threading
import time

from rig import HOST, LAUNCHER, claim, connect, ask, eventually, head, visit


def page(rig):
    """a page arrives"""
    status, content = rig.visit()
    claim((status, content) == (200, b"a page behind the tunnel\n"), f"{status} {content[:60]!r}")
    return ""


def many_requests(rig):
    """10,000 requests over 64 keep-alive connections, without an error"""
    port, _ = rig.nginx()
    extra = rig.start("extra", LAUNCHER, "client", "--server", f"127.0.0.1:{rig.control}",
                      "--http", f"load.test={port}", **rig.environment)
    extra.line(r" -> http://")
    out = subprocess.run(["h2load", "--h1", "-n", "10000", "-c", "64", "-t", "1", f"--connect-to=127.0.0.1:{rig.visitors}",
                          "http://load.test/"], capture_output=True, text=True, timeout=120).stdout
    extra.end()
    claim("10000 succeeded, 0 failed, 0 errored" in out and "2xx: 10000" in out.replace("status codes: 10000 2xx", "2xx: 10000"),
          f"h2load: {out[-500:]!r}")
    return next(line for line in out.splitlines() if line.startswith("finished in"))


def events(rig):
    """server-sent events arrive as they are sent; the first in under 50 ms"""
    late = []
    with connect(rig.visitors) as s, s.makefile("rb") as file:
        began = time.monotonic()
        ask(s, "/events?events")
        claim(head(file)[0] == 200, "no 200")
        while len(late) < 4:
            line = file.readline()
            claim(line, "the stream ended")
            if line.startswith(b"data: "):
                late.append(time.monotonic() - (float(line[6:]) if late else began))
    claim(max(late) < 0.05, f"late by {late}")
    return f"first {late[0] * 1000:.1f} ms after the request, later ones {max(late[1:]) * 1000:.1f} ms at most after they were sent"


def leaving(rig):
    """a visitor who leaves ends the origin's work within 100 ms"""
    figures = []
    for path in ("/endless", "/silent", "/events"):
        worst = 0
        for attempt in range(5):
            name = f"leaving-{path[1:]}-{attempt}"
            s = connect(rig.visitors)
            ask(s, f"{path}?{name}")
            rig.origin.wait(rig.origin.arrived, name, 5, f"{path} reached the origin")
            if path != "/silent":
                s.recv(4096)
            # An end that comes with the request is taken for a half-close: without content on its way, only one that comes
            # later can be told from it.
            time.sleep(0.2 if attempt % 2 or path != "/endless" else 0)
            gone = time.monotonic()
            s.close()
            worst = max(worst, rig.origin.wait(rig.origin.left, name, 5, f"{path} was left") - gone)
        claim(worst < 0.1, f"{path}: {worst * 1000:.0f} ms")
        figures.append(f"{path} {worst * 1000:.1f} ms")
    return ", ".join(figures)


def half_close(rig):
    """a visitor who only ended its direction still gets the response"""
    with connect(rig.visitors) as s, s.makefile("rb") as file:
        ask(s, "/", HOST)
        s.shutdown(socket.SHUT_WR)
        status, fields = head(file)
        claim(status == 200 and file.read(int(fields["content-length"])), f"status {status}")
    return ""


def errors(rig):
    """dead origin 502 that names the cause, unknown host 404, and the next request after the origin's return works"""
    claim(rig.status(host="nobody.test") == 404, f"unknown host: {rig.status(host='nobody.test')}")
    rig.origin.close()
    # The origin's connections that are idle in the pool end one by one: only those that fail to connect count.
    eventually(10, "502", lambda: rig.status() == 502)
    content = rig.visit()[1].decode(errors="replace")
    claim("refused" in content.lower(), f"the page does not name the cause: {content[:200]!r}")
    rig.origin.open()
    claim(rig.status() == 200, "the origin is back and not served")
    return ""


def client_killed(rig):
    """client killed and started again while a visitor polls: back within 2 s of its start"""
    answers = []
    stop = threading.Event()

    def poll():
        while not stop.is_set():
            began = time.monotonic()
            try:
                status = rig.visit(timeout=15)[0]
            except Exception as failure:              # a cut connection counts as an answer, too
                status = type(failure).__name__
            answers.append((began, time.monotonic(), status))
            stop.wait(0.02)

    poller = threading.Thread(target=poll)
    poller.start()
    try:
        eventually(5, "first answers", lambda: len(answers) > 5)
        rig.client.end(signal.SIGKILL)
        rig.start_client(wait=False)
        started = rig.client.started
        eventually(10, "a visitor is served again",
                   lambda: any(status == 200 and done > started + 0.05 for _, done, status in answers))
        back = next(done for _, done, status in answers if status == 200 and done > started + 0.05) - started
    finally:
        stop.set()
        poller.join()
    seen = {}
    for _, _, status in answers:
        seen[status] = seen.get(status, 0) + 1
    claim(back < 2, f"{back:.2f} s")
    claim(set(seen) <= {200, 502, 503}, f"answers: {seen}")
    return f"{back:.2f} s after its start; answers {seen}"


def client_gone(rig):
    """a tunnel dropped in mid-response breaks that response; later visitors get 502 or 503; the restart repairs all"""
    with connect(rig.visitors) as s, s.makefile("rb") as file:
        ask(s, "/endless?dropped")
        claim(head(file)[0] == 200, "no 200")
        rig.client.end(signal.SIGKILL)
        began = time.monotonic()
        content = b""
        try:
            while piece := file.read1(65536):
                content = (content + piece)[-16:]
                claim(time.monotonic() - began < 20, "the response goes on without its client")
        except ConnectionError:
            content = b""
        claim(not content.endswith(b"0\r\n\r\n"), "the cut response looks complete")
        cut = time.monotonic() - began
    began = time.monotonic()
    status = rig.status()
    claim(status in (502, 503), f"status {status}")
    waited = time.monotonic() - began
    rig.start_client()
    claim(rig.status() == 200, "not served after the restart")
    return f"response cut after {cut * 1000:.0f} ms; then {status} after {waited:.1f} s"


def server_restart(rig):
    """server restarted, by TERM and by KILL: the client attaches again by itself"""
    figures = []
    for how in (signal.SIGTERM, signal.SIGKILL):
        status = rig.server.end(how)
        claim(how == signal.SIGKILL or status == 0, f"exit status {status}")
        rig.start_server()
        listening = time.monotonic()
        eventually(10, f"served after {how.name}", lambda: rig.status() == 200)
        figures.append(f"{how.name}: {time.monotonic() - listening:.2f} s after it listened")
    return ", ".join(figures)


def drain(rig):
    """SIGTERM at either end lets a response in progress finish, and exits 0; a second one ends at once"""
    for end in ("client", "server"):
        process = getattr(rig, end)
        with connect(rig.visitors) as s, s.makefile("rb") as file:
            ask(s, f"/events?{end}")
            claim(head(file)[0] == 200, "no 200")
            process.popen.send_signal(signal.SIGTERM)
            seen = 0
            while seen < 3:
                line = file.readline()
                claim(line, f"{end}: the response was cut after {seen} events")
                seen += line.startswith(b"data: ")
        claim(process.popen.wait(15) == 0, f"{end}: exit status {process.popen.returncode}")
        getattr(rig, f"start_{end}")()
        eventually(10, "served again", lambda: rig.status() == 200)
    with connect(rig.visitors) as s, s.makefile("rb") as file:
        ask(s, "/events?second")
        head(file)
        began = time.monotonic()
        rig.client.popen.send_signal(signal.SIGTERM)
        rig.client.line("draining|signal|ending")
        rig.client.popen.send_signal(signal.SIGTERM)
        rig.client.popen.wait(5)
        took = time.monotonic() - began
    claim(took < 2, f"{took:.1f} s")
    rig.start_client()
    return f"the second signal ended it after {took:.2f} s"


def refusals(rig):
    """wrong input is one line on stderr and the right exit status"""
    server = f"127.0.0.1:{rig.control}"
    table = [
        (2, "did you mean --http", ["server", "--htpt", "8080"]),
        (2, "list of processes", ["client", "--token", "x"]),
        (2, f"port {rig.visitors} on 127.0.0.1 is in use: choose another with --http",
         ["server", "--bind", "127.0.0.1:0", "--http", f"127.0.0.1:{rig.visitors}"]),
        (2, "--plaintext", ["server", "--bind", f"0.0.0.0:{rig.control}", "--http", f"0.0.0.0:{rig.control}"]),
        (2, "no such file", ["server", "--token-file", "/nonexistent"]),
        (2, "no such target", ["client", "--server", server, "--http", "a.test=no such target"]),
        (2, "a..test", ["client", "--server", server, "--http", "a..test=80"]),
        (3, "refused by the server", ["client", "--server", server, "--http", "x.test=80"]),
    ]
    for status, text, words in table:
        environment = {**rig.environment, "LOOMTUNNEL_TOKEN": "wrong"}
        process = rig.start("refused", LAUNCHER, *words, **environment)
        got = process.popen.wait(20)
        said = process.text()
        claim(got == status and text in said and len(said.splitlines()) == 1, f"{' '.join(words)}: {got}, {said!r}")
    return f"{len(table)} cases"


def tls(rig):
    """tunnels by TLS: with the certificates of keygen at both ends, and with the pin that a server prints; no other gets in"""
    keys, target = rig.folder / "keys", f"{HOST}=127.0.0.1:{rig.origin.port}"
    made = rig.start("keygen", LAUNCHER, "keygen", "--dir", keys, "--host", "localhost", **rig.environment)
    claim(made.popen.wait(30) == 0, made.text())
    server = rig.start("server-tls", LAUNCHER, "server", "--bind", "0.0.0.0:0", "--http", "127.0.0.1:0", "--tls-cert", keys / "server.pem",
                       "--tls-key", keys / "server-key.pem", "--tls-client-ca", keys / "ca.pem", **rig.environment)
    port = server.line(r"listening for tunnels on \S*:(\d+)")[1]
    trusting = ["client", "--server", f"https://localhost:{port}", "--tls-ca", keys / "ca.pem", "--http", target]
    stranger = rig.start("stranger", LAUNCHER, *trusting, **rig.environment)
    stranger.line("asks for a certificate of this client")
    server.line(r"refused \S+: it has no certificate")
    stranger.end()
    client = rig.start("client-tls", LAUNCHER, *trusting, "--tls-cert", keys / "client.pem", "--tls-key", keys / "client-key.pem", **rig.environment)
    client.line(r" -> http://")
    status, content = visit(int(server.line(r"listening for visitors on http://\S*:(\d+)")[1]))
    claim((status, content) == (200, b"a page behind the tunnel\n"), f"{status} {content[:60]!r}")
    client.end()
    server.end()

    server = rig.start("server-pinned", LAUNCHER, "server", "--bind", "0.0.0.0:0", "--http", "127.0.0.1:0", **rig.environment)
    port, pin = server.line(r"--server https://THIS-SERVER:(\d+) --pin (sha256:\S+)").groups()
    for given, answer in ((pin[:-1] + ("1" if pin[-1] == "0" else "0"), "not the pinned one"), (pin, r" -> http://")):
        client = rig.start("client-pinned", LAUNCHER, "client", "--server", f"127.0.0.1:{port}", "--pin", given, "--http", target, **rig.environment)
        client.line(answer)
        client.end()
    server.end()
    return ""


CHECKS = [page, refusals, tls, events, half_close, leaving, errors, client_killed, client_gone, server_restart, drain, many_requests]
