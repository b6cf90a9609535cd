package io.loomtunnel.hpack;

/// The dynamic table (RFC 7541 §2.3.2, §4): entries in the order of their insertion, the newest first. Their bytes lie in one array;
/// the oldest are dropped from its front, and what is left moves there once the end is reached.
final class DynamicTable {
    static final int ENTRY_OVERHEAD = 32;      // bytes on top of name and value, §4.1

    private final int[] offsets;               // rings of the entries, by their insertion number
    private final int[] nameLengths;
    private final int[] valueLengths;
    private final int mask;
    private byte[] data = new byte[256];
    private int end;                           // of the used part of `data`
    private int inserted;                      // how many there ever were
    private int count;
    private int size;
    private int maxSize;

    /// @param limit the largest that [#maxSize] will ever be
    DynamicTable(int limit) {
        int entries = Integer.highestOneBit(Math.max(1, limit / ENTRY_OVERHEAD)) * 2;
        offsets = new int[entries];
        nameLengths = new int[entries];
        valueLengths = new int[entries];
        mask = entries - 1;
        maxSize = limit;
    }

    int count() {
        return count;
    }

    int maxSize() {
        return maxSize;
    }

    byte[] data() {
        return data;
    }

    /// The insertion number of entry `i`, which stays the same while its index rises: the newest entry is 0.
    int number(int i) {
        return inserted - 1 - i;
    }

    /// Whether the entry with this insertion number is still here.
    boolean holds(int number) {
        return inserted - number <= count;
    }

    /// The index of the entry with this insertion number: 0 for the newest.
    int index(int number) {
        return inserted - 1 - number;
    }

    int offset(int number) {
        return offsets[number & mask];
    }

    int nameLength(int number) {
        return nameLengths[number & mask];
    }

    int valueLength(int number) {
        return valueLengths[number & mask];
    }

    void maxSize(int limit) {
        maxSize = limit;
        evict(0);
    }

    /// Inserts an entry, evicting as many as must go; one that is larger than the table empties it (§4.4). The bytes may lie
    /// in this table's own array.
    /// @return false when it was too large to be held
    boolean add(byte[] names, int nameOffset, int nameLength, byte[] values, int valueOffset, int valueLength) {
        int entry = nameLength + valueLength + ENTRY_OVERHEAD;
        if (entry > maxSize) {
            evict(maxSize);
            return false;
        }
        int bytes = nameLength + valueLength;
        // The name may be that of an entry which is about to be evicted: it is copied before anything else changes.
        if (end + bytes > data.length) {
            int from = count == 0 ? end : offset(number(count - 1));
            int live = end - from;
            var target = live + bytes > data.length / 2 ? new byte[Math.max(data.length * 2, (live + bytes) * 2)] : new byte[data.length];
            System.arraycopy(data, from, target, 0, live);
            System.arraycopy(names, nameOffset, target, live, nameLength);
            System.arraycopy(values, valueOffset, target, live + nameLength, valueLength);
            for (int i = 0; i < count; i++) offsets[number(i) & mask] -= from;
            data = target;
            end = live;
        } else {
            System.arraycopy(names, nameOffset, data, end, nameLength);
            System.arraycopy(values, valueOffset, data, end + nameLength, valueLength);
        }
        evict(entry);
        int slot = inserted++ & mask;
        offsets[slot] = end;
        nameLengths[slot] = nameLength;
        valueLengths[slot] = valueLength;
        end += bytes;
        count++;
        size += entry;
        return true;
    }

    private void evict(int room) {
        while (count > 0 && size + room > maxSize) {
            int oldest = number(count - 1);
            size -= nameLength(oldest) + valueLength(oldest) + ENTRY_OVERHEAD;
            count--;
        }
    }
}
