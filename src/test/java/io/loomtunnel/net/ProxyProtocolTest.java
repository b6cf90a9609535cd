package io.loomtunnel.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The PROXY protocol's specification, §2.1 (version 1) and §2.2 (version 2).
class ProxyProtocolTest {
    private static final String NEXT = "GET / HTTP/1.1\r\n";
    private static final byte[] V4 = {(byte) 192, 0, 2, 7, 127, 0, 0, 1, (byte) 0xdc, 0x04, 0x01, (byte) 0xbb};

    @ParameterizedTest
    @ValueSource(strings = {
        "PROXY TCP4 192.0.2.7 127.0.0.1 56324 443\r\n",
        "PROXY TCP6 ::ffff:192.0.2.7 ::1 56324 443\r\n",
    })
    void textNamesTheSource(String line) throws IOException {
        assertEquals(new InetSocketAddress("192.0.2.7", 56324), read(line.getBytes(ISO_8859_1)).source());
    }

    @Test void textOfIpv6() throws IOException {
        var longest = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
        assertEquals(new InetSocketAddress("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535), read(longest.getBytes(ISO_8859_1)).source());
    }

    @Test void whatIsWrittenSaysWhoAndWhere() throws IOException {
        var v4 = new InetSocketAddress("192.0.2.7", 56324);
        var v6 = new InetSocketAddress("2001:db8::7", 56324);
        assertEquals("PROXY TCP4 192.0.2.7 127.0.0.1 56324 443\r\n", text(v4, new InetSocketAddress("127.0.0.1", 443)));
        assertEquals("PROXY TCP6 2001:db8:0:0:0:0:0:7 0:0:0:0:0:0:0:1 56324 443\r\n", text(v6, new InetSocketAddress("::1", 443)));
        assertEquals("PROXY TCP6 ::ffff:192.0.2.7 0:0:0:0:0:0:0:1 56324 443\r\n", text(v4, new InetSocketAddress("::1", 443)));
        assertEquals("0d0a0d0a000d0a515549540a" + "2111000c" + "c0000207" + "7f000001" + "dc04" + "01bb",
                HexFormat.of().formatHex(ProxyProtocol.binary(v4, new InetSocketAddress("127.0.0.1", 443))));
        assertEquals("0d0a0d0a000d0a515549540a" + "21210024" + "20010db8000000000000000000000007" + "00000000000000000000ffff7f000001" + "dc04" + "01bb",
                HexFormat.of().formatHex(ProxyProtocol.binary(v6, new InetSocketAddress("127.0.0.1", 443))));
    }

    @Test void whatIsWrittenIsRead() throws IOException {
        for (var source : new String[] {"192.0.2.7", "255.255.255.255", "::1", "2001:db8:1:2:3:4:5:6"}) {
            for (var destination : new String[] {"10.0.0.1", "fe80::1"}) {
                var from = new InetSocketAddress(source, 65535);
                var to = new InetSocketAddress(destination, 1);
                assertEquals(from, read(ProxyProtocol.text(from, to)).source());
                assertEquals(from, read(ProxyProtocol.binary(from, to)).source());
            }
        }
    }

    private static String text(InetSocketAddress source, InetSocketAddress destination) {
        return new String(ProxyProtocol.text(source, destination), ISO_8859_1);
    }

    @Test void unknownNamesNobodyWhateverElseItSays() throws IOException {
        assertNull(read("PROXY UNKNOWN\r\n".getBytes(ISO_8859_1)).source());
        assertNull(read("PROXY UNKNOWN 1 2 3 4 and more\r\n".getBytes(ISO_8859_1)).source());
        var longest = "PROXY UNKNOWN " + "x".repeat(ProxyProtocol.MAX_TEXT - 16) + "\r\n";
        assertEquals(ProxyProtocol.MAX_TEXT, longest.length());
        assertNull(read(longest.getBytes(ISO_8859_1)).source());
        refused("PROXY UNKNOWN " + "x".repeat(ProxyProtocol.MAX_TEXT - 15) + "\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "proxy TCP4 192.0.2.7 127.0.0.1 56324 443\r\n", "PROXY\r\n............",
        "PROXY  TCP4 192.0.2.7 127.0.0.1 1 2\r\n", "PROXY TCP4 192.0.2.7 127.0.0.1 1 2 \r\n", "PROXY TCP4 192.0.2.7 127.0.0.1 1\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 1 2 3\r\n", "PROXY TCP5 192.0.2.7 127.0.0.1 1 2\r\n", "PROXY TCP4 ::1 127.0.0.1 1 2\r\n",
        "PROXY TCP6 192.0.2.7 ::1 1 2\r\n", "PROXY TCP6 [::1] ::1 1 2\r\n", "PROXY TCP6 fe80::1%1 ::1 1 2\r\n", "PROXY TCP6 1:::2 ::1 1 2\r\n",
        "PROXY TCP4 192.0.2 127.0.0.1 1 2\r\n", "PROXY TCP4 192.0.2.256 127.0.0.1 1 2\r\n", "PROXY TCP4 192.0.2.07 127.0.0.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 localhost 1 2\r\n", "PROXY TCP4 192.0.2.7 127.0.0.1 65536 2\r\n", "PROXY TCP4 192.0.2.7 127.0.0.1 1 065\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 -1 2\r\n", "PROXY TCP4 192.0.2.7 127.0.0.1  2\r\n", "PROXY TCP4 192.0.2.7\t127.0.0.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 1 2\rX\r\n", "PROXY UNKNOWN \0\r\n", "\026\003\001\002\000\001\000\001\374\003\003\0\0\0\0\0\0\0\0",
    })
    void malformedTextIsRefused(String header) {
        refused(header);
    }

    @Test void lineWithoutAnEndIsRefusedAtItsLimit() throws IOException {
        var in = stream("PROXY TCP4 192.0.2.7" + " ".repeat(10_000));
        assertThrows(ProtocolException.class, () -> ProxyProtocol.read(in));
        assertEquals(10_020 - ProxyProtocol.MAX_TEXT, in.available(), "nothing is read beyond it");
    }

    @Test void binaryNamesTheSource() throws IOException {
        assertEquals(new InetSocketAddress("192.0.2.7", 0xdc04), read(binary(0x21, 0x11, V4)).source());
        var v6 = HexFormat.of().parseHex("20010db8000000000000000000000001" + "00000000000000000000000000000001" + "dc0401bb");
        assertEquals(new InetSocketAddress("2001:db8::1", 0xdc04), read(binary(0x21, 0x21, v6)).source());
    }

    @Test void binaryThatIsLocalOrNotTcpNamesNobody() throws IOException {
        assertNull(read(binary(0x20, 0x00, new byte[0])).source());
        assertNull(read(binary(0x20, 0x11, V4)).source(), "LOCAL: the block is ignored");
        assertNull(read(binary(0x20, 0xff, new byte[] {1, 2, 3})).source(), "LOCAL: whatever the family");
        assertNull(read(binary(0x21, 0x00, new byte[] {1, 2, 3})).source(), "UNSPEC");
        assertNull(read(binary(0x21, 0x12, V4)).source(), "UDP");
        assertNull(read(binary(0x21, 0x31, new byte[216])).source(), "a UNIX socket");
    }

    @Test void malformedBinaryIsRefused() {
        refused(binary(0x11, 0x11, V4), "version 1 in the binary form");
        refused(binary(0x22, 0x11, V4), "an unknown command");
        refused(binary(0x21, 0x41, V4), "an unknown family");
        refused(binary(0x21, 0x13, V4), "an unknown transport");
        refused(binary(0x21, 0x11, new byte[11]), "an address cut short");
        refused(binary(0x21, 0x21, new byte[35]), "an address cut short");
        refused(binary(0x21, 0x31, new byte[215]), "an address cut short");
        refused(binary(0x21, 0x11, with(V4, 4, 0)), "an extension without a length");
        refused(binary(0x21, 0x11, with(V4, 4, 0, 2, 9)), "an extension cut short");
        refused("\r\n\r\n\0\r\nQUIX\n!\021\0\f".getBytes(ISO_8859_1), "another signature");
    }

    @Test void binaryIsBoundedAtItsAnnouncedLength() throws IOException {
        int room = ProxyProtocol.MAX_BINARY - 16 - V4.length - 3;
        var extension = new byte[3 + room + 1];
        extension[1] = (byte) (room >> 8);
        extension[2] = (byte) room;
        var longest = new byte[V4.length + 3 + room];
        System.arraycopy(V4, 0, longest, 0, V4.length);
        System.arraycopy(extension, 0, longest, V4.length, 3 + room);
        assertEquals("192.0.2.7", read(binary(0x21, 0x11, longest)).source().getHostString());
        refused(binary(0x21, 0x11, new byte[longest.length + 1]), "one byte too long");
    }

    @Test void extensionsAreSkippedAndAChecksumMustBeRight() throws IOException {                     // §2.2.3
        assertEquals("192.0.2.7", read(binary(0x21, 0x11, with(V4, 4, 0, 2, 9, 9, 0x20, 0, 0))).source().getHostString());
        var summed = binary(0x21, 0x11, with(V4, 4, 0, 1, 9, 3, 0, 4, 0, 0, 0, 0));
        refused(summed.clone(), "zeros are no checksum");
        var sum = new CRC32C();
        sum.update(summed);
        for (int i = 0; i < 4; i++) summed[summed.length - 4 + i] = (byte) (sum.getValue() >> 24 - 8 * i);
        assertEquals("192.0.2.7", read(summed).source().getHostString());
        summed[17] ^= 1;
        refused(summed, "an address that the checksum does not cover");
        refused(binary(0x21, 0x11, with(V4, 3, 0, 3, 0, 0, 0)), "a checksum of three bytes");
    }

    @Test void notOneByteBehindTheHeaderIsTakenHoweverItArrives() throws IOException {
        for (var header : new byte[][] {"PROXY UNKNOWN\r\n".getBytes(ISO_8859_1), "PROXY TCP4 192.0.2.7 127.0.0.1 56324 443\r\n".getBytes(ISO_8859_1),
            binary(0x20, 0, new byte[0]), binary(0x21, 0x11, with(V4, 4, 0, 2, 9, 9))}) {
            for (int piece = 1; piece <= header.length + NEXT.length(); piece++) {
                var in = pieces(with(header, NEXT), piece);
                assertEquals(ProxyProtocol.read(new ByteArrayInputStream(header)), ProxyProtocol.read(in), "in pieces of " + piece);
                assertArrayEquals(NEXT.getBytes(ISO_8859_1), in.readAllBytes(), "in pieces of " + piece);
            }
        }
    }

    @Test void headerCutAnywhereIsIncomplete() {
        for (var header : new byte[][] {"PROXY TCP4 192.0.2.7 127.0.0.1 56324 443\r\n".getBytes(ISO_8859_1), binary(0x21, 0x11, V4)}) {
            for (int cut = 0; cut < header.length; cut++) {
                var in = new ByteArrayInputStream(header, 0, cut);
                assertThrows(EOFException.class, () -> ProxyProtocol.read(in), "cut at " + cut);
            }
        }
    }

    /// What follows the header must be there afterwards.
    private static ProxyProtocol read(byte[] header) throws IOException {
        var in = new ByteArrayInputStream(with(header, NEXT));
        var read = ProxyProtocol.read(in);
        assertEquals(NEXT, new String(in.readAllBytes(), ISO_8859_1));
        return read;
    }

    private static void refused(String header) {
        refused(header.getBytes(ISO_8859_1), header);
    }

    private static void refused(byte[] header, String why) {
        assertThrows(ProtocolException.class, () -> ProxyProtocol.read(new ByteArrayInputStream(with(header, NEXT))), why);
    }

    private static byte[] binary(int versionAndCommand, int familyAndTransport, byte[] block) {
        var header = new ByteArrayOutputStream();
        header.writeBytes("\r\n\r\n\0\r\nQUIT\n".getBytes(ISO_8859_1));
        header.write(versionAndCommand);
        header.write(familyAndTransport);
        header.write(block.length >> 8);
        header.write(block.length);
        header.writeBytes(block);
        return header.toByteArray();
    }

    private static byte[] with(byte[] first, int... more) {
        var all = new ByteArrayOutputStream();
        all.writeBytes(first);
        for (int b : more) all.write(b);
        return all.toByteArray();
    }

    private static byte[] with(byte[] first, String more) {
        var all = new ByteArrayOutputStream();
        all.writeBytes(first);
        all.writeBytes(more.getBytes(ISO_8859_1));
        return all.toByteArray();
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(ISO_8859_1));
    }

    /// A stream whose reads end at every so many bytes.
    private static InputStream pieces(byte[] bytes, int piece) {
        return new ByteArrayInputStream(bytes) {
            @Override public synchronized int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, piece - pos % piece));
            }

            @Override public synchronized byte[] readAllBytes() {
                var rest = new byte[count - pos];
                System.arraycopy(buf, pos, rest, 0, rest.length);
                return rest;
            }
        };
    }
}
