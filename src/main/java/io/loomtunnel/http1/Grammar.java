package io.loomtunnel.http1;

/// Which octets may stand where (RFC 9110 §5.6.2, §5.5, RFC 9112 §3.2).
final class Grammar {
    private static final boolean[] TOKEN = new boolean[256];
    private static final boolean[] VALUE = new boolean[256];
    private static final boolean[] TARGET = new boolean[256];
    private static final boolean[] HOST = new boolean[256];

    static {
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) TOKEN[c] = true;
        for (int c = '0'; c <= '9'; c++) TOKEN[c] = HOST[c] = true;
        for (int c = 'a'; c <= 'z'; c++) TOKEN[c] = TOKEN[c - 32] = HOST[c] = HOST[c - 32] = true;
        for (int c = ' '; c < 256; c++) VALUE[c] = c != 0x7f;
        VALUE['\t'] = true;
        for (int c = '!'; c < 0x7f; c++) TARGET[c] = true;
        // '#' never leaves a client; the others stand in no URI, and are where parsers differ. { } | ^ ` do arrive from browsers.
        for (char c : "#\"<>\\".toCharArray()) TARGET[c] = false;
        for (char c : "-._~%!$&'()*+;=".toCharArray()) HOST[c] = true;
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

    /// uri-host [ ":" port ] (RFC 9110 §7.2), without user information. An empty one is allowed by the syntax.
    static boolean authority(String text) {
        int end = text.length();
        int at = 0;
        if (text.startsWith("[")) {
            at = text.indexOf(']') + 1;
            if (at < 4) return false;
            for (int i = 1; i < at - 1; i++) {
                char c = text.charAt(i);
                if (Character.digit(c, 16) < 0 && c != ':' && c != '.') return false;
            }
        } else {
            while (at < end && text.charAt(at) < 256 && HOST[text.charAt(at)]) at++;
            if (at == 0 && end > 0) return false;
        }
        if (at == end) return true;
        if (text.charAt(at) != ':' || end - at > 6) return false;
        for (int i = at + 1; i < end; i++) if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
        return true;
    }
}
