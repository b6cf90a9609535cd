package io.loomtunnel.tunnel;

import java.security.MessageDigest;
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
        /// @param grant the same object for all clients of a token, if they have limits in common
        record Granted(Grant grant) implements Verdict {
            /// Good for these routes, without limits.
            /// @param owner names the token, as [Grant#owner] says
            public Granted(String owner) {
                this(new Grant(owner));
            }
        }

        /// No such token: 401, and one failure more of this address.
        record Unknown() implements Verdict {}

        /// A token that was good once: 401, and one failure more of this address. Only who knows the secret hears of it.
        /// @param reason one line for the person who runs the client
        record Ended(String reason) implements Verdict {}

        /// A good token that may not register one of these routes: 403.
        /// @param reason one line for the person who runs the client
        record Forbidden(String reason) implements Verdict {}
    }

    /// One token that may register every route, under whatever name a certificate stands for it.
    /// @param secret is not kept, only its SHA-256
    /// @return the authenticator
    /// @throws IllegalArgumentException the secret is empty or too long, or not printable ASCII without spaces
    static Authenticator sharedToken(String secret) {
        var expected = BearerToken.sha256(BearerToken.checked(secret));
        var granted = new Verdict.Granted(HexFormat.of().formatHex(expected, 0, 4));
        var unknown = new Verdict.Unknown();
        // Digests of one length are compared to the end wherever they differ: the time tells nothing about the secret.
        return new Authenticator() {
            @Override public Verdict judge(String token, List<Route> routes) {
                return MessageDigest.isEqual(expected, BearerToken.sha256(token)) ? granted : unknown;
            }

            @Override public Verdict judgeNamed(String name, List<Route> routes) {
                return new Verdict.Granted(name);
            }
        };
    }
}
