package io.loomtunnel.ingress;

import io.loomtunnel.http.Peer;
import io.loomtunnel.ingress.Forwarded.Element;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/// Who asks, as far as anybody can say whose word is taken: behind trusted proxies the nearest address that is not theirs.
///
/// @param address of the visitor
/// @param host    that the visitor asked for; empty when it is not known
/// @param scheme  `https` or `http`, as the visitor used it
/// @param hops    the way of the request before this connection: what its peer says of it, when it is trusted
record Visitor(InetAddress address, String host, String scheme, List<Element> hops) {
    /// Hops that are passed on; of a longer way the first ones are dropped. A request that runs in circles ends before.
    static final int MAX_HOPS = 64;

    /// The peer itself, of whom nothing else is believed.
    static Visitor of(Peer peer, String authority) {
        return new Visitor(peer.address().getAddress(), authority, peer.scheme(), List.of());
    }

    /// Whom a trusted peer passes on. Hops before the visitor are a claim of the visitor's own; so nothing is taken from them.
    /// @param hops  what the peer says, the first hop first
    /// @param proto what the peer says of the visitor's scheme, empty for nothing
    /// @param host  the same of its host
    static Visitor behind(Peer peer, String authority, TrustedProxies proxies, List<Element> hops, String proto, String host) {
        var address = peer.address().getAddress();
        Element last = null;                        // that is known by its address, from here
        for (int i = hops.size() - 1; i >= 0 && hops.get(i).node() != null; i--) {
            last = hops.get(i);
            address = last.node();
            if (!proxies.trust(address)) break;
        }
        return new Visitor(address, !host.isEmpty() ? host : last != null && !last.host().isEmpty() ? last.host() : authority,
                scheme(proto) != null ? scheme(proto) : last != null && scheme(last.proto()) != null ? last.proto() : peer.scheme(),
                hops.size() <= MAX_HOPS ? hops : hops.subList(hops.size() - MAX_HOPS, hops.size()));
    }

    /// The hops as `X-Forwarded-For` has them.
    static List<Element> hops(String forwardedFor) {
        var hops = new ArrayList<Element>();
        for (var item : forwardedFor.split(",")) {
            var text = item.strip();
            if (!text.isEmpty()) hops.add(Element.of(Forwarded.node(text), "", ""));
        }
        return hops;
    }

    /// The scheme of the last hop of a list, the only one that the trusted proxy has seen itself.
    private static String scheme(String proto) {
        var last = proto.substring(proto.lastIndexOf(',') + 1).strip();
        if (last.equalsIgnoreCase("https")) return "https";
        return last.equalsIgnoreCase("http") ? "http" : null;
    }
}
