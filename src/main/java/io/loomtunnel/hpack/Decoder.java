package io.loomtunnel.hpack;

/// Decodes the field blocks of one direction of a connection (RFC 7541 §3).
public final class Decoder {
    private static final int MAX_INTEGER_BYTES = 5;      // continuation bytes: 35 bits, more than any length here

    private static final int KEEP = 4 * 1024;            // of a scratch array that grew: a connection may live long

    private final int limit;
    private final DynamicTable table;
    private byte[] nameScratch = new byte[64];
    private byte[] valueScratch = new byte[256];

    // The block that is being decoded.
    private byte[] block;
    private int at;
    private int end;

    // The string or name that was read last.
    private byte[] bytes;
    private int offset;
    private int length;

    /// @param maxTableSize our SETTINGS_HEADER_TABLE_SIZE
    public Decoder(int maxTableSize) {
        limit = maxTableSize;
        table = new DynamicTable(maxTableSize);
    }

    /// Decodes one whole field block. Above `maxSize` or `maxFields` the rest still changes the table, but is not handed over.
    /// @param maxSize bytes of names and values, and 32 for each field (RFC 9113 §6.5.2)
    /// @param maxFields fields, pseudo-fields included
    /// @return false when there was more than allowed
    /// @throws HpackException the block is malformed, and the connection's state with it
    public boolean decode(byte[] block, int offset, int length, int maxSize, int maxFields, FieldSink sink) throws HpackException {
        this.block = block;
        at = offset;
        end = offset + length;
        tableSizes();
        long size = 0;
        for (int fields = 0; at < end; fields++) {
            boolean wanted = size <= maxSize && fields < maxFields;
            size += field(sink, wanted, maxSize - size);
            if (fields >= maxFields) size = Math.max(size, maxSize + 1L);
        }
        return size <= maxSize;
    }

    /// Dynamic table size updates stand at the start of a block, at most two of them (§4.2).
    private void tableSizes() throws HpackException {
        for (int n = 0; at < end && (block[at] & 0xe0) == 0x20; n++) {
            int size = integer(5);
            if (size > limit) throw new HpackException("a table of " + size + " bytes");
            if (n == 2) throw new HpackException("more table size updates than two");
            table.maxSize(size);
        }
    }

    /// One field representation (§6).
    /// @param room how large it may be and still be handed over
    /// @return its size
    private int field(FieldSink sink, boolean wanted, long room) throws HpackException {
        int first = block[at] & 0xff;
        if (first >= 0x80) return indexed(sink, wanted, room);
        boolean indexing = (first & 0xc0) == 0x40;
        if (!indexing && (first & 0xe0) == 0x20) throw new HpackException("a table size update inside a block");
        boolean sensitive = (first & 0xf0) == 0x10;
        int index = integer(indexing ? 6 : 4);
        if (index == 0) nameScratch = string(nameScratch, true);
        else name(index);
        var names = bytes;
        int nameOffset = offset;
        int nameLength = length;
        valueScratch = string(valueScratch, wanted || indexing);
        int size = nameLength + length + DynamicTable.ENTRY_OVERHEAD;
        if (wanted && size <= room) sink.field(names, nameOffset, nameLength, bytes, offset, length, sensitive);
        if (indexing) table.add(names, nameOffset, nameLength, bytes, offset, length);
        return size;
    }

    private int indexed(FieldSink sink, boolean wanted, long room) throws HpackException {
        int index = integer(7);
        name(index);
        var names = bytes;
        int nameOffset = offset;
        int nameLength = length;
        if (index <= StaticTable.SIZE) {
            bytes = StaticTable.value(index);
            offset = 0;
            length = bytes.length;
        } else {
            offset = nameOffset + nameLength;
            length = table.valueLength(table.number(index - StaticTable.SIZE - 1));
        }
        int size = nameLength + length + DynamicTable.ENTRY_OVERHEAD;
        if (wanted && size <= room) sink.field(names, nameOffset, nameLength, bytes, offset, length, false);
        return size;
    }

    /// Looks the name of an entry up (§2.3.3).
    private void name(int index) throws HpackException {
        if (index == 0) throw new HpackException("index 0");
        if (index <= StaticTable.SIZE) {
            bytes = StaticTable.name(index);
            offset = 0;
            length = bytes.length;
            return;
        }
        if (index - StaticTable.SIZE > table.count()) throw new HpackException("index " + index + " is not in the table");
        int number = table.number(index - StaticTable.SIZE - 1);
        bytes = table.data();
        offset = table.offset(number);
        length = table.nameLength(number);
    }

    /// Reads a string literal (§5.2).
    /// @param scratch takes what is Huffman-encoded
    /// @param wanted  whether anybody will look at it: its length alone is enough for the limits
    /// @return the scratch array, replaced when it was too small
    private byte[] string(byte[] scratch, boolean wanted) throws HpackException {
        if (at == end) throw new HpackException("a block that ends inside a field");
        boolean huffman = block[at] < 0;
        int size = integer(7);
        if (size > end - at) throw new HpackException("a string longer than its block");
        int from = at;
        at += size;
        bytes = block;
        offset = from;
        length = size;
        if (!huffman || !wanted) return scratch;
        int room = (int) (size * 8L / 5) + 1;
        var target = room > scratch.length ? new byte[Math.max(room, scratch.length * 2)] : scratch;
        length = Huffman.decode(block, from, size, target);
        bytes = target;
        offset = 0;
        return target.length > KEEP ? scratch : target;
    }

    /// Reads an integer with a prefix of `bits` (§5.1).
    private int integer(int bits) throws HpackException {
        int max = (1 << bits) - 1;
        int value = block[at++] & max;
        if (value < max) return value;
        long sum = value;
        for (int shift = 0; shift < 7 * MAX_INTEGER_BYTES; shift += 7) {
            if (at == end) throw new HpackException("a block that ends inside an integer");
            int b = block[at++];
            sum += (long) (b & 0x7f) << shift;
            if (b >= 0) {
                if (sum > Integer.MAX_VALUE) break;
                return (int) sum;
            }
        }
        throw new HpackException("an integer too large");
    }
}
