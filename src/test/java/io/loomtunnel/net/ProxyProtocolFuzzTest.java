package io.loomtunnel.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.Fuzz;
import io.loomtunnel.fixture.Mutator;
import io.loomtunnel.fixture.Pieces;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// PROXY headers as no balancer should send them.
class ProxyProtocolFuzzTest {
    private static final int INPUTS = 100_000;
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    private static final List<String> LINES = List.of("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n", "PROXY UNKNOWN anything at all\r\n\u0016\u0003\u0001",
            "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nGET", "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 65535\r\n\0");
    private static final List<String> HEADERS = List.of(SIGNATURE + "2111000c" + "c0000201c0000202dc0401bb" + "160301",
            SIGNATURE + "21210024" + "20010db8".repeat(8) + "000101bb", SIGNATURE + "20000000" + "50524920",
            SIGNATURE + "21110013" + "c0000201c0000202dc0401bb" + "04000401020304", SIGNATURE + "2100000000", SIGNATURE + "21110010"
            + "c0000201c0000202dc0401bb" + "20000101", SIGNATURE + "213100d8" + "2f".repeat(216) + "00");
    private static final List<String> PARTS = List.of("PROXY ", "TCP4 ", "TCP6 ", "UNKNOWN", "1.2.3.4 ", "::1 ", "256", "00", "\r\n", "\r", "\n", "  ",
            "fe80::1%eth0 ", "0x7f", "\0", "9".repeat(60), " ".repeat(90));

    @Test void everyHeaderIsReadOneWay() throws IOException {
        var good = new ArrayList<byte[]>();
        for (var line : LINES) good.add(line.getBytes(ISO_8859_1));
        for (var header : HEADERS) good.add(HexFormat.of().parseHex(header));
        var parts = PARTS.stream().map(part -> part.getBytes(ISO_8859_1)).toList();
        Fuzz.run(ProxyProtocolFuzzTest.class, "ProxyProtocol", INPUTS, new Mutator(good, parts), ProxyProtocolFuzzTest::holds);
    }

    /// @param left bytes behind the header, which are the next reader's
    private record Verdict(InetSocketAddress source, String end, int left) {}

    private static Verdict read(Pieces in) throws IOException {
        try {
            return new Verdict(ProxyProtocol.read(in).source(), "", in.left());
        } catch (ProtocolException e) {
            return new Verdict(null, e.getMessage(), 0);
        } catch (EOFException e) {
            return new Verdict(null, "eof", 0);
        }
    }

    private static boolean holds(byte[] input, RandomGenerator random) throws IOException {
        var verdict = read(Pieces.whole(input));
        assertEquals(verdict, read(Pieces.single(input)), "a byte at a time");
        assertEquals(verdict, read(Pieces.cut(input, random)), "in pieces");
        if (!verdict.end.isEmpty()) return false;
        int length = input.length - verdict.left;
        if (input[0] == 'P') {
            assertTrue(new String(input, 0, length, ISO_8859_1).matches("PROXY [ -~]*\r\n"), "not one line");
            assertTrue(length <= ProxyProtocol.MAX_TEXT);
        } else {
            assertEquals(length, 16 + ((input[14] & 0xff) << 8 | input[15] & 0xff));
        }
        if (verdict.source != null) sentAgain(verdict.source);
        return true;
    }

    private static void sentAgain(InetSocketAddress source) throws IOException {
        var address = source.getAddress().getHostAddress();
        var line = "PROXY %s %s %s %d 80\r\n".formatted(address.indexOf(':') < 0 ? "TCP4" : "TCP6", address, address, source.getPort());
        assertEquals(new Verdict(source, "", 0), read(Pieces.whole(line.getBytes(ISO_8859_1))));
    }
}
