"""Visitors of the matrix: HTTP/1.1 by hand, HTTP/2 by the `h2` package, in clear or over TLS.

A request is sent in steps, and what comes back is read as events: ("interim", status, fields), ("head", status, fields),
("data", bytes), ("trailers", fields), ("end",), and ("broken", why) when a message is cut short.
"""
import base64
import os
import socket
import ssl

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

TIMEOUT = 10


def connect(port, host, protocol):
    """By TLS when a protocol is named, which must be the one agreed upon."""
    s = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if protocol:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols([protocol])
        s = context.wrap_socket(s, server_hostname=host)
        assert s.selected_alpn_protocol() == protocol, s.selected_alpn_protocol()
    return s


class Visitor:
    """One connection with one request."""

    protocol = None                                  # its name in ALPN

    def __init__(self, port, host, tls=False):
        self.host = host
        self.socket = connect(port, host, tls and self.protocol)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def response(self):
        """Reads on to the end: (statuses and fields of all heads, content, trailers); fails when it is cut short."""
        heads, content, trailers = [], b"", {}
        while True:
            kind, *what = self.event()
            if kind in ("interim", "head"):
                heads.append(tuple(what))
            elif kind == "data":
                content += what[0]
            elif kind == "trailers":
                trailers = what[0]
            elif kind == "end":
                return heads, content, trailers
            else:
                raise AssertionError(f"the response broke off: {what[0]}")

    def messages(self, count):
        """The contents of so many WebSocket frames."""
        held, contents = b"", []
        while len(contents) < count:
            kind, *what = self.event()
            assert kind == "data", f"{kind} {what} instead of a message"
            held += what[0]
            while len(held) >= 2 and len(held) >= 2 + held[1]:
                contents.append((held[0] & 0x0f, held[2:2 + held[1]]))
                held = held[2 + held[1]:]
        return contents


def frame(opcode, content):
    """A short WebSocket frame as a client sends it: masked."""
    mask = os.urandom(4)
    return bytes([0x80 | opcode, 0x80 | len(content)]) + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(content))


class Http1(Visitor):
    protocol = "http/1.1"

    def __init__(self, port, host, tls=False):
        super().__init__(port, host, tls)
        self.file = self.socket.makefile("rb")
        self.pending = self.events()

    def __exit__(self, *_):
        self.file.close()                            # the socket stays open as long as it is
        super().__exit__()

    def ask(self, method, path, *fields, content=False, length=None):
        """The head; with content to follow it is chunked, unless its length is told."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}"] + [f"{name}: {value}" for name, value in fields]
        self.chunked = content and length is None
        if any(name == "te" for name, _ in fields):
            lines.append("Connection: TE")
        if self.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif content:
            lines.append(f"Content-Length: {length}")
        self.socket.sendall("\r\n".join(lines + ["", ""]).encode())

    def send(self, data):
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)

    def finish(self, *trailers):
        if self.chunked:
            self.socket.sendall(b"0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in trailers).encode() + b"\r\n")

    def websocket(self, path, first=b""):
        """Asks for one; `first` goes out together with the head. Returns status and fields."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                            f"Sec-WebSocket-Protocol: chat, other\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode() + first)
        _, status, fields = self.event()
        return status, fields

    def raw(self, data):
        self.socket.sendall(data)

    def event(self):
        try:
            return next(self.pending)
        except (OSError, EOFError) as e:
            return "broken", e

    def events(self):
        while True:
            status, fields = self.head()
            if status >= 200 or status == 101:
                break
            yield "interim", status, fields
        yield "head", status, fields
        if status == 101:
            while (data := self.file.read1(1 << 16)):
                yield "data", data
        elif fields.get("transfer-encoding") == "chunked":
            while (size := int(self.line(), 16)):
                yield "data", self.exactly(size)
                assert self.exactly(2) == b"\r\n"
            trailers = self.fields()
            if trailers:
                yield "trailers", trailers
        elif "content-length" in fields:
            left = int(fields["content-length"])
            while left:
                data = self.file.read1(min(left, 1 << 16))
                if not data:
                    raise EOFError(f"{left} bytes are missing")
                left -= len(data)
                yield "data", data
        else:
            while (data := self.file.read1(1 << 16)):
                yield "data", data
        yield ("end",)

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError(f"the connection ended behind {line!r}")
        return line[:-2]

    def exactly(self, size):
        data = self.file.read(size)
        if len(data) < size:
            raise EOFError(f"the connection ended inside {size} bytes")
        return data

    def fields(self):
        fields = {}
        while (line := self.line()):
            name, value = line.decode("latin-1").split(":", 1)
            fields[name.lower()] = value.strip()
        return fields

    def head(self):
        version, status, *_ = self.line().split(b" ")
        assert version == b"HTTP/1.1", version
        return int(status), self.fields()


