"""Both ends of what HAProxy and LoomTunnel carry between them.

usage: probe.py origin PORT      the private service, on loopback
       probe.py visit PORT HOST  a page, content both ways, a WebSocket, 100 requests at once; one line for each with its figures
"""
import base64
import hashlib
import http.client
import http.server
import os
import socket
import struct
import sys
import threading
import time

TOGETHER = 100
LENGTH = 64 << 20
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
together = threading.Barrier(TOGETHER, timeout=20)


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16                       # head and content in one segment
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, data, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def pieces(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            left = int(self.headers.get("Content-Length", 0))
            while left:
                piece = self.rfile.read(min(left, 1 << 16))
                left -= len(piece)
                yield piece

    def do_POST(self):
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        self.answer(digest.hexdigest().encode())

    def do_GET(self):
        if self.path == "/bytes":
            block = bytes(range(256)) * 256
            self.send_response(200)
            self.send_header("Content-Length", str(LENGTH))
            self.end_headers()
            for _ in range(LENGTH // len(block)):
                self.wfile.write(block)
        elif self.path == "/together":
            try:                             # nobody is answered before all are here
                together.wait()
                self.answer(b"together")
            except threading.BrokenBarrierError:
                self.answer(b"alone", 500)
        elif self.headers.get("Upgrade", "").lower() == "websocket":
            self.websocket()
        else:
            self.answer(f"a page for {self.headers['Host']}\n".encode())

    def websocket(self):
        accept = base64.b64encode(hashlib.sha1(self.headers["Sec-WebSocket-Key"].encode() + GUID).digest())
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        self.wfile.flush()
        self.close_connection = True
        while True:
            opcode, content = frame(self.rfile)
            if opcode == 8:
                return
            self.wfile.write(struct.pack(">BB", 0x80 | opcode, len(content)) + content)
            self.wfile.flush()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def frame(file):
    first, second = file.read(2)
    mask = file.read(4) if second & 0x80 else bytes(4)
    content = file.read(second & 0x7f)
    return first & 0x0f, bytes(b ^ mask[i % 4] for i, b in enumerate(content))


class Visitor:
    def __init__(self, port, host):
        self.port = port
        self.host = host

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body=body, headers={"Host": self.host})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, content

    def page(self):
        status, content = self.ask("GET", "/")
        assert (status, content) == (200, f"a page for {self.host}\n".encode()), (status, content)
        times = []
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for _ in range(300):
            began = time.perf_counter()
            connection.request("GET", "/", headers={"Host": self.host})
            assert connection.getresponse().read() == content
            times.append(time.perf_counter() - began)
        times.sort()
        return f"p50 {times[150] * 1e3:.2f} ms, p99 {times[297] * 1e3:.2f} ms of 300"

    def upload(self):
        block = os.urandom(LENGTH)
        began = time.perf_counter()
        status, content = self.ask("POST", "/sha256", block)
        assert (status, content) == (200, hashlib.sha256(block).hexdigest().encode()), (status, content)
        return f"64 MiB at {64 / (time.perf_counter() - began):.0f} MiB/s"

    def download(self):
        began = time.perf_counter()
        status, content = self.ask("GET", "/bytes")
        assert status == 200 and content == bytes(range(256)) * 256 * (LENGTH >> 16), status
        return f"64 MiB at {64 / (time.perf_counter() - began):.0f} MiB/s"

    def websocket(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            key = base64.b64encode(os.urandom(16))
            line.sendall(b"GET /echo HTTP/1.1\r\nHost: " + self.host.encode() + b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                         b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
            file = line.makefile("rb")
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += file.readline()
            assert head.startswith(b"HTTP/1.1 101 "), head
            assert base64.b64encode(hashlib.sha1(key + GUID).digest()) in head, head
            times = []
            for number in range(200):
                text = f"message {number}".encode()
                mask = os.urandom(4)
                began = time.perf_counter()
                line.sendall(struct.pack(">BB", 0x81, 0x80 | len(text)) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(text)))
                assert frame(file) == (1, text)
                times.append(time.perf_counter() - began)
            line.sendall(struct.pack(">BB", 0x88, 0x80) + os.urandom(4))
            return f"200 messages there and back, p50 {sorted(times)[100] * 1e3:.2f} ms"

    def parallel(self):
        answers = []
        began = time.perf_counter()
        threads = [threading.Thread(target=lambda: answers.append(self.ask("GET", "/together"))) for _ in range(TOGETHER)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [(200, b"together")] * TOGETHER, sorted(set(answers))
        return f"{TOGETHER} at once in {(time.perf_counter() - began) * 1e3:.0f} ms"


def main():
    if sys.argv[1] == "origin":
        Server(("127.0.0.1", int(sys.argv[2])), Origin).serve_forever()
    visitor = Visitor(int(sys.argv[2]), sys.argv[3])
    for what in sys.argv[4:] or ["page", "upload", "download", "websocket", "parallel"]:
        print(f"{what}: {getattr(visitor, what)()}", flush=True)


main()
