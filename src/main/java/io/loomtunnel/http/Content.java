package io.loomtunnel.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/// The content of a message as it arrives (RFC 9110 §6.4), and the trailer section after it. Streamed: nobody holds all of
/// it at once. Closing it leaves the connection as it is.
///
/// A read fails with an `IOException` when the message was cut short; the end is only reported for a whole message.
/// [#transferTo] hands over the received bytes without another copy, flushing `out` whenever it would have to wait for more.
public abstract class Content extends InputStream {
    /// What [#length] says when only the end will tell.
    public static final long UNKNOWN = -1;

    /// For subclasses.
    protected Content() {}

    /// No content at all.
    public static final Content NONE = new Content() {
        @Override public long length() {
            return 0;
        }

        @Override public boolean complete() {
            return true;
        }

        @Override public int read() {
            return -1;
        }

        @Override public int read(byte[] target, int offset, int length) {
            return length == 0 ? 0 : -1;
        }

        @Override public long transferTo(OutputStream out) {
            return 0;
        }
    };

    /// The length that the message declares.
    /// @return bytes; 0 when the message cannot have any; or [#UNKNOWN]
    public abstract long length();

    /// Whether all of it is here, the trailer section included, so that reading it to its end will not wait.
    /// @return false when it is not known to be
    public boolean complete() {
        return false;
    }

    /// The trailer section.
    /// @return its fields, empty when there are none; complete only after a read returned -1
    public Fields trailers() {
        return new Fields(0, 0);
    }

    @Override public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override public abstract int read(byte[] target, int offset, int length) throws IOException;
}
