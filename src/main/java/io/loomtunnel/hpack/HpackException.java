package io.loomtunnel.hpack;

import java.io.IOException;

/// A field block can't be decoded. The table's state is lost with it, so it ends the connection (COMPRESSION_ERROR).
public final class HpackException extends IOException {
    private static final long serialVersionUID = 1;

    public HpackException(String detail) {
        super(detail);
    }
}
