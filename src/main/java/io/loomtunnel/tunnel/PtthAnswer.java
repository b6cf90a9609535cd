package io.loomtunnel.tunnel;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.tunnel.StructuredItem.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The 101 as a value, the same at both ends.
///
/// @param routes   what is registered
/// @param visitors where visitors reach them, one URL for each route, which may be empty; none at all when the server does not say
/// @param ports    of the TCP services; our own client has no use for them beside the URLs, and does not read them
record PtthAnswer(List<Route> routes, List<String> visitors, Map<Route.Tcp, Integer> ports) {
    /// The 101's fields. `LoomTunnel-Routes` repeats what the request's target named, too: the answer alone says it
    /// all.
    Fields fields() {
        var fields = Fields.of("connection", "upgrade", "upgrade", PtthRequest.PROTOCOL, "alpn", PtthRequest.HTTP2,
                "loomtunnel-routes", StructuredItem.list(routes.stream().map(this::item).toList()));
        if (!visitors.stream().allMatch(String::isEmpty)) {
            var urls = visitors.stream().map(StructuredItem::text).toList();
            fields.add("loomtunnel-visitors", StructuredItem.list(urls));
        }
        return fields;
    }

    private StructuredItem item(Route route) {
        var text = new Value.Text(route.toString());
        boolean known = route instanceof Route.Tcp tcp && ports.containsKey(tcp);
        return new StructuredItem(text, known ? Map.of("port", new Value.Whole(ports.get(route))) : Map.of());
    }

    /// Reads the 101's fields. A server that does not know ours names neither routes nor visitors.
    /// @param asked the routes of the request
    /// @throws StatusException (502) the server switched to something else than HTTP/2 transposed
    static PtthAnswer parse(Fields fields, List<Route> asked) throws StatusException {
        if (!fields.lists("upgrade", PtthRequest.PROTOCOL)) {
            throw new StatusException(502, "the server switched to another protocol");
        }
        var alpn = fields.joined("alpn");
        if (alpn != null && !PtthRequest.offersHttp2(alpn)) {
            throw new StatusException(502, "the server chose another protocol than h2");
        }
        var routes = fields.joined("loomtunnel-routes");
        var visitors = fields.joined("loomtunnel-visitors");
        return new PtthAnswer(routes == null ? asked : PtthRequest.routes(routes),
                visitors == null ? List.of() : urls(visitors), Map.of());
    }

    private static List<String> urls(String field) throws MalformedMessageException {
        var urls = new ArrayList<String>();
        for (var member : StructuredParser.list(field)) {
            if (member.value() instanceof Value.Text(var url)) urls.add(url);
        }
        return urls;
    }
}
