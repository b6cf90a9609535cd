package io.loomtunnel.net;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;

/// Why TLS failed, as far as JSSE's exceptions tell.
///
/// @param kind   what was wrong
/// @param detail the alert's name with spaces, or JSSE's words
public record TlsFault(Kind kind, String detail) {
    /// What can be wrong.
    public enum Kind {
        /// It took too long.
        LATE,
        /// The peer's certificate has expired.
        EXPIRED,
        /// The peer's certificate is not valid yet.
        NOT_YET_VALID,
        /// The peer's certificate is for another name than the one that was dialled.
        OTHER_NAME,
        /// The peer's certificate was issued by nobody who is trusted.
        UNTRUSTED,
        /// The peer presented no certificate.
        NO_CERTIFICATE,
        /// The peer's certificate is no good for another reason.
        CERTIFICATE,
        /// The peer ended the handshake by an alert.
        ALERT,
        /// The connection ended inside the handshake.
        CUT,
        /// What the peer sent is not what it must be, or not TLS at all.
        PROTOCOL
    }

    private static final String ALERT = "Received fatal alert: ";

    /// Sorts a failure.
    /// @param failure of a handshake, or of a read after it
    public static TlsFault of(IOException failure) {
        if (failure instanceof SocketTimeoutException) return new TlsFault(Kind.LATE, text(failure));
        if (find(failure, CertificateException.class) instanceof CertificateException refused) return certificate(refused);
        var alert = alert(failure);
        if (!alert.isEmpty()) return new TlsFault(Kind.ALERT, alert.replace('_', ' '));
        if (find(failure, EOFException.class) != null || find(failure, SocketException.class) != null) return new TlsFault(Kind.CUT, text(failure));
        if (text(failure).contains("Empty client certificate chain")) return new TlsFault(Kind.NO_CERTIFICATE, text(failure));
        return new TlsFault(Kind.PROTOCOL, text(failure));
    }

    private static TlsFault certificate(CertificateException refused) {
        if (find(refused, CertificateExpiredException.class) != null) return new TlsFault(Kind.EXPIRED, text(refused));
        if (find(refused, CertificateNotYetValidException.class) != null) return new TlsFault(Kind.NOT_YET_VALID, text(refused));
        // JSSE has no type of its own for a name that does not match.
        var message = text(refused);
        if (message.startsWith("No subject alternative") || message.startsWith("No name matching")) return new TlsFault(Kind.OTHER_NAME, message);
        boolean pathless = find(refused, CertPathBuilderException.class) != null || find(refused, CertPathValidatorException.class) != null;
        return new TlsFault(pathless ? Kind.UNTRUSTED : Kind.CERTIFICATE, message);
    }

    private static String alert(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            int at = text(cause).indexOf(ALERT);
            if (at >= 0) return text(cause).substring(at + ALERT.length()).strip();
        }
        return "";
    }

    private static String text(Throwable failure) {
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }

    private static Throwable find(Throwable failure, Class<? extends Throwable> type) {
        for (var cause = failure; cause != null; cause = cause.getCause()) if (type.isInstance(cause)) return cause;
        return null;
    }
}
