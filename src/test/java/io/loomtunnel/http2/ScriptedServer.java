package io.loomtunnel.http2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.DuplexPair;
import io.loomtunnel.hpack.Encoder;
import io.loomtunnel.http.Fields;
import io.loomtunnel.io.Duplex;
import java.io.EOFException;
import java.io.IOException;

/// A server that plays frames and looks at what comes back; it knows no rules.
final class ScriptedServer {
    private final Duplex duplex;
    private final ByteReader in;
    private final FrameReader frames;
    private final HeadDecoder heads = new HeadDecoder(1 << 20, 1_000, false);
    private final Encoder encoder = new Encoder(4_096);
    private final ByteWriter out = new ByteWriter(1_024);

    ScriptedServer(DuplexPair pair) {
        duplex = pair.right();
        in = new ByteReader(duplex.in(), MemoryBudget.PROCESS);
        frames = new FrameReader(in, 16_384, 1 << 20);
    }

    /// Reads the client's preface and sends our SETTINGS.
    /// @param pairs identifiers and values in turn
    void open(int... pairs) throws IOException {
        in.require(24);
        in.skip(24);
        settings(pairs);
    }

    void settings(int... pairs) throws IOException {
        FrameWriter.settings(out, pairs);
        send();
    }

    /// The next frame that is none of SETTINGS, its ACK, WINDOW_UPDATE; content is read and dropped.
    Frame next() throws IOException {
        while (true) {
            var frame = frames.next();
            switch (frame) {
                case null -> throw new EOFException();
                case Frame.Settings _, Frame.SettingsAck _, Frame.WindowUpdate _ -> { }
                case Frame.Data data -> {
                    in.require(data.length() + data.padding());
                    in.skip(data.length() + data.padding());
                    return data;
                }
                case Frame.Headers headers -> {
                    heads.request(headers);
                    return headers;
                }
                default -> {
                    return frame;
                }
            }
        }
    }

    /// The id of the next request.
    int request() throws IOException {
        return ((Frame.Headers) next()).streamId();
    }

    /// Sends a field block: pseudo-fields and fields in turn with their values.
    void headers(int id, boolean ends, String... fields) throws IOException {
        int start = out.skip(Frame.HEADER_BYTES);
        encoder.begin(out);
        for (int i = 0; i < fields.length; i += 2) {
            if (fields[i].startsWith(":")) encoder.field(out, fields[i], fields[i + 1]);
            else encoder.fields(out, Fields.of(fields[i], fields[i + 1]));
        }
        FrameWriter.headers(out, start, id, ends ? Frame.END_STREAM : 0, 16_384);
        send();
    }

    void data(int id, boolean ends, String content) throws IOException {
        FrameWriter.header(out, content.length(), Frame.DATA, ends ? Frame.END_STREAM : 0, id);
        out.put(content.getBytes(ISO_8859_1));
        send();
    }

    void reset(int id, ErrorCode code) throws IOException {
        FrameWriter.rstStream(out, id, code);
        send();
    }

    void goAway(int last, ErrorCode code) throws IOException {
        FrameWriter.goAway(out, last, code);
        send();
    }

    void ping() throws IOException {
        FrameWriter.ping(out, 0, 1);
        send();
    }

    void windowUpdate(int id, int increment) throws IOException {
        FrameWriter.windowUpdate(out, id, increment);
        send();
    }

    /// PUSH_PROMISE with a field block that is not looked at.
    void push(int id, int promised) throws IOException {
        FrameWriter.header(out, 4, Frame.PUSH_PROMISE, Frame.END_HEADERS, id);
        out.put32(promised);
        send();
    }

    void text(String bytes) throws IOException {
        out.put(bytes.getBytes(ISO_8859_1));
        send();
    }

    void close() throws IOException {
        duplex.close();
    }

    private void send() throws IOException {
        out.writeTo(duplex.out());
        out.reset(1_024);
    }
}
