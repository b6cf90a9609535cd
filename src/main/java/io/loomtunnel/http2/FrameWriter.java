package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteWriter;
import java.util.Arrays;

/// The layouts of the frames that we send (RFC 9113 §6), appended to a wire buffer.
final class FrameWriter {
    private FrameWriter() {}

    static void header(ByteWriter out, int length, int type, int flags, int streamId) {
        out.put24(length).put(type).put(flags).put32(streamId);
    }

    static void rstStream(ByteWriter out, int streamId, ErrorCode code) {
        header(out, 4, Frame.RST_STREAM, 0, streamId);
        out.put32(code.ordinal());
    }

    static void windowUpdate(ByteWriter out, int streamId, int increment) {
        header(out, 4, Frame.WINDOW_UPDATE, 0, streamId);
        out.put32(increment);
    }

    static void ping(ByteWriter out, int flags, long data) {
        header(out, 8, Frame.PING, flags, 0);
        out.put32((int) (data >>> 32)).put32((int) data);
    }

    static void goAway(ByteWriter out, int lastStreamId, ErrorCode code) {
        header(out, 8, Frame.GOAWAY, 0, 0);
        out.put32(lastStreamId).put32(code.ordinal());
    }

    static void settingsAck(ByteWriter out) {
        header(out, 0, Frame.SETTINGS, Frame.ACK, 0);
    }

    /// @param pairs identifiers and values in turn
    static void settings(ByteWriter out, int... pairs) {
        header(out, pairs.length * 3, Frame.SETTINGS, 0, 0);
        for (int i = 0; i < pairs.length; i += 2) out.put16(pairs[i]).put32(pairs[i + 1]);
    }

    /// Turns the field block that was appended from `start` on, behind room for one frame header, into HEADERS, and into
    /// CONTINUATIONs as well when it is longer than one frame may be: they stay contiguous (§4.3).
    static void headers(ByteWriter out, int start, int streamId, int flags, int maxFrameSize) {
        int length = out.size() - start - Frame.HEADER_BYTES;
        if (length <= maxFrameSize) {
            place(out.array(), start, length, Frame.HEADERS, flags | Frame.END_HEADERS, streamId);
            return;
        }
        var block = Arrays.copyOfRange(out.array(), start + Frame.HEADER_BYTES, out.size());
        out.truncate(start);
        for (int at = 0; at < length; at += maxFrameSize) {
            int n = Math.min(maxFrameSize, length - at);
            int last = at + n == length ? Frame.END_HEADERS : 0;
            header(out, n, at == 0 ? Frame.HEADERS : Frame.CONTINUATION, at == 0 ? flags | last : last, streamId);
            out.put(block, at, n);
        }
    }

    private static void place(byte[] array, int at, int length, int type, int flags, int streamId) {
        array[at] = (byte) (length >>> 16);
        array[at + 1] = (byte) (length >>> 8);
        array[at + 2] = (byte) length;
        array[at + 3] = (byte) type;
        array[at + 4] = (byte) flags;
        array[at + 5] = (byte) (streamId >>> 24);
        array[at + 6] = (byte) (streamId >>> 16);
        array[at + 7] = (byte) (streamId >>> 8);
        array[at + 8] = (byte) streamId;
    }
}
