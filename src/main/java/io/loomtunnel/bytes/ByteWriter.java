package io.loomtunnel.bytes;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/// A growing byte array to which heads and frames are written before one system call sends them.
/// Not safe for use by two threads at once.
public final class ByteWriter {
    private byte[] array;
    private int size;

    /// @param capacity bytes that fit before the array grows
    public ByteWriter(int capacity) {
        array = new byte[capacity];
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    /// The bytes written so far, from 0 to [#size]; the array changes when the writer grows.
    public byte[] array() {
        return array;
    }

    /// Forgets what was written. An array that grew above `keep` bytes is given up, so that one long message does not
    /// cost memory for the rest of a connection's life.
    public void reset(int keep) {
        size = 0;
        if (array.length > keep) array = new byte[keep];
    }

    /// Drops everything from `size` on.
    public void truncate(int size) {
        if (size > this.size) throw new IndexOutOfBoundsException(size);
        this.size = size;
    }

    /// Makes room for `bytes` more and returns where they begin; the caller fills them in [#array].
    public int skip(int bytes) {
        room(bytes);
        int at = size;
        size += bytes;
        return at;
    }

    public ByteWriter put(int value) {
        room(1);
        array[size++] = (byte) value;
        return this;
    }

    /// Two bytes, big-endian.
    public ByteWriter put16(int value) {
        room(2);
        array[size++] = (byte) (value >>> 8);
        array[size++] = (byte) value;
        return this;
    }

    /// Three bytes, big-endian.
    public ByteWriter put24(int value) {
        room(3);
        array[size++] = (byte) (value >>> 16);
        array[size++] = (byte) (value >>> 8);
        array[size++] = (byte) value;
        return this;
    }

    /// Four bytes, big-endian.
    public ByteWriter put32(int value) {
        return put16(value >>> 16).put16(value);
    }

    /// Overwrites three bytes at `at` that were written earlier: a length known only now.
    public void set24(int at, int value) {
        array[at] = (byte) (value >>> 16);
        array[at + 1] = (byte) (value >>> 8);
        array[at + 2] = (byte) value;
    }

    public ByteWriter put(byte[] bytes) {
        return put(bytes, 0, bytes.length);
    }

    public ByteWriter put(byte[] bytes, int offset, int length) {
        room(length);
        System.arraycopy(bytes, offset, array, size, length);
        size += length;
        return this;
    }

    /// The low byte of each char, as in ISO-8859-1.
    @SuppressWarnings("deprecation")   // getBytes(int, int, byte[], int) is the one copy without an encoder
    public ByteWriter put(String latin1) {
        int length = latin1.length();
        room(length);
        latin1.getBytes(0, length, array, size);
        size += length;
        return this;
    }

    /// A number in decimal digits.
    public ByteWriter putDecimal(long value) {
        if (value < 0) throw new IllegalArgumentException("negative: " + value);
        int digits = 1;
        for (long rest = value; rest >= 10; rest /= 10) digits++;
        room(digits);
        for (int at = size + digits; at-- > size; value /= 10) array[at] = (byte) ('0' + value % 10);
        size += digits;
        return this;
    }

    /// A number in lower-case hexadecimal digits without leading zeros.
    public ByteWriter putHex(long value) {
        int digits = Math.max(1, (67 - Long.numberOfLeadingZeros(value)) / 4);
        room(digits);
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
            array[size++] = (byte) "0123456789abcdef".charAt((int) (value >>> shift) & 15);
        }
        return this;
    }

    public void writeTo(OutputStream out) throws IOException {
        out.write(array, 0, size);
    }

    private void room(int bytes) {
        int needed = Math.addExact(size, bytes);
        if (needed > array.length) array = Arrays.copyOf(array, Math.max(needed, array.length * 2));
    }
}
