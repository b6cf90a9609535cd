package io.loomtunnel.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// The header of the PROXY protocol, versions 1 and 2, with which a balancer, or we, say whose connection is passed on. It precedes
/// everything else, TLS included; whoever expects it must find it, and whoever does not must not look for it.
///
/// @param source who opened the connection; null when the header names nobody (LOCAL, UNKNOWN, not TCP), and the
///               connection's own address stands
public record ProxyProtocol(InetSocketAddress source) {
    /// The longest line of version 1, CRLF included.
    static final int MAX_TEXT = 107;
    /// The longest header of version 2: ours. Addresses need 232 bytes at most; a certificate may travel with them.
    static final int MAX_BINARY = 4 * 1024;

    private static final byte[] TEXT = "PROXY ".getBytes(ISO_8859_1);
    private static final byte[] BINARY = "\r\n\r\n\0\r\nQUIT\n".getBytes(ISO_8859_1);
    private static final int SHORTEST = "PROXY UNKNOWN\r\n".length();   // of both versions
    private static final int FIXED = 16;                                // the fixed part of version 2
    private static final int CHECKSUM = 0x03;                           // PP2_TYPE_CRC32C
    private static final ProxyProtocol NOBODY = new ProxyProtocol(null);

    /// Reads the header and not one byte more: what follows at once, in the same segment even, is the next reader's. Its
    /// caller bounds the time.
    /// @param in of a connection that must begin with a header
    /// @throws EOFException the connection ended inside of it
    /// @throws ProtocolException it is malformed, longer than allowed, or not there
    public static ProxyProtocol read(InputStream in) throws IOException {
        var header = new byte[MAX_TEXT];
        int length = 0;
        for (int missing; (missing = missing(header, length)) > 0; ) {
            if (length + missing > header.length) header = Arrays.copyOf(header, MAX_BINARY);
            int n = in.read(header, length, missing);
            if (n < 0) throw new EOFException("the connection ended before its PROXY header");
            length += n;
        }
        return parse(header, length);
    }

    /// How many bytes are missing at the least: reading so many never reads too far.
    /// @return 0 when the header is whole
    static int missing(byte[] header, int length) throws ProtocolException {
        if (length == 0) return SHORTEST;
        boolean binary = header[0] == BINARY[0];
        var signature = binary ? BINARY : TEXT;
        int known = Math.min(length, signature.length);
        if (!Arrays.equals(header, 0, known, signature, 0, known)) throw malformed("the connection does not begin with it");
        if (length < SHORTEST) return SHORTEST - length;
        if (binary) {
            if (length < FIXED) return FIXED - length;
            int whole = FIXED + number(header, 14);
            if (whole > MAX_BINARY) throw malformed("longer than " + MAX_BINARY + " bytes");
            return whole - length;
        }
        if (header[length - 1] == '\n' && header[length - 2] == '\r') return 0;
        // One byte after a CR, which only an LF may follow; else at least CR and LF.
        int more = header[length - 1] == '\r' ? 1 : 2;
        if (length + more > MAX_TEXT) throw malformed("longer than " + MAX_TEXT + " bytes");
        return more;
    }

