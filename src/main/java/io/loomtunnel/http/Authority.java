package io.loomtunnel.http;

/// The authority of a request: `uri-host [ ":" port ]` (RFC 9110 §7.2), the same in every version of HTTP.
public final class Authority {
    private static final boolean[] HOST = new boolean[128];

    static {
        for (int c = '0'; c <= '9'; c++) HOST[c] = true;
        for (int c = 'a'; c <= 'z'; c++) HOST[c] = HOST[c - 32] = true;
        for (char c : "-._~%!$&'()*+;=".toCharArray()) HOST[c] = true;
    }

    private Authority() {}

    /// Whether the text is an authority without user information. An empty one is allowed by the syntax.
    /// @param text as it was received
    /// @return false for what no URI has
    public static boolean isValid(String text) {
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
            while (at < end && text.charAt(at) < HOST.length && HOST[text.charAt(at)]) at++;
            if (at == 0 && end > 0) return false;
        }
        if (at == end) return true;
        if (text.charAt(at) != ':' || end - at > 6) return false;
        for (int i = at + 1; i < end; i++) if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
        return true;
    }
}
