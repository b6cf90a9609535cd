package io.loomtunnel.pool;

import io.loomtunnel.http.GatewayException;
import io.loomtunnel.net.TlsFault;
import java.io.IOException;

/// Why TLS with an origin failed, in words that say what to do, and by the error types of RFC 9209 §2.3.
final class TlsFailure {
    private static final String NO_PROTOCOL = "no application protocol";

    private TlsFailure() {}

    static GatewayException explain(Origin origin, IOException failure) {
        var service = "The service at " + origin.authority();
        var fault = TlsFault.of(failure);
        return switch (fault.kind()) {
            case LATE -> new GatewayException(502, "connection_timeout", service + " did not complete the TLS handshake in time.", failure);
            case EXPIRED -> certificate(service + " has a certificate that has expired.", failure);
            case NOT_YET_VALID -> certificate(service + " has a certificate that is not valid yet.", failure);
            case OTHER_NAME -> certificate(service + " has a certificate for another name than " + origin.host() + ".", failure);
            case UNTRUSTED -> certificate(service + " has a certificate of nobody who is trusted here: its client must be given the CA by --origin-ca.", failure);
            case CERTIFICATE, NO_CERTIFICATE -> certificate(service + " has a certificate that cannot be trusted: " + fault.detail() + ".", failure);
            case ALERT -> new GatewayException(502, "tls_alert_received", service + (fault.detail().equals(NO_PROTOCOL)
                    ? " speaks none of the HTTP versions that it was offered." : " ended the TLS handshake: " + fault.detail() + "."), failure);
            case CUT -> new GatewayException(502, "tls_protocol_error", service + " closed the connection inside the TLS handshake: most likely it does not speak "
                    + "TLS; its target must be http:// then.", failure);
            case PROTOCOL -> new GatewayException(502, "tls_protocol_error", service + " does not speak TLS: its target must be http:// if it serves in clear.", failure);
        };
    }

    private static GatewayException certificate(String text, IOException failure) {
        return new GatewayException(502, "tls_certificate_error", text, failure);
    }
}
