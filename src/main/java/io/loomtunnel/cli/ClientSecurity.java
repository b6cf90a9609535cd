package io.loomtunnel.cli;

import io.loomtunnel.TunnelServer;
import java.net.InetSocketAddress;
import javax.net.ssl.KeyManager;

/// How a server lets clients attach: by TLS, by certificates of theirs, or in clear.
final class ClientSecurity {
    private final Arguments arguments;
    private final Screen screen;

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
        if (certificates != null) {
            var trust = authorities.isEmpty() ? null : Authorities.read(Flag.TLS_CLIENT_CA, authorities);
            builder.tls(TunnelTls.context(new KeyManager[] {certificates}, trust));
            if (trust != null) builder.clientCertificates();
        }
        boolean encrypted = certificates != null && !(shared && bind.equals(http));
        boolean elsewhere = !bind.getAddress().isLoopbackAddress();
        if (arguments.has(Flag.PLAINTEXT)) {
            builder.plaintext();
            if (elsewhere) {
                screen.warn("clients may attach without encryption (" + Flag.PLAINTEXT + "): whoever is on the way can read and change everything, tokens included");
            }
        } else if (elsewhere && !encrypted) {
            throw ExitException.usage(Flag.BIND + " " + Endpoint.text(bind) + " lets clients attach from elsewhere: add " + Flag.TLS_CERT + " FILE "
                    + Flag.TLS_KEY + " FILE, or " + Flag.PLAINTEXT + " if everybody on the way may read it");
        }
    }
}
