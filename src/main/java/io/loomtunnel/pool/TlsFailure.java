package io.loomtunnel.pool;

import io.loomtunnel.http.GatewayException;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;

/// Why TLS with an origin failed, in words that say what to do, and by the error types of RFC 9209 §2.3.
final class TlsFailure {
    private static final String ALERT = "Received fatal alert: ";

    private TlsFailure() {}

    static GatewayException explain(Origin origin, IOException failure) {
        var service = "The service at " + origin.authority();
        if (failure instanceof SocketTimeoutException) {
            return new GatewayException(502, "connection_timeout", service + " did not complete the TLS handshake in time.", failure);
        }
        if (find(failure, CertificateException.class) instanceof CertificateException refused) {
            return new GatewayException(502, "tls_certificate_error", service + certificate(origin, refused), failure);
        }
        var alert = alert(failure);
        if (alert.equals("no_application_protocol")) {
            return new GatewayException(502, "tls_alert_received", service + " speaks none of the HTTP versions that it was offered.", failure);
        }
        if (!alert.isEmpty()) {
            return new GatewayException(502, "tls_alert_received", service + " ended the TLS handshake: " + alert.replace('_', ' ') + ".", failure);
        }
        if (find(failure, EOFException.class) != null || find(failure, SocketException.class) != null) {
            return new GatewayException(502, "tls_protocol_error", service + " closed the connection inside the TLS handshake: most likely it does not speak TLS; "
                    + "its target must be http:// then.", failure);
        }
        return new GatewayException(502, "tls_protocol_error", service + " does not speak TLS: its target must be http:// if it serves in clear.", failure);
    }

    private static String certificate(Origin origin, CertificateException refused) {
        if (find(refused, CertificateExpiredException.class) != null) return " has a certificate that has expired.";
        if (find(refused, CertificateNotYetValidException.class) != null) return " has a certificate that is not valid yet.";
        // JSSE has no type of its own for a name that does not match.
        var message = refused.getMessage() == null ? "" : refused.getMessage();
        if (message.startsWith("No subject alternative") || message.startsWith("No name matching")) {
            return " has a certificate for another name than " + origin.host() + ".";
        }
        if (find(refused, CertPathBuilderException.class) != null) {
            return " has a certificate of nobody who is trusted here: its client must be given the CA by --origin-ca.";
        }
        return " has a certificate that cannot be trusted: " + message + ".";
    }

    private static String alert(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            int at = cause.getMessage() == null ? -1 : cause.getMessage().indexOf(ALERT);
            if (at >= 0) return cause.getMessage().substring(at + ALERT.length()).strip();
        }
        return "";
    }

    private static Throwable find(Throwable failure, Class<? extends Throwable> type) {
        for (var cause = failure; cause != null; cause = cause.getCause()) if (type.isInstance(cause)) return cause;
        return null;
    }
}
