package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/// A connection that has left HTTP/1.1: its first bytes are those that came together with the head.
final class UpgradedDuplex implements Duplex {
    private final Duplex duplex;
    private final InputStream in;

    /// @param presence who may still be reading, or null
    UpgradedDuplex(Duplex duplex, ByteReader reader, Presence presence) {
        this.duplex = duplex;
        in = new InputStream() {
            @Override public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override public int read(byte[] target, int offset, int length) throws IOException {
                if (presence != null) presence.await(Deadline.NEVER);
                return reader.read(target, offset, length);
            }

            @Override public int available() throws IOException {
                return reader.availableAll();
            }
        };
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
}
