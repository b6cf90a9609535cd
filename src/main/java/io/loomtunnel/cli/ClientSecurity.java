package io.loomtunnel.cli;

import io.loomtunnel.TunnelServer;
import io.loomtunnel.tunnel.Pin;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.security.auth.x500.X500Principal;

/// How a server lets clients attach: by TLS, by certificates of theirs, or in clear.
final class ClientSecurity {
    private static final Duration OWN_TIME = Duration.ofDays(3652);         // whoever pins it does not look at the dates

    private final Arguments arguments;
    private final Screen screen;
    private boolean encrypted;
    private Pin pin;                                    // of the certificate that was made for this run; null when there is none

    ClientSecurity(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
    }

    /// Sets what the flags ask for; warns of what can be read or changed on the way.
    /// @param http         where visitors come in clear, as is the next one by TLS; either may be null
    /// @param certificates null when there are none
    /// @throws ExitException the flags contradict one another, or a file cannot be used
    void apply(TunnelServer.Builder builder, InetSocketAddress bind, InetSocketAddress http, InetSocketAddress https, CertificateStore certificates)
            throws ExitException {
        boolean shared = bind.getPort() != 0 && (bind.equals(http) || bind.equals(https));
        var authorities = arguments.value(Flag.TLS_CLIENT_CA, "");
        if (!authorities.isEmpty() && certificates == null) {
            throw ExitException.usage(Flag.TLS_CLIENT_CA + " is for a tunnel by TLS: add " + Flag.TLS_CERT + " FILE " + Flag.TLS_KEY + " FILE");
        }
        if (!authorities.isEmpty() && shared) {
            throw ExitException.usage(Flag.TLS_CLIENT_CA + " needs a port for clients alone, since visitors have no certificates: choose another " + Flag.BIND);
        }
        boolean elsewhere = !bind.getAddress().isLoopbackAddress();
        boolean plaintext = arguments.has(Flag.PLAINTEXT);
        boolean inClear = shared && bind.equals(http);
        encrypted = certificates != null && !inClear;
        if (certificates != null) {
            var trust = authorities.isEmpty() ? null : Authorities.read(Flag.TLS_CLIENT_CA, authorities);
            builder.tls(TunnelTls.context(new KeyManager[] {certificates}, trust));
            if (trust != null) builder.clientCertificates();
        }
        for (var each : arguments.values(Flag.TLS_CLIENT_TOKEN)) {
            if (authorities.isEmpty()) throw ExitException.usage(Flag.TLS_CLIENT_TOKEN + " is for certificates of clients: add " + Flag.TLS_CLIENT_CA + " FILE");
            int equals = each.indexOf('=');
            if (equals < 1) throw ExitException.usage(Flag.TLS_CLIENT_TOKEN + " " + Text.printable(each) + ": expected " + Flag.TLS_CLIENT_TOKEN.word());
            builder.certificateToken(subject(each.substring(equals + 1)), each.substring(0, equals));
        }
        if (plaintext) {
            builder.plaintext();
            if (elsewhere) {
                screen.warn("clients may attach without encryption (" + Flag.PLAINTEXT + "): whoever is on the way can read and change everything, tokens included");
            }
        } else if (elsewhere && inClear) {
            throw ExitException.usage(Flag.BIND + " " + Endpoint.text(bind) + " lets clients attach from elsewhere without encryption: share the port of "
                    + Flag.VISITORS_TLS + ", or choose another, or add " + Flag.PLAINTEXT + " if everybody on the way may read it");
        } else if (elsewhere && !encrypted) {
            var own = IssuedCertificate.selfSigned(IssuedCertificate.Purpose.SERVER, "loomtunnel server", List.of(), OWN_TIME);
            builder.tls(own.serving());
            encrypted = true;
            pin = Pin.of(own.certificate());
        }
    }

    /// @param text a common name, or a distinguished name (RFC 2253)
    private static X500Principal subject(String text) throws ExitException {
        try {
            return new X500Principal(text.indexOf('=') < 0 ? "CN=" + text : text);
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(Flag.TLS_CLIENT_TOKEN + ": " + Text.printable(text) + " is no subject of a certificate", e);
        }
    }

    /// What a client of this server is given as its `--server`, and as its `--pin` if it needs one.
    /// @param control where clients attach
    String clientFlags(InetSocketAddress control) {
        var address = control.getAddress();
        boolean near = address.isLoopbackAddress();
        var server = address.isAnyLocalAddress() ? "THIS-SERVER:" + control.getPort() : Endpoint.text(control);
        return Flag.SERVER + " " + (near ? "" : encrypted ? "https://" : "http://") + server + (pin == null ? "" : " " + Flag.PIN + " " + pin);
    }

    /// Whether the certificate was made for this run, and nobody knows it.
    boolean ownCertificate() {
        return pin != null;
    }
}
