package io.loomtunnel.http2;

import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/// The stream of a CONNECT as a connection (RFC 9113 §8.5, RFC 8441 §5): END_STREAM is its half-close, RST_STREAM its reset.
final class StreamDuplex implements Duplex {
    private final Http2Stream stream;

    StreamDuplex(Http2Stream stream) {
        this.stream = stream;
    }

    @Override public InputStream in() {
        return stream.inbound();
    }

    @Override public OutputStream out() {
        return stream.sink();
    }

    @Override public void readTimeout(Duration limit) {
        stream.inbound().readTimeout(limit);
    }

    @Override public void finish() throws IOException {
        stream.sink().end();
    }

    @Override public void reset() {
        stream.reset(ErrorCode.CONNECT_ERROR);
    }

    @Override public void close() {
        if (stream.localOpen() || stream.remoteOpen()) stream.reset(ErrorCode.CANCEL);
        stream.inbound().discard();
    }
}
