package io.loomtunnel.tunnel;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.StatusException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/// The handshake's request as a value, the same at both ends: which routes, for which connection, with which token.
///
/// @param routes at least one, none twice
/// @param client the connection that asks
/// @param token  empty when there was none; a secret
/// @param health what the client's programs are to be asked for; empty for nothing
record PtthRequest(List<Route> routes, ClientId client, String token, String health) {
    static final String PROTOCOL = "ptth";
    static final String HTTP2 = "h2";
    private static final String BEARER = "bearer ";

    /// Whether a request asks for the handshake at all.
    static boolean isMeant(RequestHead head) {
        return head.path().startsWith(WellKnownTarget.PREFIX);
    }

    /// Reads a request that [#isMeant].
    /// @throws StatusException 426: it offers no upgrade to HTTP/2; 400: it is malformed, or names no route or too many
    static PtthRequest parse(RequestHead head, int maxRoutes) throws StatusException {
        var fields = head.fields();
        if (!fields.lists("connection", "upgrade") || !fields.lists("upgrade", PROTOCOL)) {
            throw new StatusException(426, "a tunnel begins with Upgrade: ptth over HTTP/1.1");
        }
        if (!offersHttp2(fields.joined("alpn"))) throw new StatusException(426, "the ALPN field must offer h2");
        if (!head.method().equals("GET")) throw new MalformedMessageException("a tunnel begins with GET");
        var client = fields.joined("loomtunnel-client");
        var id = client == null ? ClientId.fresh() : ClientId.parse(client);
        return new PtthRequest(routes(head, maxRoutes), id, token(fields), HealthPath.parse(fields.joined("loomtunnel-health")));
    }

    /// Writes the request.
    /// @param authority of the server
    RequestHead head(String authority) {
        var exact = new ArrayList<Route.Http>();
        var others = new ArrayList<Route>();
        for (var route : routes) {
            if (route instanceof Route.Http http && http.exact()) exact.add(http);
            else others.add(route);
        }
        var fields = Fields.of("connection", "upgrade", "upgrade", PROTOCOL, "alpn", HTTP2);
        if (!token.isEmpty()) fields.add("authorization", "Bearer " + token);
        fields.add("loomtunnel-client", client.field());
        if (!others.isEmpty()) fields.add("loomtunnel-routes", routeList(others));
        if (!health.isEmpty()) fields.add("loomtunnel-health", HealthPath.field(health));
        return new RequestHead("GET", "http", authority, WellKnownTarget.of(exact), fields);
    }

    /// The field `LoomTunnel-Routes`.
    static String routeList(List<Route> routes) {
        return StructuredItem.list(routes.stream().map(route -> StructuredItem.text(route.toString())).toList());
    }

    /// Reads the field `LoomTunnel-Routes`.
    /// @throws MalformedMessageException (400) it is no list of routes
    static List<Route> routes(String field) throws MalformedMessageException {
        var routes = new ArrayList<Route>();
        for (var member : StructuredParser.list(field)) {
            if (!(member.value() instanceof StructuredItem.Value.Text(var text))) {
                throw new MalformedMessageException("LoomTunnel-Routes has a member that is not a string");
            }
            try {
                routes.add(Route.of(text));
            } catch (IllegalArgumentException e) {
                throw new MalformedMessageException("LoomTunnel-Routes: " + e.getMessage());
            }
        }
        return routes;
    }

    /// Whether a list of protocol ids has `h2`, which nobody may spell with percent signs (RFC 7639 §2.2).
    static boolean offersHttp2(String alpn) {
        if (alpn == null) return false;
        for (var protocol : alpn.split(",")) if (protocol.strip().equals(HTTP2)) return true;
        return false;
    }

    private static List<Route> routes(RequestHead head, int maxRoutes) throws MalformedMessageException {
        var routes = new LinkedHashSet<Route>(WellKnownTarget.parse(head.path()));
        var others = head.fields().joined("loomtunnel-routes");
        if (others != null) routes.addAll(routes(others));
        if (routes.isEmpty()) throw new MalformedMessageException("no route is asked for");
        if (routes.size() > maxRoutes) throw new MalformedMessageException("more than " + maxRoutes + " routes");
        return List.copyOf(routes);
    }

    /// The token of RFC 6750 §2.1, or nothing when there is no such token or more than one: that is refused with 401.
    private static String token(Fields fields) {
        int at = fields.find("authorization", 0);
        if (at < 0 || fields.find("authorization", at + 1) >= 0) return "";
        var credentials = fields.value(at);
        if (!credentials.regionMatches(true, 0, BEARER, 0, BEARER.length())) return "";
        return credentials.substring(BEARER.length()).strip();
    }

    /// Without the token.
    @Override public String toString() {
        return "PtthRequest" + routes + client;
    }
}
