package io.loomtunnel.hpack;

import static io.loomtunnel.fixture.FieldBlocks.latin1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.fixture.FieldBlocks;
import io.loomtunnel.fixture.Fuzz;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Field blocks as no encoder should make them (RFC 7541).
class DecoderFuzzTest {
    private static final int INPUTS = 100_000;

    @Test void everyBlockMeansWhatTheRfcSays() throws IOException {
        Fuzz.run(DecoderFuzzTest.class, "Decoder", INPUTS, new FieldBlocks(), DecoderFuzzTest::holds);
    }

    private static boolean holds(byte[] input, RandomGenerator random) throws HpackException {
        int limit = random.nextInt(4) == 0 ? random.nextInt(300) : 4_096;
        var decoder = new Decoder(limit);
        var limited = new Decoder(limit);
        var plain = new PlainDecoder(limit);
        var encoder = new Encoder(random.nextInt(4_097));
        var back = new Decoder(4_096);
        for (var block : FieldBlocks.split(input)) {
            var expected = plain.decode(block);
            List<String> fields;
            try {
                fields = decode(decoder, block, Integer.MAX_VALUE / 2);
            } catch (HpackException e) {
                assertNull(expected, e::getMessage);
                return false;
            }
            assertEquals(expected, fields);
            // Limits cut off what is handed over, and leave the table as it would be without them.
            int room = random.nextInt(200);
            var some = new ArrayList<String>();
            boolean whole;
            try {
                whole = limited.decode(block, 0, block.length, room, 3, sink(some));
            } catch (HpackException e) {
                throw new AssertionError("malformed only when nobody looks", e);
            }
            assertEquals(expected.subList(0, some.size()), some);
            int size = 0;
            for (int i = 0; i < expected.size(); i += 2) size += expected.get(i).length() + expected.get(i + 1).length() + 32;
            assertEquals(size <= room && expected.size() <= 6, whole);
            assertTrue(!whole || some.equals(expected));
            // Encoded anew they decode to the same.
            var out = new ByteWriter(64);
            encoder.begin(out);
            for (int i = 0; i < fields.size(); i += 2) encoder.field(out, fields.get(i), fields.get(i + 1));
            assertEquals(fields, decode(back, Arrays.copyOf(out.array(), out.size()), Integer.MAX_VALUE / 2));
            if (random.nextInt(4) == 0) encoder.tableSize(random.nextInt(4_097));
        }
        return true;
    }

    private static List<String> decode(Decoder decoder, byte[] block, int room) throws HpackException {
        var fields = new ArrayList<String>();
        assertTrue(decoder.decode(block, 0, block.length, room, Integer.MAX_VALUE, sink(fields)));
        return fields;
    }

    private static FieldSink sink(List<String> fields) {
        return (names, no, nl, values, vo, vl, _) -> {
            fields.add(latin1(names, no, nl));
            fields.add(latin1(values, vo, vl));
        };
    }
}
