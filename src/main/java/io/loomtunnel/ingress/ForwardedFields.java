package io.loomtunnel.ingress;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.IpText;
import io.loomtunnel.http.Peer;
import io.loomtunnel.ingress.Forwarded.Element;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Tells the origin who the visitor is: `Forwarded` (RFC 7239) and the fields that came before it. Only the server writes them;
/// what a visitor sent under these names, in any spelling, is removed first. What a trusted proxy in front has said is kept and
/// gets our own hop behind it, in both of its spellings, so that an origin learns the same from either.
final class ForwardedFields {
    private static final String FAMILY = "x-forwarded-";

    private ForwardedFields() {}

    /// Writes the fields of one request.
    /// @param fields    of the request; changed
    /// @param peer      of the connection
    /// @param authority of the request, which may be empty
    /// @param proxies   whose word is taken
    /// @return whom they name
    static Visitor write(Fields fields, Peer peer, String authority, TrustedProxies proxies) {
        if (proxies.trust(peer.address().getAddress())) return append(fields, peer, authority, proxies);
        fields.removeIf(i -> claimed(fields, i));
        var visitor = Visitor.of(peer, authority);
        var hop = Element.of(visitor.address(), authority, peer.scheme());
        fields.add("forwarded", hop.text());
        fields.add("x-forwarded-for", address(hop));
        fields.add("x-forwarded-proto", peer.scheme());
        if (!authority.isEmpty()) fields.add("x-forwarded-host", authority);
        return visitor;
    }

    private static Visitor append(Fields fields, Peer peer, String authority, TrustedProxies proxies) {
        // A proxy that writes X-Forwarded-For lets X_Forwarded_For pass: that one is still the visitor's.
        fields.removeIf(i -> claimed(fields, i) && underscored(fields, i));
        var forwarded = fields.has("forwarded") ? Forwarded.parse(fields.joined("forwarded")) : null;
        var addresses = fields.joined("x-forwarded-for");
        var proto = text(fields.joined("x-forwarded-proto"));
        var host = text(fields.joined("x-forwarded-host"));
        var listed = addresses == null ? List.<Element>of() : Visitor.hops(addresses);
        // Most proxies write X-Forwarded-For alone and let pass what a visitor sends as Forwarded: it must say the same.
        if (forwarded != null && addresses != null && !agree(forwarded, listed)) forwarded = null;
        var hops = forwarded != null ? forwarded : listed;
        var visitor = Visitor.behind(peer, authority, proxies, hops, proto, host);
        var ours = Element.of(peer.address().getAddress(), authority, peer.scheme());
        fields.set("forwarded", forwarded(visitor, forwarded == null && addresses != null, ours));
        fields.set("x-forwarded-for", addresses == null ? addresses(visitor.hops(), ours) : addresses(addresses, ours));
        if (proto.isEmpty()) fields.set("x-forwarded-proto", visitor.scheme());
        if (host.isEmpty() && !visitor.host().isEmpty()) fields.set("x-forwarded-host", visitor.host());
        return visitor;
    }

    private static boolean agree(List<Element> hops, List<Element> listed) {
        if (hops.size() != listed.size()) return false;
        for (int i = 0; i < hops.size(); i++) if (!Objects.equals(hops.get(i).node(), listed.get(i).node())) return false;
        return true;
    }

    /// @param translated from X-Forwarded-For, whose companions say scheme and host (RFC 7239 §7.4)
    private static String forwarded(Visitor visitor, boolean translated, Element ours) {
        var text = new StringBuilder();
        for (var hop : visitor.hops()) {
            boolean visitors = translated && visitor.address().equals(hop.node());
            text.append(visitors ? Element.of(hop.node(), quotable(visitor.host()), visitor.scheme()).text() : hop.text()).append(", ");
        }
        return text.append(ours.text()).toString();
    }

    private static String addresses(List<Element> hops, Element ours) {
        var text = new StringBuilder();
        for (var hop : hops) text.append(address(hop)).append(", ");
        return text.append(address(ours)).toString();
    }

    private static String addresses(String theirs, Element ours) {
        var items = new ArrayList<String>();
        for (var item : theirs.split(",")) if (!item.isBlank()) items.add(item.strip());
        items.add(address(ours));
        return String.join(", ", items.subList(Math.max(0, items.size() - 1 - Visitor.MAX_HOPS), items.size()));
    }

    private static String address(Element hop) {
        return hop.node() == null ? "unknown" : IpText.of(hop.node());
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }

    /// What a proxy calls a host may hold anything.
    private static String quotable(String host) {
        return host.indexOf('"') >= 0 || host.indexOf('\\') >= 0 ? "" : host;
    }

    /// Whether an origin could read field `i` as one of ours: some take `_` for `-`.
    private static boolean claimed(Fields fields, int i) {
        int first = fields.data()[fields.nameOffset(i)];
        if (first != 'x' && first != 'f') return false;
        return begins(fields, i, FAMILY) || whole(fields, i, "forwarded") || whole(fields, i, "x-real-ip");
    }

    private static boolean whole(Fields fields, int i, String name) {
        return fields.nameLength(i) == name.length() && begins(fields, i, name);
    }

    private static boolean begins(Fields fields, int i, String name) {
        if (fields.nameLength(i) < name.length()) return false;
        for (int k = 0; k < name.length(); k++) {
            int b = fields.data()[fields.nameOffset(i) + k];
            if (b != name.charAt(k) && !(b == '_' && name.charAt(k) == '-')) return false;
        }
        return true;
    }

    private static boolean underscored(Fields fields, int i) {
        return fields.name(i).indexOf('_') >= 0;
    }
}