    /// Parses a whole header.
    static ProxyProtocol parse(byte[] header, int length) throws ProtocolException {
        return header[0] == BINARY[0] ? binary(header, length) : text(new String(header, 0, length - 2, ISO_8859_1));
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    /// The header of version 1 for a TCP connection.
    /// @param source      who opened it
    /// @param destination where it was opened to
    public static byte[] text(InetSocketAddress source, InetSocketAddress destination) {
        boolean v4 = bothV4(source, destination);
        return ("PROXY " + (v4 ? "TCP4 " : "TCP6 ") + literal(source, v4) + ' ' + literal(destination, v4) + ' '
                + source.getPort() + ' ' + destination.getPort() + "\r\n").getBytes(ISO_8859_1);
    }

    /// The header of version 2 for a TCP connection.
    /// @param source      who opened it
    /// @param destination where it was opened to
    public static byte[] binary(InetSocketAddress source, InetSocketAddress destination) {
        boolean v4 = bothV4(source, destination);
        int addresses = v4 ? 12 : 36;
        return ByteBuffer.allocate(FIXED + addresses).put(BINARY).put((byte) 0x21).put((byte) (v4 ? 0x11 : 0x21)).putShort((short) addresses)
                .put(octets(source, v4)).put(octets(destination, v4))
                .putShort((short) source.getPort()).putShort((short) destination.getPort()).array();
    }

    /// A header has one family: of two addresses that differ, the IPv4 one is written as IPv6 (RFC 4291 §2.5.5.2).
    private static boolean bothV4(InetSocketAddress source, InetSocketAddress destination) {
        return source.getAddress() instanceof Inet4Address && destination.getAddress() instanceof Inet4Address;
    }

    private static byte[] octets(InetSocketAddress address, boolean v4) {
        var octets = address.getAddress().getAddress();
        if (v4 || octets.length == 16) return octets;
        return ByteBuffer.allocate(16).putShort(10, (short) 0xffff).put(12, octets).array();
    }

    private static String literal(InetSocketAddress address, boolean v4) {
        if (!v4 && address.getAddress() instanceof Inet4Address) return "::ffff:" + address.getAddress().getHostAddress();
        var literal = address.getAddress().getHostAddress();
        int scope = literal.indexOf('%');              // of this machine only
        return scope < 0 ? literal : literal.substring(0, scope);
    }

    // ---- version 1 -------------------------------------------------------------------------------------------------

    private static ProxyProtocol text(String line) throws ProtocolException {
        for (int i = 0; i < line.length(); i++) if (line.charAt(i) < ' ' || line.charAt(i) > '~') throw malformed("a control character");
        var words = line.split(" ", -1);
        if (words[1].equals("UNKNOWN")) return NOBODY;         // whatever else the line says
        boolean v4 = words[1].equals("TCP4");
        if (!v4 && !words[1].equals("TCP6")) throw malformed("neither TCP4, TCP6 nor UNKNOWN");
        if (words.length != 6) throw malformed("a line of " + words.length + " words");
        var source = v4 ? v4(words[2]) : v6(words[2]);
        if (v4) v4(words[3]);
        else v6(words[3]);
        port(words[5]);
        return new ProxyProtocol(new InetSocketAddress(source, port(words[4])));
    }

    private static InetAddress v4(String text) throws ProtocolException {
        var parts = text.split("\\.", -1);
        if (parts.length != 4) throw malformed("an address that is no IPv4 address");
        var address = new byte[4];
        for (int i = 0; i < 4; i++) address[i] = (byte) decimal(parts[i], 3, 255);
        return address(address);
    }

    private static InetAddress v6(String text) throws ProtocolException {
        boolean colon = false;
        for (char c : text.toCharArray()) {
            colon |= c == ':';
            if (Character.digit(c, 16) < 0 && c != ':' && c != '.') throw malformed("an address that is no IPv6 address");
        }
        try {
            if (colon) return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException _) {
            // said below
        }
        throw malformed("an address that is no IPv6 address");
    }

    private static int port(String text) throws ProtocolException {
        return decimal(text, 5, 0xffff);
    }

    /// Digits without a leading zero.
    private static int decimal(String digits, int most, int max) throws ProtocolException {
        int value = 0;
        boolean good = !digits.isEmpty() && digits.length() <= most && (digits.charAt(0) != '0' || digits.length() == 1);
        for (int i = 0; good && i < digits.length(); i++) {
            char c = digits.charAt(i);
            good = c >= '0' && c <= '9';
            value = value * 10 + c - '0';
        }
        if (!good || value > max) throw malformed("a number that is none");
        return value;
    }

    // ---- version 2 -------------------------------------------------------------------------------------------------

    private static ProxyProtocol binary(byte[] header, int length) throws ProtocolException {
        int version = header[12] >> 4 & 0xf;
        int command = header[12] & 0xf;
        int family = header[13] >> 4 & 0xf;
        int transport = header[13] & 0xf;
        if (version != 2) throw malformed("version " + version);
        if (command > 1) throw malformed("command " + command);
        if (command == 0) return NOBODY;                       // LOCAL: the balancer's own, and the block is to be ignored
        if (family > 3 || transport > 2) throw malformed("an unknown family or transport");
        int size = switch (family) {
            case 1 -> 4;
            case 2 -> 16;
            case 3 -> 108;
            default -> 0;
        };
        int ports = FIXED + 2 * size;
        int end = family == 1 || family == 2 ? ports + 4 : ports;
        if (end > length) throw malformed("addresses cut short");
        if (family != 0) checkExtensions(header, end, length);  // of UNSPEC nobody knows where they begin
        if (transport != 1 || family != 1 && family != 2) return NOBODY;
        var source = address(Arrays.copyOfRange(header, FIXED, FIXED + size));
        return new ProxyProtocol(new InetSocketAddress(source, number(header, ports)));
    }

    /// Type, length and value, one behind the other. None is of use here; but a checksum that is there must be right.
    private static void checkExtensions(byte[] header, int from, int end) throws ProtocolException {
        for (int at = from; at < end; ) {
            if (end - at < 3) throw malformed("an extension cut short");
            int length = number(header, at + 1);
            int next = at + 3 + length;
            if (next > end) throw malformed("an extension cut short");
            if (header[at] == CHECKSUM) checkSum(header, at + 3, length, end);
            at = next;
        }
    }

    /// The checksum is that of the header with four zeros in its place.
    private static void checkSum(byte[] header, int at, int length, int end) throws ProtocolException {
        if (length != 4) throw malformed("a checksum of " + length + " bytes");
        var sum = new CRC32C();
        sum.update(header, 0, at);
        sum.update(new byte[4]);
        sum.update(header, at + 4, end - at - 4);
        long said = (long) number(header, at) << 16 | number(header, at + 2);
        if (sum.getValue() != said) throw malformed("a checksum that is wrong");
    }

    private static int number(byte[] header, int at) {
        return (header[at] & 0xff) << 8 | header[at + 1] & 0xff;
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);             // neither 4 nor 16 bytes
        }
    }

    private static ProtocolException malformed(String detail) {
        return new ProtocolException("PROXY header: " + detail);
    }
}
