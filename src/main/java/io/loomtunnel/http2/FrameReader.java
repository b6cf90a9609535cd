package io.loomtunnel.http2;

import static io.loomtunnel.http2.ErrorCode.ENHANCE_YOUR_CALM;
import static io.loomtunnel.http2.ErrorCode.FRAME_SIZE_ERROR;
import static io.loomtunnel.http2.ErrorCode.PROTOCOL_ERROR;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.time.Duration;

/// Cuts the bytes of a connection into frames and checks what can be checked without knowing any stream: sizes,
/// stream ids that must or must not be zero, padding, and that nothing comes between the frames of a field block.
final class FrameReader {
    private final ByteReader in;
    private final int maxFrameSize;
    private final int maxBlock;
    private final ByteWriter block = new ByteWriter(0);     // of HEADERS that are followed by CONTINUATION
    private int charged;                                    // for it
    private int pending;                                    // bytes of the last frame, consumed when the next is asked for
    private Duration patience = Duration.ZERO;
    private Runnable late;
    private Watchdog.Limit limit;                           // of the frame or field block that is on its way

    /// @param maxFrameSize what our SETTINGS_MAX_FRAME_SIZE says
    /// @param maxBlock bytes of one encoded field block, all its frames together
    FrameReader(ByteReader in, int maxFrameSize, int maxBlock) {
        this.in = in;
        this.maxFrameSize = maxFrameSize;
        this.maxBlock = maxBlock;
    }

    /// Bounds how long a frame, or a whole field block, may be on its way; DATA, whose bytes are content, from its header on.
    /// @param limit from its first byte; zero for none
    /// @param late  runs when that is over, on a thread that must not be held up; whoever reads here goes on waiting
    void bound(Duration limit, Runnable late) {
        patience = limit;
        this.late = late;
    }

    /// The next frame. Of the one before, a DATA frame's bytes must have been read.
    /// @return null when the stream ended between two frames
    Frame next() throws IOException {
        in.skip(pending);
        pending = 0;
        release();                  // the next frame may be long in coming
        if (in.available() == 0 && !in.fill()) return null;
        try {
            require(Frame.HEADER_BYTES);
            return frame();
        } finally {
            if (limit != null) limit.close();
            limit = null;
        }
    }

    /// Waits for more of what has begun.
    private void require(int bytes) throws IOException {
        if (in.available() >= bytes) return;
        if (limit == null && !patience.isZero()) limit = Watchdog.PROCESS.limit(patience, late);
        in.require(bytes);
    }

    private Frame frame() throws IOException {
        int at = in.position();
        byte[] array = in.array();
        int length = int24(array, at);
        int type = array[at + 3] & 0xff;
        int flags = array[at + 4];
        int streamId = int31(array, at + 5);
        if (length > maxFrameSize) throw size("a frame of " + length + " bytes");
        in.skip(Frame.HEADER_BYTES);
        if (type == Frame.DATA) return data(streamId, flags, length);
        require(length);
        pending = length;
        return switch (type) {
            case Frame.HEADERS -> headers(streamId, flags, length);
            case Frame.PRIORITY -> {
                onStream(streamId);
                if (length != 5) throw new StreamException(streamId, FRAME_SIZE_ERROR, "PRIORITY of " + length + " bytes");
                yield new Frame.Priority(streamId, int31(in.array(), in.position()));
            }
            case Frame.RST_STREAM -> {
                onStream(streamId);
                exactly(4, length);
                yield new Frame.RstStream(streamId, ErrorCode.of(int32(in.array(), in.position())));
            }
            case Frame.SETTINGS -> {
                onConnection(streamId);
                if ((flags & Frame.ACK) != 0) {
                    exactly(0, length);
                    yield new Frame.SettingsAck();
                }
                if (length % 6 != 0) throw size("SETTINGS of " + length + " bytes");
                yield new Frame.Settings(in.array(), in.position(), length);
            }
            case Frame.PING -> {
                onConnection(streamId);
                exactly(8, length);
                long data = (long) int32(in.array(), in.position()) << 32 | int32(in.array(), in.position() + 4) & 0xffffffffL;
                yield new Frame.Ping((flags & Frame.ACK) != 0, data);
            }
            case Frame.GOAWAY -> {
                onConnection(streamId);
                if (length < 8) throw size("GOAWAY of " + length + " bytes");
                yield new Frame.GoAway(int31(in.array(), in.position()), ErrorCode.of(int32(in.array(), in.position() + 4)));
            }
            case Frame.WINDOW_UPDATE -> {
                exactly(4, length);
                yield new Frame.WindowUpdate(streamId, int31(in.array(), in.position()));
            }
            case Frame.PUSH_PROMISE -> throw protocol("PUSH_PROMISE, which we never allow");
            case Frame.CONTINUATION -> throw protocol("CONTINUATION without HEADERS");
            default -> new Frame.Unknown(type);
        };
    }

