package io.loomtunnel.http2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameReaderTest {
    private final ByteWriter out = new ByteWriter(64);

    private FrameReader reader() {
        return reader(new ByteArrayInputStream(out.array(), 0, out.size()));
    }

    private static FrameReader reader(InputStream in) {
        return new FrameReader(new ByteReader(in, new MemoryBudget(1 << 20)), 16_384, 65_536);
    }

    private void frame(int type, int flags, int streamId, int... payload) {
        FrameWriter.header(out, payload.length, type, flags, streamId);
        for (int b : payload) out.put(b);
    }

    private ErrorCode refused() {
        return assertThrows(ConnectionException.class, () -> reader().next()).code();
    }

    @Test void framesThatWeWriteAreReadAsTheyWere() throws IOException {
        FrameWriter.rstStream(out, 7, ErrorCode.CANCEL);
        FrameWriter.windowUpdate(out, 9, 1_000_000);
        FrameWriter.ping(out, Frame.ACK, 0x1122334455667788L);
        FrameWriter.goAway(out, 11, ErrorCode.ENHANCE_YOUR_CALM);
        FrameWriter.settingsAck(out);
        var in = reader();
        assertEquals(new Frame.RstStream(7, ErrorCode.CANCEL), in.next());
        assertEquals(new Frame.WindowUpdate(9, 1_000_000), in.next());
        assertEquals(new Frame.Ping(true, 0x1122334455667788L), in.next());
        assertEquals(new Frame.GoAway(11, ErrorCode.ENHANCE_YOUR_CALM), in.next());
        assertEquals(new Frame.SettingsAck(), in.next());
        assertNull(in.next());
    }

    @Test void aLongFieldBlockIsNotKeptWhileTheNextFrameIsWaitedFor() throws IOException {
        int start = out.skip(Frame.HEADER_BYTES);
        out.put(new byte[40_000]);
        FrameWriter.headers(out, start, 3, 0, 16_384);
        var budget = new MemoryBudget(1 << 20);
        var bytes = new ByteReader(new ByteArrayInputStream(out.array(), 0, out.size()), budget);
        var in = new FrameReader(bytes, 16_384, 65_536);
        assertInstanceOf(Frame.Headers.class, in.next());
        assertTrue(budget.used() >= 40_000, "charged " + budget.used());
        assertNull(in.next());
        bytes.release();
        assertEquals(0, budget.used());
    }

    @Test void longFieldBlockIsSplitAndJoinedAgain() throws IOException {           // RFC 9113 §6.10
        var block = new byte[40_000];
        new Random(1).nextBytes(block);
        int start = out.skip(Frame.HEADER_BYTES);
        out.put(block);
        FrameWriter.headers(out, start, 5, Frame.END_STREAM, 16_384);
        var headers = assertInstanceOf(Frame.Headers.class, reader().next());
        assertEquals(5, headers.streamId());
        assertEquals(true, headers.endStream());
        assertArrayEquals(block, Arrays.copyOfRange(headers.array(), headers.offset(), headers.offset() + headers.length()));
    }

    @Test void paddingAndPriorityAreTakenOff() throws IOException {                 // RFC 9113 §6.2
        frame(Frame.HEADERS, Frame.END_HEADERS | Frame.PADDED | Frame.PRIORITY_FLAG, 3, 2, 0x80, 0, 0, 1, 15, 0x82, 0x84, 0, 0);
        var headers = assertInstanceOf(Frame.Headers.class, reader().next());
        assertEquals(2, headers.length());
        assertEquals(1, headers.dependency());
        assertEquals((byte) 0x82, headers.array()[headers.offset()]);
    }

    @Test void paddedDataCountsWholeForFlowControl() throws IOException {           // RFC 9113 §6.1
        frame(Frame.DATA, Frame.PADDED | Frame.END_STREAM, 1, 2, 'a', 'b', 'c', 0, 0);
        assertEquals(new Frame.Data(1, 3, 2, 6, true), reader().next());
    }

    @Test void sizesThatAreWrongEndTheConnection() {
        for (int type : new int[] {Frame.RST_STREAM, Frame.PING, Frame.GOAWAY, Frame.WINDOW_UPDATE}) {
            out.reset(64);
            frame(type, 0, type == Frame.RST_STREAM ? 1 : 0, 1, 2, 3);
            assertEquals(ErrorCode.FRAME_SIZE_ERROR, refused(), "type " + type);
        }
        out.reset(64);
        frame(Frame.SETTINGS, 0, 0, 1, 2, 3, 4, 5);
        assertEquals(ErrorCode.FRAME_SIZE_ERROR, refused());
        out.reset(64);
        frame(Frame.SETTINGS, Frame.ACK, 0, 1, 2, 3, 4, 5, 6);
        assertEquals(ErrorCode.FRAME_SIZE_ERROR, refused());
    }

    @Test void frameAboveOurMaximumIsRefusedBeforeItsPayload() {                    // RFC 9113 §4.2
        FrameWriter.header(out, 16_385, Frame.HEADERS, 0, 1);
        assertEquals(ErrorCode.FRAME_SIZE_ERROR, refused());
    }

    @Test void streamIdsStandWhereTheyBelong() {
        for (int type : new int[] {Frame.DATA, Frame.HEADERS, Frame.PRIORITY, Frame.RST_STREAM}) {
            out.reset(64);
            frame(type, 0, 0, 0, 0, 0, 0, 0);
            assertEquals(ErrorCode.PROTOCOL_ERROR, refused(), "type " + type);
        }
        for (int type : new int[] {Frame.SETTINGS, Frame.PING, Frame.GOAWAY}) {
            out.reset(64);
            frame(type, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
            assertEquals(ErrorCode.PROTOCOL_ERROR, refused(), "type " + type);
        }
    }

    @Test void paddingLongerThanThePayloadIsRefused() {
        frame(Frame.DATA, Frame.PADDED, 1, 5, 0, 0, 0, 0);
        assertEquals(ErrorCode.PROTOCOL_ERROR, refused());
    }

    @Test void nothingComesBetweenTheFramesOfAFieldBlock() {                        // RFC 9113 §4.3
        frame(Frame.HEADERS, 0, 1, 0x82);
        frame(Frame.PING, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        assertEquals(ErrorCode.PROTOCOL_ERROR, refused());
        out.reset(64);
        frame(Frame.HEADERS, 0, 1, 0x82);
        frame(Frame.CONTINUATION, Frame.END_HEADERS, 3, 0x84);
        assertEquals(ErrorCode.PROTOCOL_ERROR, refused());
        out.reset(64);
        frame(Frame.CONTINUATION, Frame.END_HEADERS, 1, 0x84);
        assertEquals(ErrorCode.PROTOCOL_ERROR, refused());
    }

    @Test void endlessFieldBlockIsCutOff() {                                        // CVE-2024-27316
        frame(Frame.HEADERS, 0, 1, 0x82);
        for (int i = 0; i < 10_000; i++) frame(Frame.CONTINUATION, 0, 1);
        assertEquals(ErrorCode.ENHANCE_YOUR_CALM, refused());
    }

    @Test void endInsideAFrameIsNotTheEndOfTheConnection() {
        FrameWriter.ping(out, 0, 1);
        for (int cut = 1; cut < out.size(); cut++) {
            var in = reader(new ByteArrayInputStream(out.array(), 0, cut));
            assertThrows(EOFException.class, in::next, "cut at " + cut);
        }
    }

    @Test void sameFramesHoweverTheyArrive() throws IOException {
        FrameWriter.settings(out, 3, 100, 4, 65_536);
        FrameWriter.ping(out, 0, 42);
        frame(Frame.HEADERS, 0, 1, 0x82, 0x84);
        frame(Frame.CONTINUATION, Frame.END_HEADERS, 1, 0x86);
        FrameWriter.windowUpdate(out, 1, 5);
        var whole = names(reader());
        for (int piece = 1; piece < out.size(); piece++) {
            int size = piece;
            var in = new ByteArrayInputStream(out.array(), 0, out.size()) {
                @Override public int read(byte[] target, int offset, int length) {
                    return super.read(target, offset, Math.min(length, size));
                }
            };
            assertEquals(whole, names(reader(in)), "in pieces of " + piece);
        }
    }

    private static List<String> names(FrameReader in) throws IOException {
        var names = new ArrayList<String>();
        for (Frame frame; (frame = in.next()) != null; ) {
            names.add(switch (frame) {
                case Frame.Headers h -> "headers " + Arrays.toString(Arrays.copyOfRange(h.array(), h.offset(), h.offset() + h.length()));
                case Frame.Settings s -> "settings " + Arrays.toString(Arrays.copyOfRange(s.array(), s.offset(), s.offset() + s.length()));
                default -> frame.toString();
            });
        }
        return names;
    }

    @Test void randomBytesAreRefusedOrReadButNeverBreakTheReader() {
        var random = new Random(20261124);
        for (int i = 0; i < 20_000; i++) {
            var bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);
            if (bytes.length > 3 && random.nextBoolean()) bytes[0] = bytes[1] = 0;
            var in = reader(new ByteArrayInputStream(bytes));
            try {
                for (Frame frame; (frame = in.next()) != null; ) if (frame instanceof Frame.Data) break;
            } catch (ConnectionException | StreamException | EOFException e) {
                // what a malformed input is
            } catch (IOException e) {
                throw new AssertionError(Arrays.toString(bytes), e);
            }
        }
    }
}
