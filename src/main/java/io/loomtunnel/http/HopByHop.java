package io.loomtunnel.http;

import java.util.Locale;

/// What concerns one connection only, and must not be forwarded (RFC 9110 §7.6.1).
final class HopByHop {
    /// Said by one end of a tunnel to the other, and to nobody else.
    static final String AGAIN = "loomtunnel-again";

    private HopByHop() {}

    /// The fields that go on to the next hop, in their order. Of `te` only `trailers` does: whether they arrive is the next
    /// hop's matter as much as ours.
    /// @param fields is not changed
    /// @return a copy with room for more
    static Fields endToEnd(Fields fields) {
        var kept = new Fields(fields.bytes() + 256, fields.size() + 6);
        boolean nominates = false;
        for (int i = 0; i < fields.size(); i++) {
            switch (fields.nameLength(i)) {
                case 2 -> {
                    if (fields.isNamed(i, "te")) continue;
                }
                case 7 -> {
                    if (fields.isNamed(i, "upgrade")) continue;
                }
                case 10 -> {
                    if (fields.isNamed(i, "keep-alive")) continue;
                    if (fields.isNamed(i, "connection")) {
                        nominates = true;
                        continue;
                    }
                }
                case 14 -> {
                    if (fields.isNamed(i, "http2-settings")) continue;
                }
                case 16 -> {
                    if (fields.isNamed(i, "proxy-connection") || fields.isNamed(i, AGAIN)) continue;
                }
                case 17 -> {
                    if (fields.isNamed(i, "transfer-encoding") || fields.isNamed(i, Unswitched.STATUS)) continue;
                }
                default -> {}
            }
            kept.addFrom(fields, i);
        }
        if (nominates) removeNominated(kept, fields.joined("connection"));
        if (fields.lists("te", "trailers")) kept.add("te", "trailers");
        return kept;
    }

    /// Removes what a Connection field names.
    private static void removeNominated(Fields kept, String names) {
        for (int at = 0, end; at < names.length(); at = end + 1) {
            int comma = names.indexOf(',', at);
            end = comma < 0 ? names.length() : comma;
            var name = names.substring(at, end).strip().toLowerCase(Locale.ROOT);
            if (!needed(name)) kept.remove(name);
        }
    }

    /// What framing relies on can't be taken out by naming it: two hops would no longer mean the same message.
    private static boolean needed(String name) {
        return name.equals("content-length") || name.equals("trailer");
    }
}
