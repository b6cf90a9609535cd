package io.loomtunnel.http;

import java.util.HexFormat;

/// The path of a request as routes compare it. It is forwarded as it came; what could mean another path to the origin than it
/// does to us is told here.
final class RoutePath {
    private RoutePath() {}

    /// The path without its query. A letter, digit or one of `-._~` that is percent-encoded is that character (RFC 3986 §6.2.2.2).
    static String compared(String path) {
        int query = path.indexOf('?');
        var plain = query < 0 ? path : path.substring(0, query);
        return plain.indexOf('%') < 0 ? plain : decoded(plain, false);
    }

    /// Whether an origin could find a segment `.` or `..` in it, by which a path leaves the prefix that it begins with:
    /// percent-encoded, behind an encoded slash or a backslash, or with parameters, as `..;` is for some.
    static boolean hasDots(String compared) {
        if (compared.indexOf('.') < 0) return false;
        var plain = compared.indexOf('%') < 0 ? compared : decoded(compared, true);
        for (int at = 0; at < plain.length(); ) {
            int end = at;
            while (end < plain.length() && plain.charAt(end) != '/' && plain.charAt(end) != '\\') end++;
            int parameters = plain.indexOf(';', at);
            int length = (parameters >= 0 && parameters < end ? parameters : end) - at;
            if (length > 0 && length <= 2 && plain.charAt(at) == '.' && plain.charAt(at + length - 1) == '.') return true;
            at = end + 1;
        }
        return false;
    }

    private static String decoded(String path, boolean all) {
        var text = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '%' && i + 2 < path.length() && HexFormat.isHexDigit(path.charAt(i + 1)) && HexFormat.isHexDigit(path.charAt(i + 2))) {
                char meant = (char) HexFormat.fromHexDigits(path, i + 1, i + 3);
                if (all || unreserved(meant)) {
                    text.append(meant);
                    i += 2;
                    continue;
                }
            }
            text.append(c);
        }
        return text.toString();
    }

    private static boolean unreserved(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "-._~".indexOf(c) >= 0;
    }
}
