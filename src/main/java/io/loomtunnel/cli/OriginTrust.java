package io.loomtunnel.cli;

import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/// Whom a client's TLS origins must be certified by, as `--origin-ca` and `--origin-insecure` say.
final class OriginTrust {
    private OriginTrust() {}

    /// The context that the flags ask for; says so when it verifies nothing.
    /// @return null for what the system trusts
    /// @throws ExitException the flags contradict one another, or the file has no certificates
    static SSLContext of(Arguments arguments, Screen screen) throws ExitException {
        var file = arguments.value(Flag.ORIGIN_CA, "");
        boolean insecure = arguments.has(Flag.ORIGIN_INSECURE);
        if (insecure && !file.isEmpty()) throw ExitException.usage(Flag.ORIGIN_CA + " and " + Flag.ORIGIN_INSECURE + " exclude each other");
        if (insecure) {
            screen.warn("https:// targets are not verified (" + Flag.ORIGIN_INSECURE + "): whoever is on the way to them can read and change everything");
            return TunnelTls.context(null, new TrustManager[] {TrustEverybody.MANAGER});
        }
        return file.isEmpty() ? null : TunnelTls.context(null, Authorities.read(Flag.ORIGIN_CA, file));
    }
}
