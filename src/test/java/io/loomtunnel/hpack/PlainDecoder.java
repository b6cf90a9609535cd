package io.loomtunnel.hpack;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.LinkedList;
import java.util.List;

/// RFC 7541 written down as it stands there, with lists and strings and without a thought for speed: what the program's
/// decoder is compared with.
final class PlainDecoder {
    private final LinkedList<String[]> table = new LinkedList<>();      // the newest first
    private final int limit;
    private int maxSize;
    private byte[] block;
    private int at;

    PlainDecoder(int limit) {
        this.limit = limit;
        maxSize = limit;
    }

    /// @return names and values in turn, or null when the block is malformed
    List<String> decode(byte[] block) {
        this.block = block;
        at = 0;
        var fields = new ArrayList<String>();
        try {
            for (int updates = 0; at < block.length; ) {
                int first = block[at] & 0xff;
                if (first >> 5 == 1) {                                    // §6.3, §4.2
                    int size = integer(5);
                    if (++updates > 2 || !fields.isEmpty() || size > limit) return null;
                    maxSize = size;
                    evict();
                    continue;
                }
                String[] field;
                if (first >> 7 == 1) {                                    // §6.1
                    field = entry(integer(7));
                } else {                                                  // §6.2
                    boolean indexing = first >> 6 == 1;
                    int index = integer(indexing ? 6 : 4);
                    var name = index == 0 ? string() : entry(index)[0];
                    field = new String[] {name, string()};
                    if (indexing) {
                        table.addFirst(field);
                        evict();
                    }
                }
                fields.addAll(List.of(field));
            }
        } catch (HpackException | IndexOutOfBoundsException | ArithmeticException e) {
            return null;
        }
        return fields;
    }

    private void evict() {
        while (size() > maxSize) table.removeLast();
    }

    private int size() {
        int size = 0;
        for (var each : table) size += each[0].length() + each[1].length() + 32;
        return size;
    }

    private String[] entry(int index) {
        if (index == 0) throw new IndexOutOfBoundsException();
        if (index > 61) return table.get(index - 62);
        return new String[] {new String(StaticTable.name(index), ISO_8859_1), new String(StaticTable.value(index), ISO_8859_1)};
    }

    private int integer(int bits) {
        int max = (1 << bits) - 1;
        long value = block[at++] & max;
        if (value < max) return (int) value;
        for (int n = 0; ; n++) {
            if (n == 5) throw new ArithmeticException("more bytes than any number needs here");
            int b = block[at++];
            value += (b & 0x7fL) << 7 * n;
            if (b >= 0) return Math.toIntExact(value);
        }
    }

    private String string() throws HpackException {
        boolean huffman = block[at] < 0;
        int length = integer(7);
        if (length > block.length - at) throw new IndexOutOfBoundsException();
        int from = at;
        at += length;
        if (!huffman) return new String(block, from, length, ISO_8859_1);
        var target = new byte[length * 2];
        return new String(target, 0, Huffman.decode(block, from, length, target), ISO_8859_1);
    }
}
