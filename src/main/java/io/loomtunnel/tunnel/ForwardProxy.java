package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.http.Authority;
import java.net.URLDecoder;
import java.util.Locale;

/// A proxy of the client's own network, through which its server is dialled. The server's name is the proxy's to resolve.
///
/// @param kind     what is spoken with it
/// @param host     a name, or an address without brackets
/// @param port     1 to 65535
/// @param user     empty when it needs none
/// @param password of the user; a secret
public record ForwardProxy(Kind kind, String host, int port, String user, String password) {
    /// What a proxy speaks.
    public enum Kind {
        /// HTTP/1.1 with CONNECT (RFC 9110 §9.3.6), and basic authentication (RFC 7617).
        HTTP("http", 80),
        /// SOCKS 5 (RFC 1928), and user and password (RFC 1929).
        SOCKS5("socks5", 1080);

        private final String scheme;
        private final int port;

        Kind(String scheme, int port) {
            this.scheme = scheme;
            this.port = port;
        }
    }

    private static final int LONGEST_SOCKS = 255;           // bytes of a user, and of a password

    /// Refuses what cannot be dialled, or not be sent. No message repeats user or password.
    public ForwardProxy {
        if (host.isEmpty() || !Authority.isValid(authority(host, port))) throw new IllegalArgumentException("the proxy has no host");
        if (port < 1 || port > 0xffff) throw new IllegalArgumentException("a proxy's port is 1 to 65535");
        if (user.isEmpty() && !password.isEmpty()) throw new IllegalArgumentException("a password without a user");
        if (hasControl(user) || hasControl(password)) throw new IllegalArgumentException("the proxy's user or password has a control character");
        if (kind == Kind.HTTP && user.indexOf(':') >= 0) throw new IllegalArgumentException("the proxy's user has a colon");
        if (kind == Kind.SOCKS5 && (tooLong(user) || tooLong(password) || !user.isEmpty() && password.isEmpty())) {
            throw new IllegalArgumentException("SOCKS takes user and password of 1 to " + LONGEST_SOCKS + " bytes");
        }
    }

    /// Reads `http://[USER:PASSWORD@]HOST[:PORT]` or `socks5://…`; without a scheme it is `http`. Signs that mean something in
    /// a URL are percent-encoded in user and password. `socks5h`, as some programs spell it, is the same here.
    /// @param url as a person writes it, or as `HTTPS_PROXY` has it
    /// @return the proxy
    /// @throws IllegalArgumentException it is none; the message says why and repeats nothing of it
    public static ForwardProxy of(String url) {
        int scheme = url.indexOf("://");
        var kind = scheme < 0 ? Kind.HTTP : switch (url.substring(0, scheme).toLowerCase(Locale.ROOT)) {
            case "http" -> Kind.HTTP;
            case "socks5", "socks5h" -> Kind.SOCKS5;
            case "https" -> throw new IllegalArgumentException("a proxy that is itself spoken to by TLS is not supported: try http://");
            default -> throw new IllegalArgumentException("expected http://HOST:PORT or socks5://HOST:PORT");
        };
        var rest = scheme < 0 ? url : url.substring(scheme + 3);
        if (rest.endsWith("/")) rest = rest.substring(0, rest.length() - 1);
        int at = rest.lastIndexOf('@');
        var credentials = at < 0 ? "" : rest.substring(0, at);
        int colon = credentials.indexOf(':');
        var user = decoded(colon < 0 ? credentials : credentials.substring(0, colon));
        var password = colon < 0 ? "" : decoded(credentials.substring(colon + 1));
        var address = rest.substring(at + 1);
        int close = address.lastIndexOf(']');
        int port = address.indexOf(':', Math.max(0, close));
        var host = port < 0 ? address : address.substring(0, port);
        if (host.startsWith("[") && host.endsWith("]")) host = host.substring(1, host.length() - 1);
        return new ForwardProxy(kind, host, port < 0 ? kind.port : number(address.substring(port + 1)), user, password);
    }

    private static int number(String digits) {
        return digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : 0;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
        } catch (IllegalArgumentException _) {
            throw new IllegalArgumentException("the proxy's user or password is not percent-encoded");
        }
    }

    private static boolean tooLong(String text) {
        return text.getBytes(UTF_8).length > LONGEST_SOCKS;
    }

    private static boolean hasControl(String text) {
        return text.chars().anyMatch(Character::isISOControl);
    }

    private static String authority(String host, int port) {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    /// Where it is.
    /// @return host and port
    public String authority() {
        return authority(host, port);
    }

    /// The URL without user and password.
    @Override public String toString() {
        return kind.scheme + "://" + authority();
    }
}
