package io.loomtunnel.http2;

/// A frame as it was received (RFC 9113 §6). Bytes are not copied: those of a field block lie in the reader's array until
/// the next frame is asked for, those of DATA are still unread.
sealed interface Frame {
    int DATA = 0;
    int HEADERS = 1;
    int PRIORITY = 2;
    int RST_STREAM = 3;
    int SETTINGS = 4;
    int PUSH_PROMISE = 5;
    int PING = 6;
    int GOAWAY = 7;
    int WINDOW_UPDATE = 8;
    int CONTINUATION = 9;

    int END_STREAM = 0x1;
    int ACK = 0x1;
    int END_HEADERS = 0x4;
    int PADDED = 0x8;
    int PRIORITY_FLAG = 0x20;

    int HEADER_BYTES = 9;

    /// Announces `length` bytes of content and `padding` bytes behind them, all still unread: whoever handles it
    /// reads exactly those. `flow` is what flow control counts: the whole payload (§6.1).
    record Data(int streamId, int length, int padding, int flow, boolean endStream) implements Frame {}

    /// A whole field block, its CONTINUATION frames joined; `dependency` is that of the priority fields, or -1.
    record Headers(int streamId, boolean endStream, int dependency, byte[] array, int offset, int length) implements Frame {}

    record Priority(int streamId, int dependency) implements Frame {}

    record RstStream(int streamId, ErrorCode code) implements Frame {}

    /// `length` is a multiple of six: pairs of a 16-bit identifier and a 32-bit value.
    record Settings(byte[] array, int offset, int length) implements Frame {}

    record SettingsAck() implements Frame {}

    record Ping(boolean ack, long data) implements Frame {}

    record GoAway(int lastStreamId, ErrorCode code) implements Frame {}

    record WindowUpdate(int streamId, int increment) implements Frame {}

    /// A frame type that we don't know: ignored (§5.5).
    record Unknown(int type) implements Frame {}
}
