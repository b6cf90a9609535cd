package io.loomtunnel.cli;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/// A host and a port as a person writes them.
///
/// @param host a name, or an address without brackets
/// @param port 0 to 65535
record Endpoint(String host, int port) {
    /// What is left out of the address for `/ready` and `/health`.
    static final Endpoint METRICS = new Endpoint("127.0.0.1", 9090);

    /// Reads `PORT`, `:PORT`, `HOST`, `HOST:PORT` or `[IPv6]:PORT`.
    /// @param text     as typed
    /// @param what     names the text in a message: a flag
    /// @param defaults stands in for what is left out
    /// @throws ExitException it is none of these
    static Endpoint parse(String text, String what, Endpoint defaults) throws ExitException {
        if (isNumber(text)) return new Endpoint(defaults.host, port(text, what, text));
        if (text.startsWith("[")) return bracketed(text, what, defaults);
        int colon = text.indexOf(':');
        if (colon != text.lastIndexOf(':')) {
            throw ExitException.usage(what + " " + Text.printable(text) + ": put an IPv6 address in brackets, as in [::1]:8080");
        }
        var host = colon < 0 ? text : text.substring(0, colon);
        if (host.isEmpty() && colon >= 0) host = defaults.host;
        if (!isHost(host)) throw bad(text, what);
        return new Endpoint(host, colon < 0 ? defaults.port : port(text.substring(colon + 1), what, text));
    }

    private static Endpoint bracketed(String text, String what, Endpoint defaults) throws ExitException {
        int close = text.indexOf(']');
        if (close < 0) throw bad(text, what);
        var host = text.substring(1, close);
        try {
            InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException _) {
            throw bad(text, what);
        }
        var rest = text.substring(close + 1);
        if (rest.isEmpty()) return new Endpoint(host, defaults.port);
        if (rest.charAt(0) != ':') throw bad(text, what);
        return new Endpoint(host, port(rest.substring(1), what, text));
    }

    /// The address to listen on.
    /// @param what names the endpoint in a message
    /// @throws ExitException the host has no address
    InetSocketAddress resolve(String what) throws ExitException {
        try {
            return new InetSocketAddress(InetAddress.getByName(host.equals("*") ? "0.0.0.0" : host), port);
        } catch (UnknownHostException e) {
            throw ExitException.usage(what + " " + this + ": unknown host " + host, e);
        }
    }

    /// The spelling that [#parse] reads.
    @Override public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    /// An address as a person writes it.
    static String text(InetSocketAddress address) {
        var host = address.getAddress() == null ? address.getHostString() : address.getAddress().getHostAddress();
        return new Endpoint(host, address.getPort()).toString();
    }

    private static int port(String digits, String what, String text) throws ExitException {
        if (!isNumber(digits)) throw bad(text, what);
        int port = digits.length() > 5 ? 0x10000 : Integer.parseInt(digits);
        if (port > 0xffff) throw ExitException.usage(what + " " + Text.printable(text) + ": a port is at most 65535");
        return port;
    }

    private static ExitException bad(String text, String what) {
        return ExitException.usage(what + " " + Text.printable(text) + ": expected PORT or HOST:PORT");
    }

    static boolean isNumber(String text) {
        for (int i = 0; i < text.length(); i++) if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
        return !text.isEmpty();
    }

    /// Whether a text can be a name at all; whether somebody has it, only the resolver knows.
    private static boolean isHost(String text) {
        if (text.equals("*")) return true;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isLetterOrDigit(c) && c != '.' && c != '-' && c != '_') return false;
        }
        return !text.isEmpty() && text.charAt(0) != '-';
    }
}
