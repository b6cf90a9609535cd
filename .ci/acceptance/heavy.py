"""Checks that move gigabytes or hold thousands of connections. As in quick.py; each is given both ends anew."""
import concurrent.futures
import hashlib
import os
import socket
import subprocess
import sys
import time

from rig import HOST, ROOT, claim, connect, ask, eventually, head, free_port

GIB = 1 << 30
VISITORS = int(os.environ.get("ACCEPTANCE_VISITORS", "2000"))
LARGE = 10 << 20
LATE = 10


def curl(*words):
    done = subprocess.run(["curl", "-sS", "--max-time", "300", *words], capture_output=True, timeout=310)
    claim(done.returncode == 0, f"curl: {done.stderr.decode()[-300:]}")
    return done.stdout


def fresh(rig, *services):
    """Both ends anew, so that figures belong to one check."""
    for process in (rig.client, rig.server):
        if process:
            process.end()
    rig.start_both(*services)


def gibibyte(rig):
    """1 GiB down and 1 GiB up, with a length and chunked: equal SHA-256"""
    port, files = rig.nginx(big=GIB)
    sums = free_port()
    rig.start("origin", sys.executable, ROOT / ".ci" / "origin.py", sums).line("listening")
    fresh(rig, f"{HOST}={port}", f"api.test={sums}")
    big = files / "big"
    with open(big, "rb") as file:
        expected = hashlib.file_digest(file, "sha256").hexdigest()
    url = f"http://127.0.0.1:{rig.visitors}"
    figures = []

    def timed(name, action):
        began = time.monotonic()
        got = action()
        figures.append(f"{name} {GIB / (time.monotonic() - began) / 1e6:.0f} MB/s")
        claim(got == expected, f"{name}: another SHA-256, {got[:80]!r}")

    def down():
        with subprocess.Popen(["curl", "-sS", "--max-time", "300", "-H", f"Host: {HOST}", f"{url}/big"],
                              stdout=subprocess.PIPE) as process:
            digest = hashlib.file_digest(process.stdout, "sha256").hexdigest()
        return digest

    up = ["-H", "Host: api.test", "-H", "Expect:", "-X", "POST", f"{url}/sha256"]
    timed("down", down)
    timed("up", lambda: curl("-T", str(big), *up).decode())
    timed("up chunked", lambda: curl("-T", str(big), "-H", "Transfer-Encoding: chunked", *up).decode())
    for process in (rig.server, rig.client):
        claim(not process.out_of_memory(), f"{process.name}: OutOfMemoryError")
        figures.append(f"{process.name} RSS {process.status('VmHWM') // 1024} MiB at most")
    return ", ".join(figures)


def data_binary(rig):
    """1 GiB by --data-binary @file, which curl holds in its memory: equal SHA-256"""
    port, files = rig.nginx(big=GIB)
    sums = free_port()
    rig.start("origin", sys.executable, ROOT / ".ci" / "origin.py", sums).line("listening")
    fresh(rig, f"{HOST}={port}", f"api.test={sums}")
    with open(files / "big", "rb") as file:
        expected = hashlib.file_digest(file, "sha256").hexdigest()
    # Some builds of curl refuse 1 GiB and more here: a byte less is as much of a claim.
    url = f"http://127.0.0.1:{rig.visitors}/sha256"
    done = subprocess.run(["curl", "-sS", "--max-time", "300", "-H", "Host: api.test", "--data-binary", f"@{files / 'big'}", url],
                          capture_output=True, timeout=310)
    if done.returncode != 0:
        with open(files / "big", "r+b") as file:
            file.truncate(GIB - 1)
            expected = hashlib.file_digest(file, "sha256").hexdigest()
        done = subprocess.run(["curl", "-sS", "--max-time", "300", "-H", "Host: api.test", "--data-binary",
                               f"@{files / 'big'}", url], capture_output=True, timeout=310)
    claim(done.stdout.decode() == expected, f"curl {done.returncode}: {done.stderr.decode()[-200:]} {done.stdout[:80]!r}")
    return f"{os.path.getsize(files / 'big')} bytes"


