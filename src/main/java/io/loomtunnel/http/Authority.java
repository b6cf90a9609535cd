package io.loomtunnel.http;

import java.net.InetAddress;

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
            if (at < 4 || !isIpv6(text.substring(1, at - 1))) return false;
        } else {
            for (; at < end && text.charAt(at) < HOST.length && HOST[text.charAt(at)]; at++) {
                if (text.charAt(at) == '%' && !(hex(text, at + 1) && hex(text, at + 2))) return false;
            }
            if (at == 0 && end > 0) return false;
        }
        if (at == end) return true;
        if (text.charAt(at) != ':' || end - at > 6) return false;
        int port = 0;
        for (int i = at + 1; i < end; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
            port = port * 10 + text.charAt(i) - '0';
        }
        return port <= 0xffff;
    }

    private static boolean hex(String text, int at) {
        return at < text.length() && text.charAt(at) < HOST.length && Character.digit(text.charAt(at), 16) >= 0;
    }

    private static boolean isIpv6(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.digit(c, 16) < 0 && c != ':' && c != '.') return false;
        }
        try {
            return text.indexOf(':') >= 0 && InetAddress.ofLiteral(text) != null;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }
}
