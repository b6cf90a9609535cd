package io.loomtunnel.http;

/// What concerns one connection only, and must not be forwarded (RFC 9110 §7.6.1).
final class HopByHop {
    private HopByHop() {}

    /// The fields that go on to the next hop, in their order. `te` stays where it says `trailers`: the next hop may have them.
    /// @param fields is not changed
    /// @return a copy
    static Fields endToEnd(Fields fields) {
        var kept = new Fields(fields.data().length + 128, fields.size() + 6);
        boolean nominates = fields.has("connection");
        for (int i = 0; i < fields.size(); i++) {
            if (connectionSpecific(fields, i) || nominates && nominated(fields, i)) continue;
            kept.addFrom(fields, i);
        }
        return kept;
    }

    private static boolean connectionSpecific(Fields fields, int i) {
        return switch (fields.nameLength(i)) {
            case 2 -> fields.isNamed(i, "te") && !fields.value(i).equalsIgnoreCase("trailers");
            case 7 -> fields.isNamed(i, "upgrade");
            case 10 -> fields.isNamed(i, "connection") || fields.isNamed(i, "keep-alive");
            case 14 -> fields.isNamed(i, "http2-settings");
            case 16 -> fields.isNamed(i, "proxy-connection");
            case 17 -> fields.isNamed(i, "transfer-encoding");
            default -> false;
        };
    }

    /// Whether a Connection field names this one. What framing or routing relies on can't be taken out that way.
    private static boolean nominated(Fields fields, int i) {
        if (fields.isNamed(i, "content-length") || fields.isNamed(i, "te") || fields.isNamed(i, "trailer")) return false;
        return fields.lists("connection", fields.name(i));
    }
}
