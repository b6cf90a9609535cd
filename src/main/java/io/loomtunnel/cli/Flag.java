package io.loomtunnel.cli;

import java.util.Locale;

/// One flag of a command: the only place that knows its name, its place in the environment and its line in the help.
///
/// @param name   without the dashes; in lower case, words joined by a hyphen
/// @param word   what stands for its value in the help; empty for a switch, which has none
/// @param many   how often it may be given
/// @param help   one line, without a full stop
record Flag(String name, String word, Many many, String help) {
    /// How often a flag may be given.
    enum Many { ONCE, OFTEN }

    static final Flag BIND = new Flag("bind", "ADDR", Many.ONCE,
            "where clients attach (default 127.0.0.1:7835)");
    static final Flag VISITORS = new Flag("http", "ADDR", Many.ONCE,
            "where visitors come: PORT or HOST:PORT (default 0.0.0.0:8080)");
    static final Flag VISITORS_TLS = new Flag("https", "ADDR", Many.ONCE,
            "where visitors come by TLS: PORT or HOST:PORT; then --http has no default");
    static final Flag TLS_CERT = new Flag("tls-cert", "FILE", Many.OFTEN,
            "certificate and its chain (PEM) for --bind and --https; the first for all other names");
    static final Flag TLS_KEY = new Flag("tls-key", "FILE", Many.OFTEN,
            "the private key of each --tls-cert, in the same order (PEM, not encrypted)");
    static final Flag TCP = new Flag("tcp", "NAME=ADDR", Many.OFTEN,
            "where visitors of the TCP service NAME come; --http then has no default");
    static final Flag TCP_RANGE = new Flag("tcp-range", "FIRST-LAST", Many.ONCE,
            "ports for the TCP services of clients that have none: 20000-20100");
    static final Flag PLAINTEXT = new Flag("plaintext", "", Many.ONCE,
            "do without TLS on the tunnel: whoever is on the way can read and change everything");
    static final Flag TLS_CLIENT_CA = new Flag("tls-client-ca", "FILE", Many.ONCE,
            "let only clients attach that have a certificate of a CA in FILE (PEM)");
    static final Flag TLS_CLIENT_TOKEN = new Flag("tls-client-token", "NAME=SUBJECT", Many.OFTEN,
            "a certificate with this subject stands for token NAME: web=web, web=CN=web,O=Example");
    static final Flag TLS_CA = new Flag("tls-ca", "FILE", Many.ONCE,
            "verify the server by the CA certificates in FILE (PEM), not the system's");
    static final Flag TLS_SERVER_NAME = new Flag("tls-server-name", "HOST", Many.ONCE,
            "the name that the server's certificate must be for, if not that of --server");
    static final Flag PIN = new Flag("pin", "sha256:HEX", Many.ONCE,
            "trust only the server whose certificate has this fingerprint");
    static final Flag CLIENT_CERT = new Flag("tls-cert", "FILE", Many.ONCE,
            "our own certificate and its chain (PEM), for a server with --tls-client-ca");
    static final Flag CLIENT_KEY = new Flag("tls-key", "FILE", Many.ONCE,
            "its private key (PEM, not encrypted)");
    static final Flag TLS_INSECURE = new Flag("tls-insecure", "", Many.ONCE,
            "do not verify the server at all");
    static final Flag ACCEPT = new Flag("accept", "rhttp=FILE", Many.ONCE,
            "let HAProxy attach by reverse HTTP, for the routes that FILE has for its certificate");
    static final Flag TRUST_PROXY = new Flag("trust-proxy", "CIDR", Many.OFTEN,
            "believe the forwarded fields of proxies with these addresses: 10.0.0.0/8, ::1");
    static final Flag PROXY_PROTOCOL = new Flag("proxy-protocol", "", Many.ONCE,
            "connections from --trust-proxy addresses begin with a PROXY header, v1 or v2");
    static final Flag UPGRADE = new Flag("upgrade", "TOKEN", Many.OFTEN,
            "let visitors switch to this protocol too (websocket always passes)");
    static final Flag STICKY = new Flag("sticky", "", Many.ONCE,
            "keep each visitor with one client, by a cookie, as long as that client is there");
    static final Flag SERVER = new Flag("server", "[https://]HOST[:PORT]", Many.OFTEN,
            "attach to this server (port 7835): by TLS if it is elsewhere; http:// is in clear");
    static final Flag PROXY = new Flag("proxy", "URL", Many.ONCE,
            "dial the server through http://[USER:PASSWORD@]HOST:PORT or socks5://…; none: directly");
    static final Flag ATTACH = new Flag("attach", "ptth|rhttp", Many.ONCE,
            "ptth to a LoomTunnel server (default), rhttp to HAProxy (its attach-srv)");
    static final Flag SERVICE = new Flag("http", "[HOST=]TARGET", Many.OFTEN,
            "serve HOST (or all others) from TARGET: PORT, HOST:PORT, http://…, https://…, h2c://…");
    static final Flag TCP_SERVICE = new Flag("tcp", "NAME=TARGET[,proxy=v1|v2]", Many.OFTEN,
            "serve a TCP service from TARGET: PORT or HOST:PORT, with a PROXY header if wanted");
    static final Flag HEALTH = new Flag("health", "PATH", Many.ONCE,
            "targets get visitors only while GET PATH answers 2xx or 3xx: the server asks");
    static final Flag ORIGIN_CA = new Flag("origin-ca", "FILE", Many.ONCE,
            "verify https:// targets by the CA certificates in FILE (PEM), not the system's");
    static final Flag ORIGIN_INSECURE = new Flag("origin-insecure", "", Many.ONCE,
            "do not verify https:// targets at all");
    static final Flag HOST_HEADER = new Flag("host-header", "HOST", Many.ONCE,
            "ask targets for this host; or rewrite: their own; or preserve: the visitor's (default)");
    static final Flag METRICS = new Flag("metrics", "ADDR", Many.ONCE,
            "answer /ready and /health there: [HOST:]PORT, or HOST for port 9090 (off)");
    static final Flag TOKEN_FILE = new Flag("token-file", "FILE", Many.ONCE,
            "read the token from the first line of FILE (or set LOOMTUNNEL_TOKEN)");
    static final Flag KEYGEN_HOST = new Flag("host", "HOST", Many.OFTEN,
            "a name or an address that clients dial the server by (default localhost)");
    static final Flag KEYGEN_CLIENT = new Flag("client", "NAME", Many.OFTEN,
            "one more client (default client, unless it is there)");
    static final Flag KEYGEN_DAYS = new Flag("days", "N", Many.ONCE,
            "how long the certificates are good (default 825; the CA's is for ten years)");
    static final Flag KEYGEN_DIR = new Flag("dir", "DIR", Many.ONCE,
            "where the files are, those of the CA included (default: here)");
    static final Flag TOKENS = new Flag("tokens", "FILE", Many.ONCE,
            "let in those whose tokens stand in FILE, each to what it may have (loomtunnel token)");
    static final Flag CONFIG = new Flag("config", "FILE", Many.ONCE,
            "read flags from FILE, and apply its changes at once (loomtunnel check FILE)");
    static final Flag ONE_REQUEST = new Flag("once", "", Many.ONCE,
            "send one request through, print the answer, and end");
    static final Flag JSON = new Flag("json", "", Many.ONCE,
            "print one line of JSON instead of text");
    static final Flag VERBOSE = new Flag("verbose", "", Many.ONCE,
            "log what happens to each connection, and where a failure comes from");
    static final Flag HELP = new Flag("help", "", Many.ONCE, "print this text");

    private static final String PREFIX = "LOOMTUNNEL_";

    /// A switch is there or not; every other flag has a value.
    boolean isSwitch() {
        return word.isEmpty();
    }

    /// The environment variable that sets it when the command line does not.
    String environmentName() {
        return PREFIX + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    /// As it is written on a command line.
    @Override public String toString() {
        return "--" + name;
    }
}
