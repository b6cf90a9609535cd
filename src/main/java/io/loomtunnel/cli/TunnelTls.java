package io.loomtunnel.cli;

import io.loomtunnel.tunnel.Pin;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/// How a client's tunnel is encrypted, as `--server` and the flags of TLS say.
final class TunnelTls {
    private static final List<Flag> FLAGS = List.of(Flag.TLS_CA, Flag.TLS_SERVER_NAME, Flag.PIN, Flag.CLIENT_CERT, Flag.CLIENT_KEY, Flag.TLS_INSECURE);

    private final Arguments arguments;
    private final Screen screen;

    TunnelTls(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
    }

    /// The same for several servers.
    /// @param servers at least one
    /// @return null for tunnels in clear
    /// @throws ExitException also when some are in clear and others are not
    SSLContext context(List<ServerUrl> servers) throws ExitException {
        var context = context(servers.getFirst());
        for (var server : servers.subList(1, servers.size())) {
            if (context(server) == null != (context == null)) {
                throw ExitException.usage(Flag.SERVER + " " + servers.getFirst() + " and " + Flag.SERVER + " " + server + ": one is in clear and the other is not; "
                        + "write https:// or http:// before both");
            }
        }
        return context;
    }

    /// What the flags ask for; warns of what can be read or changed on the way.
    /// @return null for a tunnel in clear
    /// @throws ExitException the flags contradict one another, or a file cannot be used
    SSLContext context(ServerUrl server) throws ExitException {
        var first = firstGiven();
        boolean plaintext = server.scheme() == ServerUrl.Scheme.HTTP || arguments.has(Flag.PLAINTEXT);
        if (plaintext && server.scheme() == ServerUrl.Scheme.HTTPS) throw contradiction(Flag.SERVER + " " + server, Flag.PLAINTEXT.toString());
        if (plaintext && first != null) throw contradiction(server.scheme() == ServerUrl.Scheme.HTTP ? Flag.SERVER + " " + server : Flag.PLAINTEXT.toString(), first.toString());
        if (plaintext || server.scheme() == ServerUrl.Scheme.NONE && server.isThisMachine() && first == null) {
            if (!server.isThisMachine()) {
                screen.warn("the tunnel to " + server.endpoint() + " is not encrypted: whoever is on the way can read and change everything, the token included");
            }
            return null;
        }
        return context(keys(), trust());
    }

    private Flag firstGiven() throws ExitException {
        for (var flag : FLAGS) if (flag.isSwitch() ? arguments.has(flag) : !arguments.value(flag, "").isEmpty()) return flag;
        return null;
    }

    private KeyManager[] keys() throws ExitException {
        var certificate = arguments.value(Flag.CLIENT_CERT, "");
        var key = arguments.value(Flag.CLIENT_KEY, "");
        if (certificate.isEmpty() != key.isEmpty()) {
            throw ExitException.usage(Flag.CLIENT_CERT + " and " + Flag.CLIENT_KEY + " go together: one of them is missing");
        }
        if (key.isEmpty()) return new KeyManager[0];
        return new KeyManager[] {new CertificateStore(List.of(new CertificateFiles(certificate, key)), CertificateStore.PAUSE, screen)};
    }

    /// Null for those whom the system trusts.
    private TrustManager[] trust() throws ExitException {
        var authorities = arguments.value(Flag.TLS_CA, "");
        var pin = arguments.value(Flag.PIN, "");
        boolean insecure = arguments.has(Flag.TLS_INSECURE);
        if (insecure && !authorities.isEmpty()) throw contradiction(Flag.TLS_INSECURE.toString(), Flag.TLS_CA.toString());
        if (insecure && !pin.isEmpty()) throw contradiction(Flag.TLS_INSECURE.toString(), Flag.PIN.toString());
        if (!pin.isEmpty() && !authorities.isEmpty()) throw contradiction(Flag.PIN.toString(), Flag.TLS_CA.toString());
        if (insecure) {
            screen.warn("the server's certificate is not verified (" + Flag.TLS_INSECURE + "): whoever is on the way can read and change everything, the token included");
            return new TrustManager[] {TrustEverybody.MANAGER};
        }
        if (!authorities.isEmpty()) return Authorities.read(Flag.TLS_CA, authorities);
        return pin.isEmpty() ? null : new TrustManager[] {pinned(pin)};
    }

    private static TrustManager pinned(String pin) throws ExitException {
        try {
            return Pin.of(pin).trust();
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(Flag.PIN + " " + Text.printable(pin) + ": " + Text.reason(e), e);
        }
    }

    private static ExitException contradiction(String one, String other) {
        return ExitException.usage(one + " and " + other + " exclude each other");
    }

    /// Trusts whoever is there: for looking, and for what is no secret.
    static SSLContext everybody() {
        try {
            return context(null, new TrustManager[] {TrustEverybody.MANAGER});
        } catch (ExitException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @param trust null for those whom the system trusts
    static SSLContext context(KeyManager[] keys, TrustManager[] trust) throws ExitException {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(keys, trust, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw ExitException.failure("TLS is not available: " + Text.reason(e), e);
        }
    }
}
