package io.loomtunnel.cli;

import java.net.InetAddress;

/// A server as a client's `--server` names it.
///
/// @param endpoint its control port
/// @param scheme   what was typed before it
record ServerUrl(Endpoint endpoint, Scheme scheme) {
    private static final Endpoint DEFAULTS = new Endpoint("127.0.0.1", 7835);

    /// What the tunnel is to be.
    enum Scheme {
        /// Nothing was said: TLS but for a server on this machine.
        NONE(""),
        /// In clear.
        HTTP("http://"),
        /// By TLS.
        HTTPS("https://");

        private final String text;

        Scheme(String text) {
            this.text = text;
        }
    }

    /// Reads `[https://|http://]HOST[:PORT]`.
    /// @throws ExitException it is no server's address
    static ServerUrl parse(String typed) throws ExitException {
        var scheme = Scheme.NONE;
        for (var each : Scheme.values()) if (typed.regionMatches(true, 0, each.text, 0, each.text.length())) scheme = each;
        var text = typed.substring(scheme.text.length());
        if (text.contains("://")) {
            throw ExitException.usage(Flag.SERVER + " " + Text.printable(typed) + ": a server's address begins with https:// or http://, if with anything");
        }
        if (scheme != Scheme.NONE && text.endsWith("/")) text = text.substring(0, text.length() - 1);
        var endpoint = Endpoint.parse(text, Flag.SERVER.toString(), DEFAULTS);
        if (endpoint.port() == 0 || endpoint.host().equals("*")) {
            throw ExitException.usage(Flag.SERVER + " " + endpoint + " is not one server's address");
        }
        return new ServerUrl(endpoint, scheme);
    }

    /// Whether it is on this machine, as far as its name tells.
    boolean isThisMachine() {
        var host = endpoint.host();
        if (host.equals("localhost") || host.endsWith(".localhost")) return true;
        try {
            return InetAddress.ofLiteral(host).isLoopbackAddress();
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    @Override public String toString() {
        return scheme.text + endpoint;
    }
}
