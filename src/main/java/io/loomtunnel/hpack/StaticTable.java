package io.loomtunnel.hpack;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;

/// The static table (RFC 7541 Appendix A). Entries of one name stand side by side.
final class StaticTable {
    static final int SIZE = 61;

    private static final String[] ENTRIES = {
        ":authority", "", ":method", "GET", ":method", "POST", ":path", "/", ":path", "/index.html", ":scheme", "http",
        ":scheme", "https", ":status", "200", ":status", "204", ":status", "206", ":status", "304", ":status", "400",
        ":status", "404", ":status", "500", "accept-charset", "", "accept-encoding", "gzip, deflate", "accept-language", "",
        "accept-ranges", "", "accept", "", "access-control-allow-origin", "", "age", "", "allow", "", "authorization", "",
        "cache-control", "", "content-disposition", "", "content-encoding", "", "content-language", "", "content-length", "",
        "content-location", "", "content-range", "", "content-type", "", "cookie", "", "date", "", "etag", "", "expect", "",
        "expires", "", "from", "", "host", "", "if-match", "", "if-modified-since", "", "if-none-match", "", "if-range", "",
        "if-unmodified-since", "", "last-modified", "", "link", "", "location", "", "max-forwards", "",
        "proxy-authenticate", "", "proxy-authorization", "", "range", "", "referer", "", "refresh", "", "retry-after", "",
        "server", "", "set-cookie", "", "strict-transport-security", "", "transfer-encoding", "", "user-agent", "",
        "vary", "", "via", "", "www-authenticate", ""};

    private static final byte[][] NAMES = new byte[SIZE + 1][];
    private static final byte[][] VALUES = new byte[SIZE + 1][];
    private static final int[] HASHES = new int[SIZE + 1];
    private static final byte[] BUCKETS = new byte[256];       // by the name's hash: the first entry of that name, or 0

    static {
        for (int i = 1; i <= SIZE; i++) {
            var name = ENTRIES[2 * i - 2];
            NAMES[i] = name.getBytes(ISO_8859_1);
            VALUES[i] = ENTRIES[2 * i - 1].getBytes(ISO_8859_1);
            HASHES[i] = name.hashCode();
            if (i == 1 || HASHES[i] != HASHES[i - 1]) {
                int at = bucket(HASHES[i]);
                while (BUCKETS[at] != 0) at = at + 1 & BUCKETS.length - 1;
                BUCKETS[at] = (byte) i;
            }
        }
    }

    private StaticTable() {}

    static byte[] name(int index) {
        return NAMES[index];
    }

    static byte[] value(int index) {
        return VALUES[index];
    }

    private static int bucket(int hash) {
        return (hash ^ hash >>> 8 ^ hash >>> 16) & BUCKETS.length - 1;
    }

    /// The first entry with this name.
    /// @param hash `String.hashCode` of the name
    /// @return 0 when there is none
    static int find(byte[] names, int offset, int length, int hash) {
        for (int at = bucket(hash); BUCKETS[at] != 0; at = at + 1 & BUCKETS.length - 1) {
            int index = BUCKETS[at];
            if (HASHES[index] == hash && equal(NAMES[index], names, offset, length)) return index;
        }
        return 0;
    }

    /// The entry with this value among those that have the name of entry `first`.
    /// @return 0 when there is none
    static int withValue(int first, byte[] values, int offset, int length) {
        for (int i = first; i <= SIZE && HASHES[i] == HASHES[first]; i++) {
            if (equal(VALUES[i], values, offset, length)) return i;
        }
        return 0;
    }

    private static boolean equal(byte[] entry, byte[] bytes, int offset, int length) {
        return entry.length == length && Arrays.equals(entry, 0, length, bytes, offset, offset + length);
    }
}
