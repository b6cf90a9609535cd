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
    private final Out out = new Out();

    /// @param protocol of an extended CONNECT; empty for a plain one
    StreamDuplex(Http2Stream stream, String protocol) {
        this.stream = stream;
        broken = protocol.isEmpty() ? ErrorCode.CONNECT_ERROR : ErrorCode.CANCEL;
    }

    @Override public InputStream in() {
        return stream.inbound();
    }

    @Override public OutputStream out() {
        return out;
    }

    @Override public long transferTo(OutputStream out) throws IOException {
        return stream.inbound().transferTo(out, true);
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

    /// Sends each piece at once, from the array that it is in.
    private final class Out extends OutputStream {
        @Override public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override public void write(byte[] source, int offset, int length) throws IOException {
            stream.sink().send(source, offset, length);
        }

        @Override public void flush() throws IOException {
            stream.sink().flush();
        }
    }
}
