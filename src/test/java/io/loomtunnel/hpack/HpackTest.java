package io.loomtunnel.hpack;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.fixture.Json;
import io.loomtunnel.fixture.Shared;
import io.loomtunnel.http.Fields;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HpackTest {
    private static final int PLENTY = 1 << 20;

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
    }

    /// The fields of a block as `name: value` lines.
    private static List<String> decode(Decoder decoder, byte[] block) throws HpackException {
        var lines = new ArrayList<String>();
        assertTrue(decoder.decode(block, 0, block.length, PLENTY, PLENTY, (names, no, nl, values, vo, vl, _) ->
                lines.add(new String(names, no, nl, ISO_8859_1) + ": " + new String(values, vo, vl, ISO_8859_1))));
        return lines;
    }

    private static byte[] encode(Encoder encoder, List<String> lines) {
        var out = new ByteWriter(64);
        encoder.begin(out);
        for (var line : lines) {
            int colon = line.indexOf(": ", 1);
            encoder.field(out, line.substring(0, colon), line.substring(colon + 2));
        }
        return Arrays.copyOf(out.array(), out.size());
    }

    private static final List<List<String>> REQUESTS = List.of(
            List.of(":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"),
            List.of(":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"),
            List.of(":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"));

    private static final List<List<String>> RESPONSES = List.of(
            List.of(":status: 302", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", "location: https://www.example.com"),
            List.of(":status: 307", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", "location: https://www.example.com"),
            List.of(":status: 200", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:22 GMT", "location: https://www.example.com",
                    "content-encoding: gzip", "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"));

    @Test void literalsOfAppendixC2() throws HpackException {                        // RFC 7541 C.2
        assertEquals(List.of("custom-key: custom-header"),
                decode(new Decoder(4096), hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")));
        assertEquals(List.of(":path: /sample/path"), decode(new Decoder(4096), hex("040c 2f73 616d 706c 652f 7061 7468")));
        assertEquals(List.of("password: secret"), decode(new Decoder(4096), hex("1008 7061 7373 776f 7264 0673 6563 7265 74")));
        assertEquals(List.of(":method: GET"), decode(new Decoder(4096), hex("82")));
    }

    @Test void requestsOfAppendixC3AreDecoded() throws HpackException {              // RFC 7541 C.3
        var decoder = new Decoder(4096);
        assertEquals(REQUESTS.get(0), decode(decoder, hex("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d")));
        assertEquals(REQUESTS.get(1), decode(decoder, hex("8286 84be 5808 6e6f 2d63 6163 6865")));
        assertEquals(REQUESTS.get(2), decode(decoder, hex("8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65")));
    }

    @Test void requestsOfAppendixC4AreDecodedAndEncodedByteForByte() throws HpackException {      // RFC 7541 C.4
        var wire = List.of(hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"), hex("8286 84be 5886 a8eb 1064 9cbf"),
                hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"));
        var decoder = new Decoder(4096);
        var encoder = new Encoder(4096);
        for (int i = 0; i < 3; i++) {
            assertEquals(REQUESTS.get(i), decode(decoder, wire.get(i)));
            assertArrayEquals(wire.get(i), encode(encoder, REQUESTS.get(i)), "request " + i);
        }
    }

    @Test void responsesOfAppendixC5AreDecodedWithEviction() throws HpackException {              // RFC 7541 C.5
        var decoder = new Decoder(256);
        assertEquals(RESPONSES.get(0), decode(decoder, hex("""
            4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e
            1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d""")));
        assertEquals(RESPONSES.get(1), decode(decoder, hex("4803 3330 37c1 c0bf")));
        assertEquals(RESPONSES.get(2), decode(decoder, hex("""
            88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
            4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
            7369 6f6e 3d31""")));
    }

    @Test void responsesOfAppendixC6AreDecoded() throws HpackException {             // RFC 7541 C.6
        var decoder = new Decoder(256);
        assertEquals(RESPONSES.get(0), decode(decoder, hex("""
            4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8
            e9ae 82ae 43d3""")));
        assertEquals(RESPONSES.get(1), decode(decoder, hex("4883 640e ffc1 c0bf")));
        assertEquals(RESPONSES.get(2), decode(decoder, hex("""
            88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b
            3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07""")));
    }

    @Test void storiesOfNineEncodersDecodeAndOursDecodesBack() throws Exception {
        int cases = 0;
        try (var files = Files.walk(Shared.path("vectors/hpack"))) {
            for (var file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                var story = (Map<?, ?>) Json.read(Files.readString(file));
                var decoder = new Decoder(65_536);
                var encoder = new Encoder(4_096);
                var back = new Decoder(4_096);
                var random = new Random(file.hashCode());
                for (var one : (List<?>) story.get("cases")) {
                    var each = (Map<?, ?>) one;
                    var expected = new ArrayList<String>();
                    for (var field : (List<?>) each.get("headers")) {
                        var entry = ((Map<?, ?>) field).entrySet().iterator().next();
                        expected.add(entry.getKey() + ": " + new String(entry.getValue().toString().getBytes(UTF_8), ISO_8859_1));
                    }
                    var at = file + " case " + each.get("seqno");
                    assertEquals(expected, decode(decoder, hex((String) each.get("wire"))), at);
                    if (random.nextInt(4) == 0) encoder.tableSize(random.nextInt(5_000));
                    if (random.nextInt(8) == 0) encoder.tableSize(0);
                    assertEquals(expected, decode(back, encode(encoder, expected)), at);
                    cases++;
                }
            }
        }
        System.out.println("HPACK stories: " + cases + " cases");
        assertTrue(cases >= 1_500, cases + " cases");
    }

    @Test void everyOctetPassesTheHuffmanCode() throws HpackException {
        var random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            var bytes = new byte[i % 300];
            random.nextBytes(bytes);
            if (bytes.length == 256) for (int b = 0; b < 256; b++) bytes[b] = (byte) b;
            var out = new ByteWriter(16);
            Huffman.encode(out, bytes, 0, bytes.length);
            assertEquals(Huffman.encodedLength(bytes, 0, bytes.length), out.size());
            var back = new byte[out.size() * 8 / 5 + 1];
            assertArrayEquals(bytes, Arrays.copyOf(back, Huffman.decode(out.array(), 0, out.size(), back)));
        }
    }

    @Test void huffmanPaddingIsUpToSevenOnes() {                                     // RFC 7541 §5.2
        for (var bad : List.of("ff", "ffff", "1c", "fe", "1fff", "ffffffff")) {
            var bytes = hex(bad);
            assertThrows(HpackException.class, () -> Huffman.decode(bytes, 0, bytes.length, new byte[64]), bad);
        }
    }

    @Test void malformedBlocksAreRefused() {
        for (var bad : List.of(
                "80",                              // index 0, §6.1
                "be",                              // index 62 in an empty table
                "ff80808080808000",                // an integer of more than 31 bits
                "ffffffffff7f",                    // the same
                "7f",                              // an integer that ends too early
                "40",                              // no name
                "4001",                            // a name without octets
                "400161",                          // no value
                "3fe21f",                          // a table of 4097 bytes, §6.3
                "8220",                            // a size update behind a field, §4.2
                "202020",                          // three size updates
                "00810061"                         // a name whose Huffman padding is wrong
                )) {
            var block = hex(bad);
            assertThrows(HpackException.class, () -> decode(new Decoder(4096), block), bad);
        }
    }

    @Test void sizeUpdatesAnnounceTheSmallestAndTheLast() throws HpackException {    // RFC 7541 §4.2
        var encoder = new Encoder(4096);
        encode(encoder, List.of("x: y"));
        encoder.tableSize(0);
        encoder.tableSize(1000);
        var block = encode(encoder, List.of("x: y"));
        assertEquals(0x20, block[0]);
        assertEquals(0x3f, block[1]);
        var decoder = new Decoder(4096);
        assertEquals(List.of("x: y"), decode(decoder, block));
    }

    @Test void secretsAreNeverIndexed() throws HpackException {                      // RFC 7541 §7.1.3
        var encoder = new Encoder(4096);
        var first = encode(encoder, List.of("authorization: Bearer abc"));
        assertEquals(0x10, first[0] & 0xf0);
        assertArrayEquals(first, encode(encoder, List.of("authorization: Bearer abc")));
        var fields = Fields.of("x-secret", "1");
        fields.markSensitive(0);
        var out = new ByteWriter(16);
        encoder.fields(out, fields);
        assertEquals(0x10, out.array()[0] & 0xf0);
        var sensitive = new ArrayList<Boolean>();
        new Decoder(4096).decode(out.array(), 0, out.size(), PLENTY, PLENTY, (_, _, _, _, _, _, secret) -> sensitive.add(secret));
        assertEquals(List.of(true), sensitive);
    }

    @Test void cookiesDoNotTellVisitorsApart() throws HpackException {
        var encoder = new Encoder(4096);
        var first = encode(encoder, List.of("cookie: session=12345678901234567890"));
        assertArrayEquals(first, encode(encoder, List.of("cookie: session=12345678901234567890")));
    }

    @Test void limitsHoldAtTheirEdge() throws HpackException {
        var block = encode(new Encoder(4096), List.of("a: b", "c: d"));              // 34 bytes each, RFC 9113 §6.5.2
        assertTrue(counted(block, 68, 2) == 2);
        assertTrue(counted(block, 67, 2) == -1);
        assertTrue(counted(block, 68, 1) == -1);
    }

    /// How many fields were handed over, or -1 when there were more than allowed.
    private static int counted(byte[] block, int maxSize, int maxFields) throws HpackException {
        var fields = new ArrayList<String>();
        boolean whole = new Decoder(4096).decode(block, 0, block.length, maxSize, maxFields,
                (names, no, nl, _, _, _, _) -> fields.add(new String(names, no, nl, ISO_8859_1)));
        return whole ? fields.size() : -1;
    }

    @Test void bombIsDecodedCheaplyAndNotHandedOver() throws HpackException {
        var decoder = new Decoder(4096);
        var entry = new ByteWriter(4096).put(0x40).put(1).put('x').put(0x7f).put(3_900 - 127 & 0x7f | 0x80).put(3_900 - 127 >>> 7).put("a".repeat(3_900));
        decode(decoder, Arrays.copyOf(entry.array(), entry.size()));
        var bomb = new byte[1_000_000];
        Arrays.fill(bomb, (byte) 0xbe);
        var handed = new int[1];
        assertFalse(decoder.decode(bomb, 0, bomb.length, 65_536, 200, (_, _, _, _, _, _, _) -> handed[0]++));
        assertTrue(handed[0] < 20, handed[0] + " fields");
    }

    @Test void whatIsEncodedDecodesToTheSame() throws HpackException {
        var random = new Random(20261124);
        for (int round = 0; round < 200; round++) {
            var encoder = new Encoder(4096);
            var decoder = new Decoder(4096);
            for (int block = 0; block < 30; block++) {
                var lines = new ArrayList<String>();
                for (int i = random.nextInt(12); i > 0; i--) {
                    var value = new StringBuilder();
                    for (int n = random.nextInt(random.nextInt(10) == 0 ? 3_000 : 30); n > 0; n--) value.append((char) random.nextInt(256));
                    lines.add("x-" + random.nextInt(20) + ": " + (random.nextBoolean() ? "same" : value));
                }
                if (random.nextInt(5) == 0) encoder.tableSize(random.nextInt(6_000));
                assertEquals(lines, decode(decoder, encode(encoder, lines)), "round " + round);
            }
        }
    }

    @Test void randomBlocksAreRefusedAndNothingElse() {
        var random = new Random(7);
        for (int i = 0; i < 200_000; i++) {
            var block = new byte[random.nextInt(40)];
            random.nextBytes(block);
            try {
                new Decoder(4096).decode(block, 0, block.length, 1_000, 10, (_, _, _, _, _, _, _) -> { });
            } catch (HpackException _) {
                // what a malformed block is
            }
        }
    }
}
