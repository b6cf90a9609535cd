package io.loomtunnel.tunnel;

import io.loomtunnel.http.Routes;
import java.net.IDN;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Locale;

/// What a client registers: a host's requests, or the connections of a TCP service. The two are names of different kinds: nothing that
/// an HTTP visitor asks for leads to a TCP service, and the other way round.
public sealed interface Route {
    /// Every host that nobody else has.
    Http CATCH_ALL = new Http("*", "");

    /// Reads a route as it travels and is shown: `HOST`, `HOST/PATH`, or `tcp:NAME`, which no host can look like.
    /// @param text in any case; letters of a host beyond ASCII become A-labels
    /// @return the route
    /// @throws IllegalArgumentException it is none; the message says why
    static Route of(String text) {
        return text.startsWith(Tcp.PREFIX) ? new Tcp(text.substring(Tcp.PREFIX.length())) : Http.of(text);
    }

    /// All requests for a host, or those below one of its paths.
    ///
    /// @param host an exact name in lower case, in A-labels and without a trailing dot; an IP address; `*.NAME`; or `*` for
    ///             every host that nobody registered by name
    /// @param path empty for all of the host, else the prefix, which begins with a slash
    record Http(String host, String path) implements Route {
        private static final int MAX_NAME = 253;          // characters of a domain name, RFC 1035 §2.3.4
        private static final int MAX_LABEL = 63;

        /// A route in its one canonical spelling.
        /// @throws IllegalArgumentException host or path is not one; the message names it
        public Http {
            host = canonical(host);
            if (path.equals("/")) path = "";
            if (!path.isEmpty() && path.charAt(0) != '/') throw new IllegalArgumentException("not a path prefix: " + path);
            for (int i = 0; i < path.length(); i++) {
                char c = path.charAt(i);
                boolean allowed = c > ' ' && c <= '~' && c != '?' && c != '#';
                if (!allowed) throw new IllegalArgumentException("not a path prefix: " + path);
            }
            path = Routes.path(path);
        }

        /// Reads `HOST` or `HOST/PATH`.
        /// @param text as a person writes it; letters beyond ASCII become A-labels
        /// @return the route
        /// @throws IllegalArgumentException it is none; the message says why
        public static Http of(String text) {
            int slash = text.indexOf('/');
            return slash < 0 ? new Http(text, "") : new Http(text.substring(0, slash), text.substring(slash));
        }

        /// Whether the route is one whole host, which an origin in the handshake's target can name.
        /// @return false for a wildcard, the catch-all and a path
        public boolean exact() {
            return path.isEmpty() && host.charAt(0) != '*';
        }

        /// The spelling that [#of] reads.
        @Override public String toString() {
            return host + path;
        }

        private static String canonical(String host) {
            if (host.equals("*")) return host;
            var name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
            if (name.startsWith("[")) return address(name);
            boolean wildcard = name.startsWith("*.");
            var ascii = aLabels(wildcard ? name.substring(2) : name, host);
            if (ascii.length() > MAX_NAME) throw new IllegalArgumentException("host name too long: " + host);
            for (var label : ascii.split("\\.", -1)) {
                if (!isLabel(label)) throw new IllegalArgumentException("not a host name: " + host);
            }
            return wildcard ? "*." + ascii : ascii;
        }

        private static String aLabels(String name, String host) {
            try {
                return IDN.toASCII(name, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
            } catch (IllegalArgumentException _) {
                throw new IllegalArgumentException("not a host name: " + host);
            }
        }

        /// A label of letters, digits, hyphens and, since names of services and containers have them, underscores.
        private static boolean isLabel(String label) {
            if (label.isEmpty() || label.length() > MAX_LABEL || label.startsWith("-") || label.endsWith("-")) return false;
            for (int i = 0; i < label.length(); i++) {
                char c = label.charAt(i);
                if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_') return false;
            }
            return true;
        }

        private static String address(String literal) {
            try {
                boolean closed = literal.endsWith("]") && literal.indexOf('%') < 0;
                if (closed && InetAddress.ofLiteral(literal) instanceof Inet6Address) return Routes.host(literal);
            } catch (IllegalArgumentException _) {
                // said below
            }
            throw new IllegalArgumentException("not an IPv6 address: " + literal);
        }
    }

    /// All connections of a TCP service: those that visitors open to the port which the server keeps for it.
    ///
    /// @param name 1 to 63 letters, digits, `-`, `_` and `.`, the first one a letter or a digit; in lower case
    record Tcp(String name) implements Route {
        private static final String PREFIX = "tcp:";
        private static final int MAX_NAME = 63;

        /// A service by its one canonical spelling.
        /// @throws IllegalArgumentException the name is none; the message says what one looks like
        public Tcp {
            name = name.toLowerCase(Locale.ROOT);
            boolean good = !name.isEmpty() && name.length() <= MAX_NAME && isLetterOrDigit(name.charAt(0));
            for (int i = 0; good && i < name.length(); i++) {
                char c = name.charAt(i);
                good = isLetterOrDigit(c) || c == '-' || c == '_' || c == '.';
            }
            if (!good) {
                throw new IllegalArgumentException("not the name of a TCP service: " + name + " (it has up to " + MAX_NAME
                        + " letters, digits, '-', '_' and '.', and begins with a letter or a digit)");
            }
        }

        private static boolean isLetterOrDigit(char c) {
            return c >= 'a' && c <= 'z' || c >= '0' && c <= '9';
        }

        /// The spelling that [Route#of] reads.
        @Override public String toString() {
            return PREFIX + name;
        }
    }
}
