package io.loomtunnel.http2;

import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/// The stream of a CONNECT as a connection (RFC 9113 §8.5, RFC 8441 §5): END_STREAM is its half-close, RST_STREAM its
/// reset.
final class StreamDuplex implements Duplex {
    private final Http2Stream stream;
    private final ErrorCode broken;

    /// @param protocol of an extended CONNECT; empty for a plain one
    StreamDuplex(Http2Stream stream, String protocol) {
        this.stream = stream;
        broken = protocol.isEmpty() ? ErrorCode.CONNECT_ERROR : ErrorCode.CANCEL;
    }

    @Override public InputStream in() {
        return stream.inbound();
    }

    @Override public OutputStream out() {
        return stream.sink();
    }

    @Override public long transferTo(OutputStream out) throws IOException {
        return stream.inbound().transferTo(out);
    }

    @Override public void readTimeout(Duration limit) {
        stream.inbound().readTimeout(limit);
    }

    @Override public void finish() throws IOException {
        stream.sink().end();
    }

    @Override public void reset() {
        stream.reset(broken);
    }

    @Override public void close() {
        if (stream.localOpen() || stream.remoteOpen()) stream.reset(ErrorCode.CANCEL);
        stream.inbound().discard();
    }
}
