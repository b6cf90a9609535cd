package io.loomtunnel.ingress;

import io.loomtunnel.http.IpText;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The field `Forwarded` (RFC 7239 §4): which hops a request has taken before it came here, the first one first.
final class Forwarded {
    private Forwarded() {}

    /// What one proxy has said of its own peer.
    ///
    /// @param text  the element as it was written, or as we write it
    /// @param node  where the request came from: null when that is hidden or not known
    /// @param host  the Host field it had; empty when that is not said
    /// @param proto its scheme, in lower case; empty when that is not said
    record Element(String text, InetAddress node, String host, String proto) {
        /// An element of ours.
        static Element of(InetAddress node, String host, String proto) {
            var text = new StringBuilder("for=").append(node == null ? "unknown" : spelled(node));
            if (!host.isEmpty()) text.append(";host=\"").append(host).append('"');       // no authority holds a quote
            if (!proto.isEmpty()) text.append(";proto=").append(proto);
            return new Element(text.toString(), node, host, proto);
        }

        private static String spelled(InetAddress node) {
            var ip = IpText.of(node);
            return ip.indexOf(':') < 0 ? ip : "\"[" + ip + "]\"";
        }
    }

    /// Parses the field. White space around semicolons is taken: it is written, though not allowed.
    /// @param field all its lines, joined by commas
    /// @return null when it is malformed: nobody can then tell where the next element would begin
    static List<Element> parse(String field) {
        var elements = new ArrayList<Element>();
        for (var at = new Cursor(field); ; ) {
            at.spaces();
            if (!at.more()) return elements;
            if (at.skip(',')) continue;                     // an empty element (RFC 9110 §5.6.1.2)
            var element = element(at);
            if (element == null || at.more() && !at.skip(',')) return null;
            elements.add(element);
        }
    }

    private static Element element(Cursor at) {
        int start = at.position;
        int end;
        String node = null;
        String host = null;
        String proto = null;
        do {
            at.spaces();
            var name = at.token().toLowerCase(Locale.ROOT);
            if (name.isEmpty() || !at.skip('=')) return null;
            var value = at.value();
            if (value == null) return null;
            end = at.position;
            at.spaces();
            switch (name) {                                 // each at most once (§4)
                case "for" -> {
                    if (node != null) return null;
                    node = value;
                }
                case "host" -> {
                    if (host != null) return null;
                    host = value;
                }
                case "proto" -> {
                    if (proto != null) return null;
                    proto = value.toLowerCase(Locale.ROOT);
                }
                default -> { }
            }
        } while (at.skip(';'));
        return new Element(at.text.substring(start, end), node == null ? null : node(node), host == null ? "" : host, proto == null ? "" : proto);
    }

    /// The address of a node (§6), in brackets for IPv6 and with or without a port.
    /// @return null for `unknown`, an obfuscated identifier, and what is none
    static InetAddress node(String text) {
        int end = text.length();
        int from = 0;
        if (text.startsWith("[")) {
            from = 1;
            end = text.indexOf(']');
        } else if (text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':')) {
            end = text.indexOf(':');
        }
        if (end < from || text.indexOf('%') >= 0) return null;
        var ip = text.substring(from, end);
        if (ip.indexOf(':') < 0 && ip.split("\\.", -1).length != 4) return null;
        try {
            return InetAddress.ofLiteral(ip);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /// Where a parser is.
    private static final class Cursor {
        private final String text;
        private int position;

        Cursor(String text) {
            this.text = text;
        }

        boolean more() {
            return position < text.length();
        }

        boolean skip(char expected) {
            if (!more() || text.charAt(position) != expected) return false;
            position++;
            return true;
        }

        void spaces() {
            while (skip(' ') || skip('\t')) { }
        }

        /// Empty when there is none.
        String token() {
            int start = position;
            while (more() && tchar(text.charAt(position))) position++;
            return text.substring(start, position);
        }

        /// A token or a quoted-string (RFC 9110 §5.6.4), and, since many write them so, an address without quotes.
        /// @return null when there is none, or one without an end
        String value() {
            if (!skip('"')) {
                int start = position;
                while (more() && (tchar(text.charAt(position)) || ":[]".indexOf(text.charAt(position)) >= 0)) position++;
                return start == position ? null : text.substring(start, position);
            }
            var value = new StringBuilder();
            while (more()) {
                char c = text.charAt(position++);
                if (c == '"') return value.toString();
                if (c == '\\') {
                    if (!more()) return null;
                    c = text.charAt(position++);
                }
                value.append(c);
            }
            return null;
        }

        private static boolean tchar(char c) {
            return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
        }
    }
}
