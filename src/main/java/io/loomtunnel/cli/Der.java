package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;

/// Values by DER (X.690), as far as certificates and keys need them.
final class Der {
    static final int OCTETS = 0x04;
    static final int SEQUENCE = 0x30;

    private static final int INTEGER = 0x02;
    private static final int BITS = 0x03;
    private static final int UTF8 = 0x0c;
    private static final int UTC_TIME = 0x17;
    private static final int GENERALIZED_TIME = 0x18;
    private static final int FIRST_GENERALIZED = 2050;      // a year, RFC 5280 §4.1.2.5

    private Der() {}

    /// A value of several parts, which are values themselves or bare content.
    static byte[] value(int tag, byte[]... parts) {
        var content = new ByteArrayOutputStream();
        for (var part : parts) content.writeBytes(part);
        int length = content.size();
        var out = new ByteArrayOutputStream();
        out.write(tag);
        if (length >= 0x80) {
            int bytes = (39 - Integer.numberOfLeadingZeros(length)) / 8;
            out.write(0x80 | bytes);
            for (int shift = (bytes - 1) * 8; shift > 0; shift -= 8) out.write(length >> shift);
        }
        out.write(length);
        out.writeBytes(content.toByteArray());
        return out.toByteArray();
    }

    static byte[] sequence(byte[]... parts) {
        return value(SEQUENCE, parts);
    }

    static byte[] octets(byte[]... parts) {
        return value(OCTETS, parts);
    }

    static byte[] integer(BigInteger number) {
        return value(INTEGER, number.toByteArray());
    }

    /// @param unused bits of the last octet
    static byte[] bits(int unused, byte[] octets) {
        return value(BITS, new byte[] {(byte) unused}, octets);
    }

    static byte[] text(String text) {
        return value(UTF8, text.getBytes(UTF_8));
    }

    static byte[] time(Instant instant) {
        var time = instant.atOffset(ZoneOffset.UTC);
        boolean late = time.getYear() >= FIRST_GENERALIZED;
        var text = DateTimeFormatter.ofPattern(late ? "yyyyMMddHHmmss'Z'" : "yyMMddHHmmss'Z'").format(time);
        return value(late ? GENERALIZED_TIME : UTC_TIME, text.getBytes(US_ASCII));
    }

    /// An object identifier, or any other value that is known by its octets.
    /// @param hex the value as a whole
    static byte[] known(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
