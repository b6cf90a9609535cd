package io.loomtunnel.hpack;

import io.loomtunnel.bytes.ByteWriter;

/// The Huffman code of RFC 7541 Appendix B. It is canonical: codes of one length rise with their symbol, so the lengths
/// say everything.
final class Huffman {
    private static final int EOS = 256;
    private static final int[] CODES = new int[EOS + 1];
    private static final byte[] LENGTHS = new byte[EOS + 1];

    /// How long the code of each symbol is, as run lengths: count and bits in turn.
    private static final int[] RUNS = {
        1, 13, 1, 23, 7, 28, 1, 24, 1, 30, 2, 28, 1, 30, 8, 28, 1, 30, 9, 28, 1, 6, 2, 10, 1, 12, 1, 13, 1, 6, 1, 8, 1, 11, 2, 10,
        1, 8, 1, 11, 1, 8, 3, 6, 3, 5, 7, 6, 1, 7, 1, 8, 1, 15, 1, 6, 1, 12, 1, 10, 1, 13, 1, 6, 22, 7, 1, 8, 1, 7, 1, 8, 1, 13,
        1, 19, 1, 13, 1, 14, 1, 6, 1, 15, 1, 5, 1, 6, 1, 5, 1, 6, 1, 5, 3, 6, 1, 5, 2, 7, 3, 6, 1, 5, 1, 6, 1, 7, 1, 6, 2, 5, 1, 6,
        5, 7, 1, 15, 1, 11, 1, 14, 1, 13, 1, 28, 1, 20, 1, 22, 2, 20, 3, 22, 1, 23, 1, 22, 5, 23, 1, 24, 1, 23, 2, 24, 1, 22,
        1, 23, 1, 24, 4, 23, 1, 21, 1, 22, 1, 23, 1, 22, 2, 23, 1, 24, 1, 22, 1, 21, 1, 20, 2, 22, 2, 23, 1, 21, 1, 23, 2, 22,
        1, 24, 1, 21, 1, 22, 2, 23, 2, 21, 1, 22, 1, 21, 1, 23, 1, 22, 2, 23, 1, 20, 3, 22, 1, 23, 2, 22, 1, 23, 2, 26, 1, 20,
        1, 19, 1, 22, 1, 23, 1, 22, 1, 25, 3, 26, 2, 27, 1, 26, 1, 24, 1, 25, 1, 19, 1, 21, 1, 26, 2, 27, 1, 26, 1, 27, 1, 24,
        2, 21, 2, 26, 1, 28, 3, 27, 1, 20, 1, 24, 1, 20, 1, 21, 1, 22, 2, 21, 1, 23, 2, 22, 2, 25, 2, 24, 1, 26, 1, 23, 1, 26,
        1, 27, 2, 26, 5, 27, 1, 28, 5, 27, 1, 26, 1, 30};

    // The decoder is a state machine that eats four bits at a time. A state is an inner node of the code's tree; a code is
    // at least five bits long, so a step emits one symbol at most.
    private static final short[] NEXT = new short[256 * 16];     // the state after the step, or FAIL
    private static final short[] EMIT = new short[256 * 16];     // the symbol, or -1
    private static final boolean[] ACCEPT = new boolean[256];    // whether a string may end here: up to 7 bits, all ones
    private static final short FAIL = -1;

    static {
        int symbol = 0;
        for (int i = 0; i < RUNS.length; i += 2) {
            for (int n = 0; n < RUNS[i]; n++) LENGTHS[symbol++] = (byte) RUNS[i + 1];
        }
        int code = 0;
        for (int bits = 1; bits <= 30; bits++) {
            for (int s = 0; s <= EOS; s++) if (LENGTHS[s] == bits) CODES[s] = code++;
            code <<= 1;
        }
        machine();
    }

    private Huffman() {}

    private static void machine() {
        var child = new int[256][2];             // positive: an inner node; negative: -1 - symbol
        var ones = new int[256];                 // depth of a node that is reached by ones only, else -1
        int nodes = 1;
        for (int s = 0; s <= EOS; s++) {
            int node = 0;
            for (int bit = LENGTHS[s] - 1; bit > 0; bit--) {
                int side = CODES[s] >>> bit & 1;
                if (child[node][side] == 0) {
                    ones[nodes] = side == 1 && ones[node] >= 0 ? ones[node] + 1 : -1;
                    child[node][side] = nodes++;
                }
                node = child[node][side];
            }
            child[node][CODES[s] & 1] = -1 - s;
        }
        for (int state = 0; state < nodes; state++) {
            ACCEPT[state] = ones[state] >= 0 && ones[state] <= 7;
            for (int nibble = 0; nibble < 16; nibble++) {
                int node = state;
                int emitted = -1;
                for (int bit = 3; bit >= 0 && node != FAIL; bit--) {
                    node = child[node][nibble >>> bit & 1];
                    if (node < 0) {
                        emitted = -1 - node;
                        node = emitted == EOS ? FAIL : 0;
                    }
                }
                NEXT[state << 4 | nibble] = (short) node;
                EMIT[state << 4 | nibble] = (short) emitted;
            }
        }
    }

    /// Decodes `length` bytes.
    /// @param target has room for `length * 8 / 5` bytes
    /// @return how many bytes were put there
    /// @throws HpackException EOS inside, or padding that is not up to seven ones (§5.2)
    static int decode(byte[] source, int offset, int length, byte[] target) throws HpackException {
        int state = 0;
        int size = 0;
        for (int i = offset; i < offset + length; i++) {
            int b = source[i];
            int step = state << 4 | b >>> 4 & 15;
            if (EMIT[step] >= 0) target[size++] = (byte) EMIT[step];
            state = NEXT[step];
            if (state == FAIL) throw new HpackException("EOS in a string");
            step = state << 4 | b & 15;
            if (EMIT[step] >= 0) target[size++] = (byte) EMIT[step];
            state = NEXT[step];
            if (state == FAIL) throw new HpackException("EOS in a string");
        }
        if (!ACCEPT[state]) throw new HpackException("padding of a string");
        return size;
    }

    /// How many bytes [#encode] makes of these.
    static int encodedLength(byte[] source, int offset, int length) {
        int bits = 0;
        for (int i = offset; i < offset + length; i++) bits += LENGTHS[source[i] & 0xff];
        return bits + 7 >>> 3;
    }

    static void encode(ByteWriter out, byte[] source, int offset, int length) {
        long held = 0;
        int bits = 0;
        for (int i = offset; i < offset + length; i++) {
            int symbol = source[i] & 0xff;
            held = held << LENGTHS[symbol] | CODES[symbol];
            bits += LENGTHS[symbol];
            while (bits >= 8) {
                bits -= 8;
                out.put((int) (held >>> bits));
            }
        }
        if (bits > 0) out.put((int) (held << 8 - bits | 0xff >>> bits));
    }
}
