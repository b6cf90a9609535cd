package io.loomtunnel.websocket;

import io.loomtunnel.http.Content;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.http.Transaction;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/// Which protocols may be switched to, and the two places where HTTP/1.1's way of asking for it meets extended CONNECT.
public final class Upgrades {
    /// The one that always passes.
    public static final String WEBSOCKET = "websocket";

    /// Never, whoever asks: what opens connections of the visitor's choice, what makes a tunnel, and HTTP/2 over a connection
    /// whose requests nobody would look at any more.
    private static final Set<String> NEVER = Set.of("ptth", "connect-udp", "connect-ip", "connect-tcp", "h2c", "h2");

    private final Set<String> tokens = new LinkedHashSet<>();

    /// WebSocket and others.
    /// @param more upgrade tokens (RFC 9110 §7.8), without a version
    /// @throws IllegalArgumentException one of them is no token, or must not pass; the message says which
    public Upgrades(Collection<String> more) {
        tokens.add(WEBSOCKET);
        for (var each : more) {
            var token = each.toLowerCase(Locale.ROOT);
            if (!isToken(token)) throw new IllegalArgumentException("'" + each + "' is no upgrade token");
            if (never(token)) throw new IllegalArgumentException("'" + each + "' must not pass");
            tokens.add(token);
        }
    }

    /// Whether a protocol passes under no circumstances.
    /// @param protocol the `:protocol` of an extended CONNECT
    public static boolean never(String protocol) {
        return NEVER.contains(protocol.toLowerCase(Locale.ROOT));
    }

    /// The visitor's hop. An HTTP/1.1 request for a protocol that passes becomes an extended CONNECT; every other Upgrade is left
    /// as it is, to be dropped with the hop-by-hop fields, and its request an ordinary one (RFC 9110 §7.8).
    /// @return the exchange itself, or one that shows the CONNECT and turns its answer back
    /// @throws StatusException (400, 426) a malformed WebSocket handshake; (501) a CONNECT that is not extended or whose
    ///                         protocol does not pass: a visitor must not choose what is dialled
    public Exchange accept(Exchange exchange) throws StatusException {
        var request = exchange.request();
        if (request.method().equals("CONNECT")) {
            if (!tokens.contains(request.protocol())) throw new StatusException(501, "CONNECT is not served here.");
            return exchange;
        }
        // With content it would be unclear where that ends and the other protocol begins.
        if (!request.method().equals("GET") || exchange.content() != Content.NONE) return exchange;
        var token = askedFor(request.fields());
        return token == null ? exchange : new UpgradeExchange(exchange, token);
    }

    /// The first protocol in a request's Upgrade field that passes.
    /// @return null when there is none
    private String askedFor(Fields fields) {
        if (!fields.has("upgrade") || !fields.lists("connection", "upgrade")) return null;
        for (var each : fields.joined("upgrade").split(",")) {
            var protocol = each.strip().toLowerCase(Locale.ROOT);
            if (tokens.contains(protocol)) return protocol;
        }
        return null;
    }

    /// The origin's hop: sends an extended CONNECT as a GET with Upgrade.
    /// @param connection speaks HTTP/1.1
    /// @param request    an extended CONNECT
    /// @return whose 200 is the 101
    /// @throws IOException as [HttpConnection#send]
    public static Transaction open(HttpConnection connection, RequestHead request) throws IOException {
        var fields = request.fields().copy().remove(Handshake.KEY).remove("content-length");
        fields.add("upgrade", request.protocol()).add("connection", "upgrade");
        var key = "";
        if (request.protocol().equals(WEBSOCKET)) {
            key = Handshake.newKey();
            fields.add(Handshake.KEY, key);
        }
        var get = new RequestHead("GET", request.scheme(), request.authority(), request.path(), fields);
        return new UpgradeTransaction(connection.send(get), request.protocol(), key);
    }

    private static boolean isToken(String text) {
        for (char c : text.toCharArray()) {
            if (!(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || "!#$%&'*+-.^_`|~".indexOf(c) >= 0)) return false;
        }
        return !text.isEmpty();
    }
}
