package io.loomtunnel.cli;

import io.loomtunnel.tunnel.Pin;
import io.loomtunnel.tunnel.ServerProbe;
import java.io.IOException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/// What a server's certificate says about a handshake that did or did not succeed.
final class TlsDiagnosis {
    private static final Duration SOON = Duration.ofDays(14);

    private final String name;
    private final Instant now;

    /// @param name that the certificate must be for
    /// @param now  by this machine's clock
    TlsDiagnosis(String name, Instant now) {
        this.name = name;
        this.now = now;
    }

    /// A handshake that succeeded.
    Finding good(ServerProbe.Tls seen, String took) {
        var certificate = seen.certificate();
        var end = certificate.getNotAfter().toInstant();
        var text = seen.version() + " in " + took + "; certificate for " + String.join(", ", names(certificate)) + " of " + issuer(certificate) + ", until " + date(end);
        return end.isBefore(now.plus(SOON)) ? Finding.note("tls", text + ": it is time to renew it") : Finding.ok("tls", text);
    }

    /// A handshake that failed.
    /// @param seen what the server presented to somebody who trusts everybody; null when not even that was possible
    Finding bad(IOException failure, ServerProbe.Tls seen) {
        var reason = Text.reason(failure);
        if (seen == null) {
            if (reason.contains("certificate_required") || reason.contains("bad_certificate")) {
                return Finding.bad("tls", "the server wants a certificate of ours that it knows: " + Flag.CLIENT_CERT + " FILE " + Flag.CLIENT_KEY + " FILE");
            }
            return Finding.bad("tls", reason + ": if this port speaks no TLS, " + Flag.SERVER + " begins with http://, and everybody on the way may read the tunnel");
        }
        var certificate = seen.certificate();
        var from = certificate.getNotBefore().toInstant();
        var end = certificate.getNotAfter().toInstant();
        if (end.isBefore(now)) return Finding.bad("tls", "the server's certificate ended on " + date(end) + ": renew it, unless this machine's clock is wrong, which says " + date(now));
        if (from.isAfter(now)) return Finding.bad("tls", "the server's certificate begins on " + date(from) + ", and this machine's clock says " + date(now) + ": set the clock");
        if (reason.contains("subject alternative") || reason.contains("No name matching")) {
            var names = names(certificate);
            return Finding.bad("tls", "the server's certificate is for " + String.join(", ", names) + " and not for " + name + ": say " + Flag.TLS_SERVER_NAME + " "
                    + names.getFirst() + " if that is the server");
        }
        if (reason.contains("not the pinned one")) return Finding.bad("tls", "the server has another certificate than the one of " + Flag.PIN + ": " + Pin.of(certificate));
        return Finding.bad("tls", "the server's certificate of " + issuer(certificate) + " is not trusted here (" + reason + "): say " + Flag.TLS_CA + " FILE with the CA that issued it, or "
                + Flag.PIN + " if the server shows the fingerprint " + Pin.of(certificate));
    }

    /// Its DNS names and addresses, or else its subject.
    private static List<String> names(X509Certificate certificate) {
        var names = new ArrayList<String>();
        try {
            var alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) for (var each : alternatives) if (each.get(1) instanceof String name) names.add(Text.printable(name));
        } catch (CertificateParsingException _) {
            // then the subject has to do
        }
        if (names.isEmpty()) names.add(Text.printable(certificate.getSubjectX500Principal().getName()));
        return names;
    }

    private static String issuer(X509Certificate certificate) {
        boolean itself = certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal());
        return itself ? "its own making" : Text.printable(certificate.getIssuerX500Principal().getName());
    }

    private static String date(Instant time) {
        return time.atZone(ZoneOffset.UTC).toLocalDate().toString();
    }
}
