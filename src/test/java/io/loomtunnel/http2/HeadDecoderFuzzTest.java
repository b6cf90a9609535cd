package io.loomtunnel.http2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.FieldBlocks;
import io.loomtunnel.fixture.Fuzz;
import io.loomtunnel.fixture.Pieces;
import io.loomtunnel.fixture.StrictRequest;
import io.loomtunnel.hpack.Encoder;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Forwarding;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http1.Wire;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Heads as no HTTP/2 peer should send them (RFC 9113 §8).
class HeadDecoderFuzzTest {
    private static final int INPUTS = 150_000;

    private enum Kind { REQUEST, RESPONSE, TRAILERS, SKIP }

    @Test void everyHeadIsReadOneWay() throws IOException {
        Fuzz.run(HeadDecoderFuzzTest.class, "HeadDecoder", INPUTS, new FieldBlocks(), HeadDecoderFuzzTest::holds);
    }

    private static boolean holds(byte[] input, RandomGenerator random) throws IOException {
        var blocks = FieldBlocks.split(input);
        var kinds = new ArrayList<Kind>();
        for (int i = 0; i < blocks.size(); i++) kinds.add(random.nextInt(4) > 0 ? Kind.REQUEST : Kind.values()[random.nextInt(4)]);
        int maxBytes = random.nextInt(4) == 0 ? 150 : 65_536;
        boolean visitors = random.nextBoolean();

        var decoder = new HeadDecoder(maxBytes, 100, visitors);
        var verdicts = new ArrayList<>();
        boolean any = false;
        for (int i = 0; i < blocks.size(); i++) {
            var block = blocks.get(i);
            var verdict = decode(decoder, kinds.get(i), new Frame.Headers(2 * i + 1, false, -1, block, 0, block.length));
            // What was refused once is refused again, whatever the decoder remembers of it.
            if (kinds.get(i) == Kind.REQUEST && verdict instanceof String && !changesTheTable(block)) {
                assertEquals(verdict, decode(decoder, Kind.REQUEST, new Frame.Headers(2 * i + 1, false, -1, block, 0, block.length)), "again");
            }
            verdicts.add(verdict);
            if (verdict instanceof String broken && broken.startsWith("connection")) break;
            any |= !(verdict instanceof String);
        }
        var wire = wire(blocks, random);
        assertEquals(verdicts, arrived(Pieces.whole(wire), kinds, maxBytes, visitors), "in frames");
        assertEquals(verdicts, arrived(Pieces.single(wire), kinds, maxBytes, visitors), "a byte at a time");
        assertEquals(verdicts, arrived(Pieces.cut(wire, random), kinds, maxBytes, visitors), "in pieces");
        for (var verdict : verdicts) if (verdict instanceof RequestHead head) passesOn(head);
        for (var verdict : verdicts) if (verdict instanceof ResponseHead head) passesOn(head);
        return any;
    }

    /// Whether decoding it twice is not the same as decoding it once.
    private static boolean changesTheTable(byte[] block) {
        for (byte b : block) if ((b & 0xc0) == 0x40 || (b & 0xe0) == 0x20) return true;
        return false;
    }

    /// @return a head, or why there is none
    private static Object decode(HeadDecoder decoder, Kind kind, Frame.Headers frame) throws IOException {
        try {
            return switch (kind) {
                case REQUEST -> decoder.request(frame);
                case RESPONSE -> decoder.response(frame);
                case TRAILERS -> decoder.trailers(frame);
                case SKIP -> {
                    decoder.skip(frame);
                    yield new Fields();
                }
            };
        } catch (StreamException e) {
            assertTrue(e.code() == ErrorCode.PROTOCOL_ERROR || e.code() == ErrorCode.ENHANCE_YOUR_CALM);
            return e.getMessage();
        } catch (ConnectionException e) {
            assertEquals(ErrorCode.COMPRESSION_ERROR, e.code());
            return e.getMessage();
        } catch (MalformedMessageException e) {
            assertEquals(431, e.status());
            return e.getMessage();
        }
    }

    /// The blocks in HEADERS and CONTINUATION of any length, padded or not.
    private static byte[] wire(List<byte[]> blocks, RandomGenerator random) {
        var out = new ByteWriter(512);
        for (int i = 0; i < blocks.size(); i++) {
            var block = blocks.get(i);
            int id = 2 * i + 1;
            int first = random.nextInt(3) == 0 ? random.nextInt(block.length + 1) : block.length;
            int padding = random.nextInt(3) == 0 ? random.nextInt(256) : -1;
            boolean priority = random.nextInt(3) == 0;
            int flags = (first == block.length ? Frame.END_HEADERS : 0) | (padding >= 0 ? Frame.PADDED : 0) | (priority ? Frame.PRIORITY_FLAG : 0);
            FrameWriter.header(out, first + padding + 1 + (priority ? 5 : 0), Frame.HEADERS, flags, id);
            if (padding >= 0) out.put(padding);
            if (priority) out.put32(0).put(7);
            out.put(block, 0, first);
            out.skip(Math.max(0, padding));
            for (int at = first; at < block.length; ) {
                int n = 1 + random.nextInt(block.length - at);
                FrameWriter.header(out, n, Frame.CONTINUATION, at + n == block.length ? Frame.END_HEADERS : 0, id);
                out.put(block, at, n);
                at += n;
            }
        }
        return Arrays.copyOf(out.array(), out.size());
    }

    private static List<Object> arrived(Pieces in, List<Kind> kinds, int maxBytes, boolean visitors) throws IOException {
        var frames = new FrameReader(new ByteReader(in, new MemoryBudget(1 << 20)), 65_536, 1 << 20);
        var decoder = new HeadDecoder(maxBytes, 100, visitors);
        var verdicts = new ArrayList<>();
        for (Frame frame; (frame = frames.next()) != null; ) {
            var verdict = decode(decoder, kinds.get(verdicts.size()), (Frame.Headers) frame);
            verdicts.add(verdict);
            if (verdict instanceof String broken && broken.startsWith("connection")) break;
        }
        return verdicts;
    }

    /// What we took goes on: to an HTTP/1.1 origin, and through a tunnel. Both must understand it as we did.
    private static void passesOn(RequestHead read) throws IOException {
        var head = read.with(Forwarding.endToEnd(read.fields()));
        assertEquals(head, new Blocks().passed(head));
        if (head.method().equals("CONNECT")) return;                // 501, or an upgrade with a syntax of its own
        long length = HeadFields.contentLength(head.fields());
        var sent = StrictRequest.of(Wire.sent(head, length));
        assertEquals(List.of(head.method(), head.path(), head.authority()), List.of(sent.method(), sent.target(), sent.host()));
        assertEquals(length, sent.length());
        var lines = new ArrayList<String>();
        var fields = head.fields();
        for (int i = 0; i < fields.size(); i++) if (!fields.isNamed(i, "content-length")) lines.add(fields.name(i) + ": " + fields.value(i));
        assertEquals(lines, sent.fields());
    }

    private static void passesOn(ResponseHead head) throws IOException {
        var out = new ByteWriter(256);
        HeadFields.encode(head, new Encoder(4_096), out);
        assertEquals(head, new HeadDecoder(96 * 1024, 256, false).response(new Frame.Headers(1, true, -1, out.array(), 0, out.size())));
        assertFalse(head.fields().has("connection"));
    }
}
