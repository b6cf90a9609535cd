package io.loomtunnel.ingress;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;

/// Tells the origin who the visitor is: `Forwarded` (RFC 7239) and the fields that came before it. Only the server writes them;
/// what a visitor sent under these names, in any spelling, is removed first.
final class ForwardedFields {
    private static final String[] OURS = {"forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
        "x-forwarded-server", "x-forwarded-prefix", "x-real-ip"};

    private ForwardedFields() {}

    static void write(Fields fields, Peer visitor, String authority) {
        fields.removeIf(i -> claimed(fields, i));
        var address = visitor.address().getAddress();
        var ip = address == null ? visitor.address().getHostString() : address.getHostAddress();
        int zone = ip.indexOf('%');
        if (zone >= 0) ip = ip.substring(0, zone);
        boolean v6 = ip.indexOf(':') >= 0;
        var host = authority.isEmpty() ? "" : ";host=\"" + authority + "\"";
        fields.add("forwarded", "for=" + (v6 ? "\"[" + ip + "]\"" : ip) + host + ";proto=" + visitor.scheme());
        fields.add("x-forwarded-for", ip);
        fields.add("x-forwarded-proto", visitor.scheme());
        if (!authority.isEmpty()) fields.add("x-forwarded-host", authority);
    }

    /// Whether an origin could read field `i` as one of ours: some take `_` for `-`.
    private static boolean claimed(Fields fields, int i) {
        int first = fields.data()[fields.nameOffset(i)];
        if (first != 'x' && first != 'f') return false;
        for (var name : OURS) if (alike(fields, i, name)) return true;
        return false;
    }

    private static boolean alike(Fields fields, int i, String name) {
        if (fields.nameLength(i) != name.length()) return false;
        for (int k = 0; k < name.length(); k++) {
            int b = fields.data()[fields.nameOffset(i) + k];
            if (b != name.charAt(k) && !(b == '_' && name.charAt(k) == '-')) return false;
        }
        return true;
    }
}
