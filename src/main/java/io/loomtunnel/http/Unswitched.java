package io.loomtunnel.http;

/// A success without the switch to another protocol that was asked for. In HTTP/1.1 that is an ordinary answer: a server may
/// ignore Upgrade (RFC 9110 §7.8). On an HTTP/2 stream any 2xx would mean the switch (RFC 8441 §5). So one end of a tunnel tells
/// the other by 502 and a field of the tunnel's, from which an HTTP/1.1 visitor gets the answer as it was.
final class Unswitched {
    /// Bears the status that the origin answered with; a field of the tunnel's, which never leaves it.
    static final String STATUS = "loomtunnel-status";

    private Unswitched() {}

    /// The status that the origin answered with.
    /// @param head as it was received
    /// @return 0 when the head is not a disguised one
    static int status(ResponseHead head) {
        if (head.status() != 502) return 0;
        var status = head.fields().first(STATUS);
        return status != null && status.matches("2[0-9][0-9]") ? Integer.parseInt(status) : 0;
    }

    static GatewayException failed() {
        return new GatewayException(502, "http_upgrade_failed", "The service answered without switching to the other protocol.", null);
    }
}
