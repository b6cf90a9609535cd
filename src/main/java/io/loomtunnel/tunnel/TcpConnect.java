package io.loomtunnel.tunnel;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.IpText;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.RequestHead;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// The head of the stream that carries one visitor's TCP connection, the same at both ends: a CONNECT to `NAME:PORT`, with
/// `forwarded: for="VISITOR";by="ADDRESS"` (RFC 7239), both with their ports.
///
/// @param route   the service that the visitor came for
/// @param visitor who opened the connection
/// @param address where it was opened to, at the server; its port is the service's public one
public record TcpConnect(Route.Tcp route, InetSocketAddress visitor, InetSocketAddress address) {
    private static final String METHOD = "CONNECT";
    private static final String FOR = "for=\"";
    private static final String BY = "\";by=\"";

    /// Whether a request opens a stream for a TCP connection: CONNECT without a `:protocol`, which no visitor's request becomes.
    /// @param head of any request of a tunnel
    /// @return true for a malformed one, too
    public static boolean isMeant(RequestHead head) {
        return head.method().equals(METHOD) && head.protocol().isEmpty();
    }

    /// Reads a head that [#isMeant].
    /// @param head of the stream
    /// @return the connection
    /// @throws MalformedMessageException (400) a name, a port or an address is none
    public static TcpConnect parse(RequestHead head) throws MalformedMessageException {
        var authority = head.authority();
        var forwarded = head.fields().joined("forwarded");
        int colon = authority.lastIndexOf(':');
        int by = forwarded == null ? -1 : forwarded.indexOf(BY);
        boolean whole = colon >= 0 && by >= FOR.length() && forwarded.startsWith(FOR)
                && forwarded.length() > by + BY.length() && forwarded.endsWith("\"");
        if (whole) {
            try {
                var visitor = address(forwarded.substring(FOR.length(), by));
                var address = address(forwarded.substring(by + BY.length(), forwarded.length() - 1));
                var route = new Route.Tcp(authority.substring(0, colon));
                if (port(authority.substring(colon + 1)) == address.getPort()) return new TcpConnect(route, visitor, address);
            } catch (IllegalArgumentException _) {
                // said below
            }
        }
        throw new MalformedMessageException("a CONNECT of a tunnel is for NAME:PORT, and says by whom and where it was opened");
    }

    /// Writes the head.
    /// @return a new one
    public RequestHead head() {
        var forwarded = FOR + text(visitor) + BY + text(address) + '"';
        return new RequestHead(METHOD, "", route.name() + ':' + address.getPort(), "", Fields.of("forwarded", forwarded));
    }

    private static String text(InetSocketAddress address) {
        var ip = IpText.of(address.getAddress());
        return (ip.indexOf(':') < 0 ? ip : '[' + ip + ']') + ':' + address.getPort();
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        var ip = text.substring(0, Math.max(0, colon));
        boolean brackets = ip.startsWith("[") && ip.endsWith("]");
        if (brackets != ip.indexOf(':') >= 0) throw new IllegalArgumentException("brackets");
        return new InetSocketAddress(InetAddress.ofLiteral(brackets ? ip.substring(1, ip.length() - 1) : ip), port(text.substring(colon + 1)));
    }

    private static int port(String digits) {
        for (int i = 0; i < digits.length(); i++) {
            if (digits.charAt(i) < '0' || digits.charAt(i) > '9') throw new IllegalArgumentException("port");
        }
        int port = digits.isEmpty() || digits.length() > 5 ? -1 : Integer.parseInt(digits);
        if (port < 1 || port > 0xffff) throw new IllegalArgumentException("port");
        return port;
    }
}
