package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.http.MalformedMessageException;
import java.io.IOException;

/// Reads the line in front of a chunk (RFC 9112 §7.1). Its extensions mean nothing to us but are held to their grammar: where one
/// parser sees a quoted string go on and another a line's end, they see two messages.
final class ChunkLine {
    private static final int MAX_BYTES = 1024;           // size and extensions, which nobody uses
    private static final int MAX_DIGITS = 64;            // zeros in front may go on for ever

    private final ByteReader in;
    private int length;
    private int b;                                       // the byte at hand

    private ChunkLine(ByteReader in) {
        this.in = in;
    }

    /// Reads up to and including the line's end.
    /// @return the chunk's size
    static long read(ByteReader in) throws IOException {
        var line = new ChunkLine(in);
        long size = line.size();
        if (line.b != '\r') line.extensions();
        if (in.read() != '\n') throw new MalformedMessageException("a chunk size line with a bare CR");
        return size;
    }

    /// chunk-size = 1*HEXDIG
    private long size() throws IOException {
        long size = 0;
        next();
        for (int digit; (digit = Character.digit(b, 16)) >= 0 && b <= 'f'; next()) {
            if (length > MAX_DIGITS || size >= 1L << 55) throw new MalformedMessageException("a chunk size that is too large");
            size = size << 4 | digit;
        }
        if (length == 1) throw new MalformedMessageException("a chunk without a size");
        return size;
    }

    /// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
    private void extensions() throws IOException {
        for (boolean padded = space(); b != '\r' || padded; padded = space()) {
            if (b != ';') throw new MalformedMessageException("a chunk size that is malformed");
            next();
            space();
            token();
            padded = space();
            if (b == '=') {
                next();
                space();
                if (b == '"') quoted();
                else token();
            } else if (padded && b != ';') {
                throw malformed();
            }
        }
    }

    /// @return whether there was any
    private boolean space() throws IOException {
        int before = length;
        while (b == ' ' || b == '\t') next();
        return length > before;
    }

    private void token() throws IOException {
        if (!Grammar.token(b)) throw malformed();
        while (Grammar.token(b)) next();
    }

    private void quoted() throws IOException {
        for (next(); b != '"'; next()) {
            if (b == '\\') next();
            if (!Grammar.value(b)) throw malformed();
        }
        next();
    }

    private void next() throws IOException {
        if (length++ > MAX_BYTES) throw new MalformedMessageException("a chunk extension that is too long");
        b = in.read();
    }

    private static MalformedMessageException malformed() {
        return new MalformedMessageException("a chunk extension that is malformed");
    }
}
