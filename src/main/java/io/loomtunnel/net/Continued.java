package io.loomtunnel.net;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/// A connection of which something was read already, as when its first bytes were looked at, or when it has left HTTP/1.1: what a reader
/// holds comes first.
public final class Continued implements Duplex {
    private final Duplex duplex;
    private final ByteReader reader;
    private final Runnable before;
    private final InputStream in = new In();

    /// @param reader of the connection; holds what was read
    public Continued(Duplex duplex, ByteReader reader) {
        this(duplex, reader, () -> { });
    }

    /// @param before waits until nobody else uses the reader any more; comes before each read
    public Continued(Duplex duplex, ByteReader reader, Runnable before) {
        this.duplex = duplex;
        this.reader = reader;
        this.before = before;
    }

    @Override public InputStream in() {
        return in;
    }

    @Override public OutputStream out() {
        return duplex.out();
    }

    /// {@inheritDoc} Straight out of the reader's array, which is small again whenever nothing more is there.
    @Override public long transferTo(OutputStream out) throws IOException {
        long total = 0;
        before.run();
        while (reader.available() > 0 || fill(out)) {
            int n = reader.available();
            out.write(reader.array(), reader.position(), n);
            reader.skip(n);
            total += n;
        }
        return total;
    }

    private boolean fill(OutputStream out) throws IOException {
        out.flush();
        if (reader.array().length > ByteReader.SMALL && reader.availableAll() == 0) reader.rest();
        return reader.fill();
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
            before.run();
            return reader.read(target, offset, length);
        }

        @Override public int available() throws IOException {
            return reader.availableAll();
        }
    }
}
