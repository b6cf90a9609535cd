"""The private service of the end-to-end checks. usage: origin.py PORT

POST /sha256 answers the hex digest of its content, however it was framed; GET /events sends three server-sent
events, one a second; anything else answers its request line and Host.
"""
import hashlib
import http.server
import sys
import time


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def content(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                while size:
                    piece = self.rfile.read(min(size, 1 << 16))
                    size -= len(piece)
                    yield piece
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            left = int(self.headers.get("Content-Length", 0))
            while left:
                piece = self.rfile.read(min(left, 1 << 16))
                if not piece:
                    raise ConnectionError("content ended early")
                left -= len(piece)
                yield piece

    def do_POST(self):
        digest = hashlib.sha256()
        for piece in self.content():
            digest.update(piece)
        self.answer(digest.hexdigest())

    def do_GET(self):
        if self.path != "/events":
            self.answer(f"{self.requestline} for {self.headers['Host']}\n")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for number in range(3):
            if number:
                time.sleep(1)
            self.wfile.write(f"data: {time.time()}\n\n".encode())
            self.wfile.flush()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Origin)
print("origin is listening", flush=True)
server.serve_forever()