    /// Gives up the field block that was read last.
    void release() {
        block.reset(0);
        charge();
    }

    private void charge() {
        int length = block.array().length;
        if (length == charged) return;              // as at nearly every frame
        in.budget().charge(length - charged);
        charged = length;
    }

    /// Gives a large array back, before a wait that may be long; the last frame must not be looked at any more.
    void rest() {
        in.skip(pending);
        pending = 0;
        in.rest();
    }

    private Frame data(int streamId, int flags, int length) throws IOException {
        onStream(streamId);
        if ((flags & Frame.PADDED) == 0) return new Frame.Data(streamId, length, 0, length, (flags & Frame.END_STREAM) != 0);
        if (length < 1) throw size("padded DATA without a pad length");
        int padding = in.read();
        if (padding > length - 1) throw protocol("more padding than payload");
        return new Frame.Data(streamId, length - 1 - padding, padding, length, (flags & Frame.END_STREAM) != 0);
    }

    private Frame headers(int streamId, int flags, int length) throws IOException {
        onStream(streamId);
        int at = in.position();
        int end = at + length;
        if ((flags & Frame.PADDED) != 0) {
            if (length < 1) throw size("padded HEADERS without a pad length");
            int padding = in.array()[at++] & 0xff;
            if (padding > end - at) throw protocol("more padding than payload");
            end -= padding;
        }
        int dependency = -1;
        if ((flags & Frame.PRIORITY_FLAG) != 0) {
            if (end - at < 5) throw size("HEADERS without room for its priority");
            dependency = int31(in.array(), at);
            at += 5;
        }
        boolean endStream = (flags & Frame.END_STREAM) != 0;
        if ((flags & Frame.END_HEADERS) != 0) return new Frame.Headers(streamId, endStream, dependency, in.array(), at, end - at);
        block.put(in.array(), at, end - at);
        charge();
        continuations(streamId);
        return new Frame.Headers(streamId, endStream, dependency, block.array(), 0, block.size());
    }

    /// Joins the CONTINUATION frames. Small ones are dear to us and cheap to send, so their number is bounded too.
    private void continuations(int streamId) throws IOException {
        for (int frames = 1; ; frames++) {
            in.skip(pending);
            pending = 0;
            require(Frame.HEADER_BYTES);
            int at = in.position();
            int length = int24(in.array(), at);
            int type = in.array()[at + 3] & 0xff;
            int flags = in.array()[at + 4];
            if (type != Frame.CONTINUATION || int31(in.array(), at + 5) != streamId) throw protocol("a frame inside a field block");
            if (length > maxFrameSize) throw size("a frame of " + length + " bytes");
            if (block.size() + length > maxBlock || frames > 32 + maxBlock / 1024) {
                throw new ConnectionException(ENHANCE_YOUR_CALM, "a field block of more than " + maxBlock + " bytes");
            }
            if (in.stinted()) throw new ConnectionException(ENHANCE_YOUR_CALM, "a long field block while memory is short");
            in.skip(Frame.HEADER_BYTES);
            require(length);
            pending = length;
            block.put(in.array(), in.position(), length);
            charge();
            if ((flags & Frame.END_HEADERS) != 0) return;
        }
    }

    private static void onStream(int streamId) throws ConnectionException {
        if (streamId == 0) throw protocol("a stream's frame on stream 0");
    }

    private static void onConnection(int streamId) throws ConnectionException {
        if (streamId != 0) throw protocol("a connection's frame on stream " + streamId);
    }

    private static void exactly(int wanted, int length) throws ConnectionException {
        if (length != wanted) throw size("a payload of " + length + " bytes instead of " + wanted);
    }

    private static ConnectionException size(String detail) {
        return new ConnectionException(FRAME_SIZE_ERROR, detail);
    }

    private static ConnectionException protocol(String detail) {
        return new ConnectionException(PROTOCOL_ERROR, detail);
    }

    static int int16(byte[] array, int at) {
        return (array[at] & 0xff) << 8 | array[at + 1] & 0xff;
    }

    private static int int24(byte[] array, int at) {
        return (array[at] & 0xff) << 16 | int16(array, at + 1);
    }

    static int int32(byte[] array, int at) {
        return int16(array, at) << 16 | int16(array, at + 2);
    }

    private static int int31(byte[] array, int at) {
        return int32(array, at) & 0x7fffffff;
    }
}
