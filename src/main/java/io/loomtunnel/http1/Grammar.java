package io.loomtunnel.http1;

/// Which octets may stand where (RFC 9110 §5.6.2, §5.5, RFC 9112 §3.2).
final class Grammar {
    private static final boolean[] TOKEN = new boolean[256];
    private static final boolean[] VALUE = new boolean[256];
    private static final boolean[] TARGET = new boolean[256];

    static {
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) TOKEN[c] = true;
        for (int c = '0'; c <= '9'; c++) TOKEN[c] = true;
        for (int c = 'a'; c <= 'z'; c++) TOKEN[c] = TOKEN[c - 32] = true;
        for (int c = ' '; c < 256; c++) VALUE[c] = c != 0x7f;
        VALUE['\t'] = true;
        for (int c = '!'; c < 0x7f; c++) TARGET[c] = true;
        // '#' never leaves a client; the others stand in no URI, and are where parsers differ. { } | ^ ` do arrive from browsers.
        for (char c : "#\"<>\\".toCharArray()) TARGET[c] = false;
    }

    private Grammar() {}

    static boolean token(int b) {
        return TOKEN[b & 0xff];
    }

    static boolean value(int b) {
        return VALUE[b & 0xff];
    }

    static boolean target(int b) {
        return TARGET[b & 0xff];
    }
}
