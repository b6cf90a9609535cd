package io.loomtunnel.tunnel;

import io.loomtunnel.net.TlsFault;
import java.io.IOException;
import javax.net.ssl.SSLException;

/// Why there is no TLS with a server, in one line that says what to do.
final class TlsRefusal {
    private TlsRefusal() {}

    /// @param server host and port
    /// @param name   that its certificate must be for
    static IOException explain(String server, String name, IOException failure) {
        var fault = TlsFault.of(failure);
        var text = switch (fault.kind()) {
            case LATE -> server + " did not complete the TLS handshake in time";
            case EXPIRED -> server + " has a certificate that has expired";
            case NOT_YET_VALID -> server + " has a certificate that is not valid yet: is the clock right?";
            case OTHER_NAME -> server + " has a certificate for another name than " + name + ": --tls-server-name says which one is meant";
            case UNTRUSTED -> server + " has a certificate of nobody who is trusted here: --tls-ca names its CA, --pin its fingerprint";
            case CERTIFICATE, NO_CERTIFICATE -> "the certificate of " + server + " is no good: " + fault.detail();
            case ALERT -> server + alert(fault.detail());
            case CUT, PROTOCOL -> server + " does not speak TLS as it should (" + fault.detail() + "): one in clear is http://" + server;
        };
        return new SSLException(text, failure);
    }

    private static String alert(String alert) {
        return switch (alert) {
            // By TLS 1.2 there is only the second one for it.
            case "certificate required", "bad certificate" -> " asks for a certificate of this client: --tls-cert and --tls-key name it";
            case "certificate unknown", "unknown ca", "certificate expired", "unsupported certificate" ->
                    " does not accept the certificate of this client: " + alert;
            case "protocol version" -> " speaks another version of TLS than 1.2 and 1.3";
            default -> " ended the TLS handshake: " + alert;
        };
    }
}
