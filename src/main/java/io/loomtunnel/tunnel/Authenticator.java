package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;

/// Decides who may attach and which routes that token may register.
@FunctionalInterface
public interface Authenticator {
    /// Judges one handshake. May be asked by many threads at once, and by strangers: it must be quick, and compare
    /// secrets in constant time.
    /// @param token  as sent, empty when there was none
    /// @param routes what it wants to register
    /// @return the verdict
    Verdict judge(String token, List<Route> routes);

    /// Judges a client that has no token, but shows a certificate that stands for one ([CertificateTokens]).
    /// @param name   of the token
    /// @param routes what it wants to register
    /// @return the verdict; unless it is overridden, no token has a name
    default Verdict judgeNamed(String name, List<Route> routes) {
        return new Verdict.Unknown();
    }

    /// Judges one handshake, in which a certificate may have been shown.
    /// @param token       as sent, empty when there was none
    /// @param certificate that was verified; null when there was none
    /// @param routes      what it wants to register
    /// @return the verdict; unless it is overridden, certificates do not matter
    default Verdict judge(String token, X509Certificate certificate, List<Route> routes) {
        return judge(token, routes);
    }

    /// What an authenticator decides.
    sealed interface Verdict {
        /// The token is good for these routes.
        /// @param owner names the token in the registry, in events and in logs: the same for all its connections,
        ///              another for every other token, and not the secret itself
        record Granted(String owner) implements Verdict {}

        /// No such token: 401, and one failure more of this address.
        record Unknown() implements Verdict {}

        /// A good token that may not register one of these routes: 403.
        /// @param reason one line for the person who runs the client
        record Forbidden(String reason) implements Verdict {}
    }

    /// One token that may register every route, under whatever name a certificate stands for it.
    /// @param secret is not kept, only its SHA-256
    /// @return the authenticator
    /// @throws IllegalArgumentException the secret is empty, or not printable ASCII without spaces
    static Authenticator sharedToken(String secret) {
        var expected = sha256(BearerToken.checked(secret));
        var granted = new Verdict.Granted(HexFormat.of().formatHex(expected, 0, 4));
        var unknown = new Verdict.Unknown();
        // Digests of one length are compared to the end wherever they differ: the time tells nothing about the secret.
        return new Authenticator() {
            @Override public Verdict judge(String token, List<Route> routes) {
                return MessageDigest.isEqual(expected, sha256(token)) ? granted : unknown;
            }

            @Override public Verdict judgeNamed(String name, List<Route> routes) {
                return new Verdict.Granted(name);
            }
        };
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
