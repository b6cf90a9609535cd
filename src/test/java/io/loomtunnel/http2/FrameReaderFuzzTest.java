package io.loomtunnel.http2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.Frames;
import io.loomtunnel.fixture.Fuzz;
import io.loomtunnel.fixture.Pieces;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Frames as no peer should send them (RFC 9113 §4, §6).
class FrameReaderFuzzTest {
    private static final int INPUTS = 200_000;
    private static final int MAX_FRAME = 16_384;
    private static final int MAX_BLOCK = 40_000;

    @Test void everyInputIsCutIntoTheSameFrames() throws IOException {
        Fuzz.run(FrameReaderFuzzTest.class, "FrameReader", INPUTS, new Frames(false), FrameReaderFuzzTest::holds);
    }

    private static boolean holds(byte[] input, RandomGenerator random) throws IOException {
        var events = read(Pieces.whole(input));
        assertEquals(events, read(Pieces.single(input)), "a byte at a time");
        assertEquals(events, read(Pieces.cut(input, random)), "in pieces");
        // What was taken is taken again as we would write it.
        var out = new ByteWriter(256);
        for (var event : events) if (event instanceof Seen seen) seen.frame.writeTo(out);
        assertEquals(events.stream().filter(Seen.class::isInstance).toList(), read(Pieces.whole(Arrays.copyOf(out.array(), out.size()))));
        return !events.isEmpty() && events.stream().allMatch(Seen.class::isInstance);
    }

    /// Writes a frame as we would.
    @FunctionalInterface
    private interface Written {
        void writeTo(ByteWriter out);
    }

    /// A frame by what is in it: its text is what is compared.
    private record Seen(String text, Written frame) {
        @Override public boolean equals(Object other) {
            return other instanceof Seen that && that.text.equals(text);
        }

        @Override public int hashCode() {
            return text.hashCode();
        }

        @Override public String toString() {
            return text;
        }
    }

    /// Frames, failures of single streams, and why it ended if not by the end of the bytes.
    private static List<Object> read(Pieces in) throws IOException {
        var bytes = new ByteReader(in, new MemoryBudget(1 << 20));
        var reader = new FrameReader(bytes, MAX_FRAME, MAX_BLOCK);
        var events = new ArrayList<>();
        while (true) {
            try {
                var frame = reader.next();
                if (frame == null) return events;
                events.add(seen(frame, bytes));
            } catch (StreamException e) {
                assertTrue(e.id() > 0);
                events.add(e.getMessage());
            } catch (ConnectionException e) {
                events.add(e.getMessage());
                return events;
            } catch (EOFException e) {
                events.add("eof");
                return events;
            }
        }
    }

    private static Seen seen(Frame frame, ByteReader in) throws IOException {
        return switch (frame) {
            case Frame.Data(var id, var length, var padding, var flow, var last) -> {
                assertTrue(id > 0 && length >= 0 && padding >= 0 && flow >= length + padding && flow <= MAX_FRAME);
                var content = new byte[length];
                in.readFully(content, 0, length);
                in.readFully(new byte[padding], 0, padding);
                yield new Seen("DATA " + id + " " + last + " " + hex(content, 0, length), out -> {
                    FrameWriter.header(out, length, Frame.DATA, last ? Frame.END_STREAM : 0, id);
                    out.put(content);
                });
            }
            case Frame.Headers(var id, var last, var dependency, var array, var offset, var length) -> {
                assertTrue(id > 0 && length >= 0 && length <= MAX_BLOCK && dependency >= -1);
                var block = Arrays.copyOfRange(array, offset, offset + length);
                yield new Seen("HEADERS " + id + " " + last + " " + hex(array, offset, length), out -> {
                    int start = out.skip(Frame.HEADER_BYTES);
                    out.put(block);
                    FrameWriter.headers(out, start, id, last ? Frame.END_STREAM : 0, MAX_FRAME);
                });
            }
            case Frame.Settings(var array, var offset, var length) -> {
                var pairs = new int[length / 3];
                for (int i = 0; i < pairs.length; i += 2) {
                    pairs[i] = FrameReader.int16(array, offset + i * 3);
                    pairs[i + 1] = FrameReader.int32(array, offset + i * 3 + 2);
                }
                yield new Seen("SETTINGS " + Arrays.toString(pairs), out -> FrameWriter.settings(out, pairs));
            }
            case Frame.SettingsAck() -> new Seen("SETTINGS ACK", FrameWriter::settingsAck);
            case Frame.Ping(var ack, var data) -> new Seen(frame.toString(), out -> FrameWriter.ping(out, ack ? Frame.ACK : 0, data));
            case Frame.GoAway(var last, var code) -> new Seen(frame.toString(), out -> FrameWriter.goAway(out, last, code));
            case Frame.RstStream(var id, var code) -> new Seen(frame.toString(), out -> FrameWriter.rstStream(out, id, code));
            case Frame.WindowUpdate(var id, var increment) -> new Seen(frame.toString(), out -> FrameWriter.windowUpdate(out, id, increment));
            case Frame.Priority(var id, var dependency) -> new Seen(frame.toString(), out -> {
                FrameWriter.header(out, 5, Frame.PRIORITY, 0, id);
                out.put32(dependency).put(0);
            });
            case Frame.Unknown(var type) -> new Seen(frame.toString(), out -> FrameWriter.header(out, 0, type, 0, 0));
        };
    }

    private static String hex(byte[] array, int offset, int length) {
        return HexFormat.of().formatHex(array, offset, offset + length);
    }
}
