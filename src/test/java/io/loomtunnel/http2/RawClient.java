package io.loomtunnel.http2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.DuplexPair;
import io.loomtunnel.hpack.Decoder;
import io.loomtunnel.hpack.HpackException;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Peer;
import io.loomtunnel.io.Duplex;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/// A client of a server's connection that sends any frame it likes, and reads what comes back frame by frame.
final class RawClient implements AutoCloseable {
    static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static final String[] GET = {":method", "GET", ":scheme", "http", ":authority", "a.example", ":path", "/"};
    static final String[] POST = {":method", "POST", ":scheme", "http", ":authority", "a.example", ":path", "/"};

    private final Duplex duplex;
    private final ByteReader in;
    private final FrameReader frames;
    private final ByteWriter out = new ByteWriter(256);
    private final Decoder decoder = new Decoder(4_096);
    final Http2Connection server;
    private final Thread thread;

    /// Opens a connection; the preface is still to be sent.
    RawClient(Http2Config config, ExchangeHandler handler) {
        var pair = new DuplexPair(1 << 20);
        duplex = pair.left();
        in = new ByteReader(duplex.in(), MemoryBudget.PROCESS);
        frames = new FrameReader(in, 16_384, 1 << 20);
        var far = pair.right();
        server = Http2Connection.server(far, new ByteReader(far.in(), MemoryBudget.PROCESS), config, new Peer(new InetSocketAddress("127.0.0.1", 1), "http"), handler);
        thread = Thread.ofVirtual().start(() -> {
            try {
                server.run();
            } catch (IOException e) {
                // what the test provokes
            }
        });
    }

    /// Sends the preface and empty SETTINGS, and acknowledges the server's.
    RawClient greet() throws IOException {
        return raw(PREFACE.getBytes(ISO_8859_1)).frame(Frame.SETTINGS, 0, 0).frame(Frame.SETTINGS, Frame.ACK, 0);
    }

    RawClient raw(byte[] bytes) throws IOException {
        duplex.out().write(bytes);
        return this;
    }

    RawClient frame(int type, int flags, int streamId, byte... payload) throws IOException {
        out.reset(256);
        FrameWriter.header(out, payload.length, type, flags, streamId);
        out.put(payload);
        out.writeTo(duplex.out());
        return this;
    }

    /// A whole HEADERS frame of these fields.
    RawClient headers(int flags, int streamId, String... fields) throws IOException {
        return frame(Frame.HEADERS, flags | Frame.END_HEADERS, streamId, block(fields));
    }

    /// Literal fields that leave the table alone (RFC 7541 §6.2.2).
    static byte[] block(String... fields) {
        var block = new ByteWriter(256);
        for (int i = 0; i < fields.length; i += 2) {
            block.put(0);
            for (int k = i; k < i + 2; k++) {
                int length = fields[k].length();
                if (length < 127) {
                    block.put(length);
                } else {
                    block.put(127);
                    for (length -= 127; length >= 128; length >>= 7) block.put(length & 0x7f | 0x80);
                    block.put(length);
                }
                block.put(fields[k].getBytes(ISO_8859_1));
            }
        }
        return Arrays.copyOf(block.array(), block.size());
    }

    static byte[] int32(long value) {
        return new byte[] {(byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value};
    }

    static byte[] int64(long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }

    /// One of SETTINGS' pairs.
    static byte[] setting(int identifier, long value) {
        var number = int32(value);
        return new byte[] {0, (byte) identifier, number[0], number[1], number[2], number[3]};
    }

    /// The next frame.
    /// @return null at the connection's end
    Frame next() throws IOException {
        duplex.readTimeout(Duration.ofSeconds(10));
        Frame frame;
        try {
            frame = frames.next();
        } catch (EOFException e) {
            return null;
        }
        if (frame instanceof Frame.Data data) {
            in.require(data.length() + data.padding());
            in.skip(data.length() + data.padding());
        }
        return frame;
    }

    /// What becomes of a stream: `HEADERS`, the code of its reset or of a GOAWAY, or `closed`.
    String outcome(int streamId) throws IOException {
        for (Frame frame; (frame = next()) != null; ) {
            switch (frame) {
                case Frame.Headers headers when headers.streamId() == streamId -> {
                    return "HEADERS";
                }
                case Frame.RstStream(var id, var code) when id == streamId -> {
                    return "RST " + code;
                }
                case Frame.GoAway(var _, var code) when code != ErrorCode.NO_ERROR -> {
                    duplex.finish();
                    return "GOAWAY " + code;
                }
                default -> { }
            }
        }
        return "closed";
    }

    /// The `:status` of a stream's response.
    String status(int streamId) throws IOException {
        var decoded = new String[] {"closed"};
        for (Frame frame; (frame = next()) != null; ) {
            if (frame instanceof Frame.Headers headers) {
                try {
                    decoder.decode(headers.array(), headers.offset(), headers.length(), 1 << 20, 1_000, (names, at, length, values, from, size, _) -> {
                        if (new String(names, at, length, ISO_8859_1).equals(":status")) decoded[0] = new String(values, from, size, ISO_8859_1);
                    });
                } catch (HpackException e) {
                    throw new IOException(e);
                }
                if (headers.streamId() == streamId) return decoded[0];
            } else if (frame instanceof Frame.RstStream(var id, var code) && id == streamId) {
                return "RST " + code;
            } else if (frame instanceof Frame.GoAway(var _, var code)) {
                return "GOAWAY " + code;
            }
        }
        return "closed";
    }

    /// Reads until the connection's end.
    /// @return the code of the last GOAWAY, or null without one
    ErrorCode goodbye() throws IOException {
        ErrorCode last = null;
        for (Frame frame; (frame = next()) != null; ) {
            if (!(frame instanceof Frame.GoAway(var _, var code))) continue;
            last = code;
            if (code != ErrorCode.NO_ERROR) duplex.finish();       // nobody need linger for us
        }
        return last;
    }

    Duplex duplex() {
        return duplex;
    }

    /// Whether the server's reader has ended.
    boolean over() throws InterruptedException {
        return thread.join(Duration.ofSeconds(5));
    }

    @Override public void close() throws IOException {
        duplex.reset();
        server.close();
        try {
            if (!over()) throw new AssertionError("a reader goes on");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