class Http2(Visitor):
    protocol = "h2"

    def __init__(self, port, host, tls=False):
        super().__init__(port, host, tls)
        self.scheme = "https" if tls else "http"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="latin-1"))
        self.h2.initiate_connection()
        self.happened = []
        self.settled = False
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def ask(self, method, path, *fields, content=False, length=None):
        head = [(":method", method), (":scheme", self.scheme), (":authority", self.host), (":path", path), *fields]
        if length is not None:
            head.append(("content-length", str(length)))
        self.stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(self.stream, head, end_stream=not content)
        self.flush()

    def send(self, data):
        while data:
            room = min(self.h2.local_flow_control_window(self.stream), self.h2.max_outbound_frame_size)
            if any(kind == "broken" for kind, *_ in self.happened):
                raise OSError("the other side wants no more")
            if room <= 0:                            # less when the other side has lowered what a stream may begin with
                self.receive()
                continue
            self.h2.send_data(self.stream, data[:room])
            self.flush()
            data = data[room:]

    def finish(self, *trailers):
        if trailers:
            self.h2.send_headers(self.stream, trailers, end_stream=True)
        else:
            self.h2.end_stream(self.stream)
        self.flush()

    def websocket(self, path, first=b""):
        while not self.settled:
            self.receive()
        assert self.h2.remote_settings.enable_connect_protocol == 1, "extended CONNECT is not offered"
        self.stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(self.stream, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", self.scheme), (":authority", self.host),
                                           (":path", path), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat, other")])
        if first:
            self.h2.send_data(self.stream, first)
        self.flush()
        _, status, fields = self.event()
        return status, fields

    def raw(self, data):
        self.send(data)

    def reset(self):
        """Leaves the stream, and stays on the connection."""
        self.h2.reset_stream(self.stream, h2.errors.ErrorCodes.CANCEL)
        self.flush()

    def event(self):
        while not self.happened:
            try:
                self.receive()
            except OSError as e:
                return "broken", e
        return self.happened.pop(0)

    def receive(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise OSError("the connection ended")
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.RemoteSettingsChanged):
                self.settled = True
            elif isinstance(event, h2.events.InformationalResponseReceived):
                self.happened.append(("interim", *self.parts(event)))
            elif isinstance(event, h2.events.ResponseReceived):
                self.happened.append(("head", *self.parts(event)))
            elif isinstance(event, h2.events.DataReceived):
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if event.data:
                    self.happened.append(("data", event.data))
            elif isinstance(event, h2.events.TrailersReceived):
                self.happened.append(("trailers", dict(event.headers)))
            elif isinstance(event, h2.events.StreamEnded):
                self.happened.append(("end",))
            elif isinstance(event, h2.events.StreamReset):
                self.happened.append(("broken", f"RST_STREAM {event.error_code!r}"))
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.happened.append(("broken", f"GOAWAY {event.error_code!r}"))
        self.flush()

    @staticmethod
    def parts(event):
        fields = dict(event.headers)
        return int(fields.pop(":status")), fields
