package io.loomtunnel.hpack;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.http.Fields;
import java.util.Arrays;
import java.util.Set;

/// Encodes the field blocks of one direction of a connection (RFC 7541 §3).
///
/// What is likely to come again is put into the dynamic table. What differs from message to message is not, since it would only
/// push the rest out; nor are secrets (§7.1.3): a tunnel's table is shared by all its visitors, and the length of what
/// one of them sends must not tell another whether he guessed right.
public final class Encoder {
    /// Secrets: never in a table, here or on any later hop.
    private static final Set<String> NEVER = Set.of("authorization", "proxy-authorization");
    /// Secrets and values that hardly come twice.
    private static final Set<String> NOT_INDEXED = Set.of(":path", "cookie", "set-cookie", "content-length", "content-range", "range", "etag",
            "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "last-modified", "location", "expires", "age",
            "x-request-id", "x-correlation-id", "traceparent", "tracestate", "forwarded", "x-forwarded-for", "sec-websocket-key",
            "sec-websocket-accept", "retry-after");
    private static final byte[] POLICY = new byte[512];          // by a hash of the name: 1 not indexed, 2 never indexed
    private static final int[] POLICY_HASHES = new int[512];

    static {
        for (var name : NOT_INDEXED) policy(name, 1);
        for (var name : NEVER) policy(name, 2);
    }

    private final int limit;
    private final DynamicTable table;
    private final int[] newest;           // by a hash of the name: the insertion number of the newest entry, plus 1
    private final int[] older;            // by insertion number: the next older entry with the same hash, plus 1
    private final int[] hashes;           // by insertion number: the hash of the name
    private int smallestSize = -1;        // that the table had since the last block, or -1
    private boolean resized;
    private byte[] scratch = new byte[256];

    /// @param maxTableSize the most that we use, whatever the peer allows
    public Encoder(int maxTableSize) {
        limit = maxTableSize;
        table = new DynamicTable(maxTableSize);
        int entries = Integer.highestOneBit(Math.max(1, maxTableSize / DynamicTable.ENTRY_OVERHEAD)) * 2;
        newest = new int[entries];
        older = new int[entries];
        hashes = new int[entries];
        // The peer may begin with 4,096 bytes; using less is our choice, which it learns from the first block.
        if (maxTableSize != 4_096) change(Math.min(maxTableSize, 4_096));
    }

    private static void policy(String name, int policy) {
        int at = slot(name.hashCode());
        while (POLICY[at] != 0) at = at + 1 & POLICY.length - 1;
        POLICY[at] = (byte) policy;
        POLICY_HASHES[at] = name.hashCode();
    }

    private static int slot(int hash) {
        return (hash ^ hash >>> 9 ^ hash >>> 18) & POLICY.length - 1;
    }

    private static int policy(int hash) {
        for (int at = slot(hash); POLICY[at] != 0; at = at + 1 & POLICY.length - 1) {
            if (POLICY_HASHES[at] == hash) return POLICY[at];
        }
        return 0;
    }

    /// The peer's SETTINGS_HEADER_TABLE_SIZE takes effect: the next block announces what we make of it (§4.2).
    /// @param peerLimit bytes
    public void tableSize(int peerLimit) {
        int size = Math.min(peerLimit, limit);
        if (size != table.maxSize()) change(size);
    }

    private void change(int size) {
        smallestSize = smallestSize < 0 ? size : Math.min(smallestSize, size);
        resized = true;
        table.maxSize(size);
    }

    /// Begins a field block.
    public void begin(ByteWriter out) {
        if (!resized) return;
        if (smallestSize < table.maxSize()) integer(out, 0x20, 5, smallestSize);
        integer(out, 0x20, 5, table.maxSize());
        smallestSize = -1;
        resized = false;
    }

    /// One field, such as a pseudo-field.
    /// @param name in lower case
    @SuppressWarnings("deprecation")     // getBytes(int, int, byte[], int) is the one copy without an encoder
    public void field(ByteWriter out, String name, String value) {
        int nameLength = name.length();
        int valueLength = value.length();
        if (nameLength + valueLength > scratch.length) scratch = new byte[Math.max(nameLength + valueLength, scratch.length * 2)];
        name.getBytes(0, nameLength, scratch, 0);
        value.getBytes(0, valueLength, scratch, nameLength);
        field(out, scratch, 0, nameLength, name.hashCode(), nameLength, valueLength, false);
        if (scratch.length > 16 * 1024) scratch = new byte[256];
    }

