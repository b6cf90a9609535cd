package io.loomtunnel.serve;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/// A connection whose first bytes were looked at: they are the first that are read of it.
final class Continued implements Duplex {
    private final Duplex duplex;
    private final ByteReader reader;
    private final InputStream in = new In();

    /// @param reader of the connection; holds what was read
    Continued(Duplex duplex, ByteReader reader) {
        this.duplex = duplex;
        this.reader = reader;
    }

    @Override public InputStream in() {
        return in;
    }

    @Override public OutputStream out() {
        return duplex.out();
    }

    @Override public void readTimeout(Duration limit) throws IOException {
        duplex.readTimeout(limit);
    }

    @Override public void finish() throws IOException {
        duplex.finish();
    }

    @Override public void reset() {
        duplex.reset();
    }

    @Override public void close() throws IOException {
        duplex.close();
    }

    private final class In extends InputStream {
        @Override public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override public int read(byte[] target, int offset, int length) throws IOException {
            return reader.read(target, offset, length);
        }

        @Override public int available() throws IOException {
            return reader.availableAll();
        }
    }
}
