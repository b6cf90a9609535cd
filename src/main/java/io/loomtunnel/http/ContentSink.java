package io.loomtunnel.http;

import java.io.IOException;
import java.io.OutputStream;

/// Where the content of a message that we send goes. The message's head, and small writes, are held back until
/// [#flush], [#end] or enough bytes, so that a short message leaves in one piece.
///
/// A write blocks while the peer takes nothing, and fails when the peer is gone or has refused the rest.
/// One thread at a time.
public abstract class ContentSink extends OutputStream {
    /// For subclasses.
    protected ContentSink() {}

    /// Ends the message, and flushes it.
    /// @param trailers the trailer section; dropped where the message's framing has no place for it
    /// @throws IOException when it could not be sent, or when less content was written than the head declares:
    ///         the message is then abandoned, so that nobody takes it for a whole one
    public abstract void end(Fields trailers) throws IOException;

    /// Ends the message without trailers, and flushes it.
    /// @throws IOException as for [#end(Fields)]
    public void end() throws IOException {
        end(new Fields(0, 0));
    }

    /// Makes the message visibly incomplete: the stream is reset or the connection closed. Does nothing after [#end].
    public abstract void abandon();

    /// Abandons the message like [#abandon], and tells a peer who can be told that it was meant: CANCEL rather than an error.
    public void cancel() {
        abandon();
    }

    /// Abandons a message that was not ended.
    @Override public void close() {
        abandon();
    }

    @Override public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override public abstract void write(byte[] source, int offset, int length) throws IOException;

    @Override public abstract void flush() throws IOException;
}
