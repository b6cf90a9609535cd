package io.loomtunnel.ingress;

import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.FilterExchange;
import io.loomtunnel.http.Hop;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.Tunnel;
import io.loomtunnel.tunnel.TunnelRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Keeps a visitor with one client by a cookie (RFC 6265) that names it, to us and to nobody else. The origin never sees the
/// cookie. It belongs to the path of the route, so that a visitor may have one client for each.
final class StickyExchange extends FilterExchange {
    static final String COOKIE = "loomtunnel-client";
    private static final String PAIR = COOKIE + "=";
    private static final int MAX_MARKS = 4;            // of one request: routes inside one another are few

    private final RequestHead request;
    private final TunnelRegistry tunnels;
    private final List<String> marks = new ArrayList<>();
    private Tunnel tunnel;

    /// Takes our cookie out of a request.
    /// @param request what is sent on: its fields are changed
    StickyExchange(Exchange exchange, RequestHead request, TunnelRegistry tunnels) {
        super(exchange);
        this.request = request;
        this.tunnels = tunnels;
        take(request.fields());
    }

    /// The clients that the visitor was with before; of several, the one of the longest path first, as cookies are sent (RFC 6265 §5.4).
    List<String> marks() {
        return marks;
    }

    /// The request goes on by this tunnel.
    Hop to(Tunnel chosen) {
        tunnel = chosen;
        return () -> chosen;
    }

    @Override public ContentSink respond(ResponseHead head) throws IOException {
        mark(head.fields());
        return super.respond(head);
    }

    @Override public Duplex upgrade(Fields fields) throws IOException {
        mark(fields);
        return super.upgrade(fields);
    }

    private void mark(Fields response) throws StatusException {
        if (tunnel == null || marks.contains(tunnel.mark())) return;
        var secure = request.scheme().equals("https") ? "; Secure" : "";
        response.add("set-cookie", PAIR + tunnel.mark() + "; Path=" + path() + "; HttpOnly; SameSite=Lax" + secure);
    }

    private String path() throws StatusException {
        if (!(tunnels.route(request.authority(), request.path()) instanceof Route.Http(var _, var path))) return "/";
        return path.isEmpty() || path.indexOf(';') >= 0 ? "/" : path;
    }

    /// HTTP/2 visitors may send each cookie in a field of its own (RFC 9113 §8.2.3).
    private void take(Fields fields) {
        for (int i = fields.find("cookie", 0); i >= 0; i = fields.find("cookie", i + 1)) {
            if (!fields.value(i).contains(PAIR)) continue;
            split(fields);
            return;
        }
    }

    private void split(Fields fields) {
        var kept = new Fields();
        for (int i = fields.find("cookie", 0); i >= 0; i = fields.find("cookie", i + 1)) {
            var rest = new ArrayList<String>();
            for (var pair : fields.value(i).split(";")) {
                var cookie = pair.strip();
                if (!cookie.startsWith(PAIR)) rest.add(cookie);
                else if (marks.size() < MAX_MARKS) marks.add(cookie.substring(PAIR.length()));
            }
            if (rest.isEmpty()) continue;
            kept.add("cookie", String.join("; ", rest));
            if (fields.sensitive(i)) kept.markSensitive(kept.size() - 1);
        }
        fields.remove("cookie");
        for (int i = 0; i < kept.size(); i++) fields.addFrom(kept, i);
    }
}