def stalled_visitors(rig):
    """2,000 visitors who ask for 10 MiB and never read: no OutOfMemoryError, others are served, all is given back"""
    port, files = rig.nginx(large=LARGE)
    with open(files / "large", "rb") as file:
        expected = hashlib.file_digest(file, "sha256").hexdigest()
    fresh(rig, f"{HOST}={port}")
    ends = (rig.server, rig.client)
    for _ in range(200):                                 # what only the first requests load is not a leak
        rig.status()
    before = {process.name: process.figures() for process in ends}

    visitors, served, slowest = [], 0, 0.0
    asked = time.monotonic()
    for number in range(VISITORS):
        s = connect(rig.visitors, receive_buffer=4096 if number < VISITORS - LATE else 0)
        ask(s, "/large")
        visitors.append(s)
        if number % 100 == 99:
            slowest = max(slowest, other_visitor(rig))
            served += 1
    asked = time.monotonic() - asked
    # Until nothing changes any more: every stream has got what it will get while nobody reads.
    settled(rig, port)
    # Who begins to read within the limit of a minute gets everything. All at once: after a stall, the kernel hands loopback's
    # large segments over one in 200 ms, and the last one's minute would be over.
    with concurrent.futures.ThreadPoolExecutor(LATE) as readers:
        contents = list(readers.map(content, visitors[-LATE:]))
    claim(contents == [expected] * LATE, "a late reader got another content")
    whole = len(contents)
    for _ in range(20):
        slowest = max(slowest, other_visitor(rig))
        served += 1
    answers = {}
    for s in visitors[:-LATE]:
        status = first_status(s)
        answers[status] = answers.get(status, 0) + 1
    during = {process.name: process.figures() for process in ends}

    for s in visitors:
        s.close()
    took = eventually(30, "the origin's connections end", lambda: established(port) <= 40, 0.1)
    eventually(30, "descriptors are given back", lambda: all(
        process.descriptors() <= before[process.name]["descriptors"] + 40 for process in ends), 0.1)
    for process in ends:
        claim(not process.out_of_memory(), f"{process.name}: OutOfMemoryError")
        claim(process.popen.poll() is None, f"{process.name} ended")
        eventually(20, f"{process.name}: virtual threads are given back",
                   lambda: process.virtual_threads() <= before[process.name]["virtual"] + 40, 0.5)
    after = {process.name: process.figures() for process in ends}
    for name, figures in after.items():
        claim(figures["heap"] < before[name]["heap"] + 6 * 1024, f"{name}: heap {before[name]['heap']} KiB, then {figures['heap']}")
    claim(rig.status() == 200, "not served afterwards")
    claim(set(answers) <= {200, 503}, f"answers {answers}")
    claim(slowest < 5, f"another visitor waited {slowest:.1f} s")
    lines = [f"{VISITORS} asked in {asked:.1f} s, answers {answers}, {whole} late readers got all; {served} other visitors"
             f" served, the slowest in {slowest * 1000:.0f} ms; gone {took:.1f} s after they left"]
    for name in before:
        lines.append(f"  {name:6} before {before[name]}, during {during[name]}, after {after[name]}")
    return "\n        ".join(lines)


def other_visitor(rig):
    began = time.monotonic()
    status, text = rig.visit()
    claim(status == 200 and text == b"a page behind the tunnel\n", f"another visitor got {status}: {text.decode(errors='replace')[-200:]!r}")
    return time.monotonic() - began


def settled(rig, port):
    last, since, began = None, time.monotonic(), time.monotonic()
    while time.monotonic() - since < 3 and time.monotonic() - began < 15:
        now = (established(port), rig.server.descriptors())
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.25)


def established(port):
    """Connections to that port, both ends of each counted as one."""
    ending = f":{port:04X}"
    with open("/proc/net/tcp") as table:
        return sum(1 for line in table if line.split()[2].endswith(ending) and line.split()[3] == "01") + established6(ending)


def established6(ending):
    with open("/proc/net/tcp6") as table:
        return sum(1 for line in table if line.split()[2].endswith(ending) and line.split()[3] == "01")


def first_status(s):
    try:
        s.settimeout(5)
        start = s.recv(12, socket.MSG_PEEK)
        return int(start[9:12]) if len(start) == 12 else f"{start!r}"
    except (OSError, ValueError) as failure:
        return type(failure).__name__


def content(s):
    s.settimeout(30)
    digest = hashlib.sha256()
    with s.makefile("rb") as file:
        left = int(head(file)[1]["content-length"])
        while left:
            piece = file.read1(min(left, 1 << 16))
            claim(piece, f"{left} bytes are missing")
            digest.update(piece)
            left -= len(piece)
    return digest.hexdigest()


CHECKS = [gibibyte, data_binary, stalled_visitors]
