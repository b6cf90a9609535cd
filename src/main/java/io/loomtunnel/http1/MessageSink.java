package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Fields;
import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// Sends one message: its head as late as possible, so that it goes out with the first of the content, in one system call when
/// the message is short; and the content by the framing that the head asks for (RFC 9112 §6).
final class MessageSink extends ContentSink {
    private static final int COPY = 32 * 1024;     // up to this it is cheaper to copy than to write twice
    private static final int KEEP = 2 * 1024;
    private static final byte[] CRLF = {'\r', '\n'};

    enum Framing { NONE, LENGTH, CHUNKED, CLOSE }

    /// Writes the head's lines, up to and including the last field the caller knows.
    @FunctionalInterface
    interface Head {
        void writeTo(ByteWriter out);
    }

    private final Duplex duplex;
    private final ByteWriter out;
    private final Head head;
    private final boolean chunkable;     // whether a message of unknown length is chunked; else only the close ends it
    private final boolean emptyLength;   // whether a message that ends without a byte says `content-length: 0`
    private final long declared;
    private final Framing fixed;
    private Framing framing;             // null until the head is written
    private long written;
    private boolean ended;
    private boolean broken;

    /// @param framing  NONE, LENGTH, or null for whatever the message turns out to need
    /// @param declared the `content-length` that is in the head, or [Content#UNKNOWN]
    MessageSink(Duplex duplex, ByteWriter out, Head head, Framing framing, long declared, boolean chunkable, boolean emptyLength) {
        this.duplex = duplex;
        this.out = out;
        this.head = head;
        this.chunkable = chunkable;
        this.emptyLength = emptyLength;
        this.declared = declared;
        this.fixed = framing;
    }

    /// Whether the whole message was sent.
    boolean ended() {
        return ended && !broken;
    }

    /// Whether nothing but the close of the connection ends the message.
    boolean untilClose() {
        return framing == Framing.CLOSE;
    }

    /// Writes the head, once it is known whether anything follows.
    private void begin(boolean ends) {
        if (framing != null) return;
        head.writeTo(out);
        if (fixed != null) framing = fixed;
        else if (!ends) framing = chunkable ? Framing.CHUNKED : Framing.CLOSE;
        else framing = emptyLength ? Framing.LENGTH : Framing.NONE;
        if (framing == Framing.CHUNKED) out.put("Transfer-Encoding: chunked\r\n");
        else if (framing == Framing.LENGTH && fixed == null) out.put("Content-Length: 0\r\n");
        out.put(CRLF);
    }

    @Override public void write(byte[] source, int offset, int length) throws IOException {
        if (ended || broken) throw new IOException("the message was ended");
        if (length == 0) return;
        begin(false);
        if (framing == Framing.NONE) throw new IOException("content in a message that has none");
        if (declared != Content.UNKNOWN && written + length > declared) {
            abandon();
            throw new IOException("more content than the " + declared + " bytes declared");
        }
        written += length;
        if (framing == Framing.CHUNKED) out.putHex(length).put(CRLF);
        if (out.size() + length <= COPY) {
            out.put(source, offset, length);
        } else {
            send();
            try {
                duplex.out().write(source, offset, length);
            } catch (IOException e) {
                broken = true;
                throw e;
            }
        }
        if (framing == Framing.CHUNKED) out.put(CRLF);
    }

    @Override public void flush() throws IOException {
        if (ended || broken) return;
        begin(false);
        send();
    }

    @Override public void end(Fields trailers) throws IOException {
        if (ended || broken) return;
        begin(!chunkable || trailers.isEmpty());
        if (declared != Content.UNKNOWN && framing == Framing.LENGTH && written < declared) {
            abandon();
            throw new IOException("only " + written + " of " + declared + " bytes of content");
        }
        if (framing == Framing.CHUNKED) {
            out.put('0').put(CRLF);
            HeadWriter.fields(out, trailers);
            out.put(CRLF);
        }
        ended = true;
        send();
    }

    @Override public void abandon() {
        if (ended || broken) return;
        broken = true;
        out.reset(KEEP);
        // A clean close would look like the end of such a message.
        if (framing == Framing.CLOSE) duplex.reset();
    }

    private void send() throws IOException {
        if (out.isEmpty()) return;
        try {
            out.writeTo(duplex.out());
            duplex.out().flush();
        } catch (IOException e) {
            broken = true;
            throw e;
        } finally {
            out.reset(KEEP);
        }
    }
}
