package io.loomtunnel.ingress;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.GatewayException;

/// The field `Via` (RFC 9110 §7.6.3) of requests: which gateways they came through, and by which version. Both ends of a tunnel
/// are one of them, and the server writes it. Responses get none: it would tell a visitor what the origin speaks, and no more.
final class Via {
    /// Other tunnels may stand before or behind this one, but hardly so many.
    static final int MAX_PASSES = 8;

    private static final String NAME = "loomtunnel";

    private Via() {}

    /// Adds our member behind the others.
    /// @param version by which the request came
    /// @throws GatewayException (502) the request has been here so often that it must be running in a circle: the target of a
    ///                          client is a public port of its own server (RFC 9110 §7.6)
    static void add(Fields fields, String version) throws GatewayException {
        int passes = 0;
        for (int i = fields.find("via", 0); i >= 0; i = fields.find("via", i + 1)) passes += passes(fields.value(i));
        if (passes >= MAX_PASSES) throw new GatewayException(502, "proxy_loop_detected", "The request runs in a circle.", null);
        fields.add("via", version + ' ' + NAME);
    }

    private static int passes(String value) {
        int passes = 0;
        for (int at = 0; (at = value.indexOf(' ' + NAME, at)) >= 0; ) {
            at += 1 + NAME.length();
            if (at == value.length() || value.charAt(at) == ',' || value.charAt(at) == ' ') passes++;
        }
        return passes;
    }
}
