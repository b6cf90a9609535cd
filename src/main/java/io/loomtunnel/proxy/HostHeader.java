package io.loomtunnel.proxy;

import io.loomtunnel.pool.Origin;
import java.net.InetAddress;

/// Which host an origin is asked for: the visitor's, as it should be, or another one, for those that answer to their own name
/// only. Development servers do so, and name-based virtual hosts.
public final class HostHeader {
    /// The visitor's.
    public static final HostHeader PRESERVE = new HostHeader("");
    /// The origin's own, as in the URL under which a browser beside it would open it.
    public static final HostHeader REWRITE = new HostHeader("");

    private final String fixed;         // empty for the other two

    private HostHeader(String fixed) {
        this.fixed = fixed;
    }

    /// Reads `preserve`, `rewrite`, or a host with or without a port.
    /// @param text as a person writes it
    /// @return what it means
    /// @throws IllegalArgumentException it is none; the message says what was expected
    public static HostHeader of(String text) {
        if (text.equals("preserve")) return PRESERVE;
        if (text.equals("rewrite")) return REWRITE;
        if (!isAuthority(text)) throw new IllegalArgumentException("not a host: " + text + " (expected preserve, rewrite, HOST or HOST:PORT)");
        return new HostHeader(text);
    }

    /// The authority of a request to an origin.
    /// @param visitors what the visitor asked for; empty when it did not say
    /// @param origin   that is asked
    /// @return a host, with or without a port
    public String authority(String visitors, Origin origin) {
        if (this == REWRITE || visitors.isEmpty() && fixed.isEmpty()) return own(origin);
        return fixed.isEmpty() ? visitors : fixed;
    }

    /// Without the port that everybody adds in thought (RFC 9110 §4.2.1, §4.2.2).
    private static String own(Origin origin) {
        var authority = origin.authority();
        var usual = ":" + origin.scheme().defaultPort();
        return authority.endsWith(usual) ? authority.substring(0, authority.length() - usual.length()) : authority;
    }

    private static boolean isAuthority(String text) {
        int end = text.startsWith("[") ? text.indexOf(']') + 1 : text.indexOf(':') < 0 ? text.length() : text.indexOf(':');
        return isHost(text.substring(0, end)) && (end == text.length() || text.charAt(end) == ':' && isPort(text.substring(end + 1)));
    }

    private static boolean isHost(String text) {
        if (text.startsWith("[")) {
            try {
                return text.indexOf('%') < 0 && InetAddress.ofLiteral(text).getAddress().length == 16;
            } catch (IllegalArgumentException _) {
                return false;
            }
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean allowed = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_';
            if (!allowed) return false;
        }
        return !text.isEmpty();
    }

    private static boolean isPort(String digits) {
        if (digits.isEmpty() || digits.length() > 5) return false;
        for (int i = 0; i < digits.length(); i++) if (digits.charAt(i) < '0' || digits.charAt(i) > '9') return false;
        return Integer.parseInt(digits) <= 0xffff;
    }

    /// The spelling that [#of] reads.
    @Override public String toString() {
        return this == PRESERVE ? "preserve" : this == REWRITE ? "rewrite" : fixed;
    }
}
