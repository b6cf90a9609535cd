"""The private service behind the client. usage: origin.py PORT

/slow takes 300 ms and /hold 5 s, everything else is answered at once; each says which it was.
"""
import http.server
import sys
import time


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        time.sleep({"/slow": 0.3, "/hold": 5}.get(self.path, 0))
        text = f"hello from {self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


server = Server(("127.0.0.1", int(sys.argv[1])), Origin)
print("origin is listening", flush=True)
server.serve_forever()
