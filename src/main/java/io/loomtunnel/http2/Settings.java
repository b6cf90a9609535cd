package io.loomtunnel.http2;

import static io.loomtunnel.http2.ErrorCode.FLOW_CONTROL_ERROR;
import static io.loomtunnel.http2.ErrorCode.PROTOCOL_ERROR;

/// The peer's settings (RFC 9113 §6.5.2), those of RFC 8441 included. The connection's lock guards it.
final class Settings {
    static final int HEADER_TABLE_SIZE = 1;
    static final int ENABLE_PUSH = 2;
    static final int MAX_CONCURRENT_STREAMS = 3;
    static final int INITIAL_WINDOW_SIZE = 4;
    static final int MAX_FRAME_SIZE = 5;
    static final int MAX_HEADER_LIST_SIZE = 6;
    static final int ENABLE_CONNECT_PROTOCOL = 8;

    static final int DEFAULT_WINDOW = 65_535;

    int headerTableSize = 4_096;
    int maxConcurrentStreams = Integer.MAX_VALUE;
    int initialWindowSize = DEFAULT_WINDOW;
    int maxFrameSize = 16_384;
    boolean connectProtocol;

    /// Takes one setting over; unknown ones are ignored.
    /// @param value unsigned
    void set(int identifier, int value, boolean fromServer) throws ConnectionException {
        switch (identifier) {
            case HEADER_TABLE_SIZE -> headerTableSize = value < 0 ? Integer.MAX_VALUE : value;
            case ENABLE_PUSH -> {
                if (value != 0 && (value != 1 || fromServer)) throw bad("ENABLE_PUSH", value);
            }
            case MAX_CONCURRENT_STREAMS -> maxConcurrentStreams = value < 0 ? Integer.MAX_VALUE : value;
            case INITIAL_WINDOW_SIZE -> {
                if (value < 0) throw new ConnectionException(FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE above 2^31-1");
                initialWindowSize = value;
            }
            case MAX_FRAME_SIZE -> {
                if (value < 16_384 || value > 0xffffff) throw bad("MAX_FRAME_SIZE", value);
                maxFrameSize = value;
            }
            case ENABLE_CONNECT_PROTOCOL -> {
                if (value != 1 && (value != 0 || connectProtocol)) throw bad("ENABLE_CONNECT_PROTOCOL", value);
                connectProtocol = value == 1;
            }
            default -> { }
        }
    }

    private static ConnectionException bad(String name, int value) {
        return new ConnectionException(PROTOCOL_ERROR, name + " " + Integer.toUnsignedString(value));
    }
}