    /// All these fields.
    public void fields(ByteWriter out, Fields fields) {
        var data = fields.data();
        for (int i = 0; i < fields.size(); i++) {
            field(out, data, fields.nameOffset(i), fields.nameLength(i), fields.nameHash(i),
                    fields.valueOffset(i), fields.valueLength(i), fields.sensitive(i));
        }
    }

    private void field(ByteWriter out, byte[] data, int nameOffset, int nameLength, int hash, int valueOffset, int valueLength, boolean sensitive) {
        int policy = sensitive ? 2 : policy(hash);
        int name = StaticTable.find(data, nameOffset, nameLength, hash);
        if (policy == 2) {
            literal(out, 0x10, 4, name, data, nameOffset, nameLength, valueOffset, valueLength);
            return;
        }
        if (name != 0) {
            int whole = StaticTable.withValue(name, data, valueOffset, valueLength);
            if (whole != 0) {
                integer(out, 0x80, 7, whole);
                return;
            }
        }
        if (policy == 1) {
            literal(out, 0, 4, name, data, nameOffset, nameLength, valueOffset, valueLength);
            return;
        }
        int bucket = bucket(hash);
        for (int entry = newest[bucket]; entry != 0 && table.holds(entry - 1); entry = older[entry - 1 & older.length - 1]) {
            int number = entry - 1;
            if (hashes[number & hashes.length - 1] != hash || !named(number, data, nameOffset, nameLength)) continue;
            int index = StaticTable.SIZE + 1 + table.index(number);
            if (name == 0) name = index;
            if (!valued(number, data, valueOffset, valueLength)) continue;
            integer(out, 0x80, 7, index);
            return;
        }
        // An entry that takes more than half of the table would push out more than it saves.
        if (nameLength + valueLength + DynamicTable.ENTRY_OVERHEAD > table.maxSize() / 2) {
            literal(out, 0, 4, name, data, nameOffset, nameLength, valueOffset, valueLength);
            return;
        }
        literal(out, 0x40, 6, name, data, nameOffset, nameLength, valueOffset, valueLength);
        table.add(data, nameOffset, nameLength, data, valueOffset, valueLength);
        int number = table.number(0);
        int slot = number & older.length - 1;
        older[slot] = newest[bucket];
        hashes[slot] = hash;
        newest[bucket] = number + 1;
    }

    private int bucket(int hash) {
        return (hash ^ hash >>> 8 ^ hash >>> 16) & newest.length - 1;
    }

    private boolean named(int number, byte[] data, int offset, int length) {
        int at = table.offset(number);
        return table.nameLength(number) == length && Arrays.equals(table.data(), at, at + length, data, offset, offset + length);
    }

    private boolean valued(int number, byte[] data, int offset, int length) {
        int at = table.offset(number) + table.nameLength(number);
        return table.valueLength(number) == length && Arrays.equals(table.data(), at, at + length, data, offset, offset + length);
    }

    private static void literal(ByteWriter out, int pattern, int bits, int name, byte[] data, int nameOffset, int nameLength,
                                int valueOffset, int valueLength) {
        integer(out, pattern, bits, name);
        if (name == 0) string(out, data, nameOffset, nameLength);
        string(out, data, valueOffset, valueLength);
    }

    private static void string(ByteWriter out, byte[] data, int offset, int length) {
        int encoded = Huffman.encodedLength(data, offset, length);
        if (encoded < length) {
            integer(out, 0x80, 7, encoded);
            Huffman.encode(out, data, offset, length);
        } else {
            integer(out, 0, 7, length);
            out.put(data, offset, length);
        }
    }

    private static void integer(ByteWriter out, int pattern, int bits, int value) {
        int max = (1 << bits) - 1;
        if (value < max) {
            out.put(pattern | value);
            return;
        }
        out.put(pattern | max);
        int rest = value - max;
        for (; rest >= 128; rest >>>= 7) out.put(rest & 0x7f | 0x80);
        out.put(rest);
    }
}
