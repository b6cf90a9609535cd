package io.loomtunnel.tunnel;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import javax.security.auth.x500.X500Principal;

/// Lets a certificate's subject stand for a token: a client that shows it needs no other secret. A client that has a token as well is
/// judged by that.
public final class CertificateTokens implements Authenticator {
    private final Authenticator tokens;
    private final Map<X500Principal, String> names;

    /// Certificates beside tokens.
    /// @param tokens judges the rest, and knows tokens by name ([Authenticator#judgeNamed])
    /// @param names  of tokens, by the subjects that stand for them
    public CertificateTokens(Authenticator tokens, Map<X500Principal, String> names) {
        this.tokens = tokens;
        this.names = Map.copyOf(names);
    }

    @Override public Verdict judge(String token, List<Route> routes) {
        return tokens.judge(token, routes);
    }

    @Override public Verdict judgeNamed(String name, List<Route> routes) {
        return tokens.judgeNamed(name, routes);
    }

    @Override public Verdict judge(String token, X509Certificate certificate, List<Route> routes) {
        var name = token.isEmpty() && certificate != null ? names.get(certificate.getSubjectX500Principal()) : null;
        return name == null ? tokens.judge(token, certificate, routes) : tokens.judgeNamed(name, routes);
    }
}
