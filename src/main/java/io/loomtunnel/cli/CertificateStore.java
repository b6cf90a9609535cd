package io.loomtunnel.cli;

import io.loomtunnel.io.Deadline;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;

/// The certificates of one end. A server's: which one a visitor gets, by the name that it asks for (RFC 6066 §3) and by the keys
/// that it can verify; the first one is for those who ask for no name or for one that nobody has. A client's: the first one that the
/// server can verify.
///
/// Files that have changed are read again by the next handshake; one looks each second, at most. What cannot be read
/// leaves the old certificate in its place, with one warning.
final class CertificateStore extends X509ExtendedKeyManager {
    static final Duration PAUSE = Duration.ofSeconds(1);

    private final List<CertificateFiles> files;
    private final Duration pause;
    private final Screen screen;
    private final AtomicBoolean looking = new AtomicBoolean();      // one handshake looks, the others go on meanwhile
    private int version;                                            // whoever looks counts
    private volatile List<Choice> current;
    private volatile List<Choice> previous = List.of();             // of handshakes that chose before a change
    private volatile Deadline nextLook;

    /// @param alias JSSE's name for this version of the certificate
    private record Choice(String alias, Certificate certificate) {
        boolean verifiable(String keyType) {
            return certificate.key().getAlgorithm().equals(keyType);
        }
    }

    /// Reads all files.
    /// @param files  at least one pair
    /// @param pause  from look to look
    /// @param screen is told of changes and of what is wrong with them
    /// @throws ExitException a file cannot be used
    CertificateStore(List<CertificateFiles> files, Duration pause, Screen screen) throws ExitException {
        this.files = List.copyOf(files);
        this.pause = pause;
        this.screen = screen;
        var choices = new ArrayList<Choice>();
        for (var each : this.files) {
            each.changed();
            choices.add(load(each));
        }
        current = List.copyOf(choices);
        nextLook = Deadline.after(pause);
    }

    /// A context for servers that present these certificates.
    SSLContext context() throws ExitException {
        return TunnelTls.context(new KeyManager[] {this}, null);
    }

    private Choice load(CertificateFiles pair) throws ExitException {
        var certificate = pair.read();
        var end = certificate.chain().getFirst().getNotAfter().toInstant();
        if (end.isBefore(Instant.now())) {
            screen.warn("the certificate in " + pair + " ended on " + LocalDate.ofInstant(end, ZoneId.systemDefault())
                    + ": it will not be trusted");
        }
        return new Choice("certificate-" + ++version, certificate);
    }

    private void look() {
        if (!nextLook.passed() || !looking.compareAndSet(false, true)) return;
        try {
            var next = new ArrayList<>(current);
            boolean changed = false;
            for (int i = 0; i < files.size(); i++) {
                var pair = files.get(i);
                if (!pair.changed()) continue;
                try {
                    next.set(i, load(pair));
                    changed = true;
                    screen.say("read again: " + pair);
                } catch (ExitException e) {
                    screen.warn(e.getMessage() + "; the certificate from before stays in use");
                }
            }
            if (!changed) return;
            previous = current;
            current = List.copyOf(next);
        } finally {
            nextLook = Deadline.after(pause);
            looking.set(false);
        }
    }

    // ---- JSSE asks ---------------------------------------------------------------------------------------------

    @Override public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        look();
        var session = ((SSLSocket) socket).getHandshakeSession();
        var host = session instanceof ExtendedSSLSession extended ? host(extended) : "";
        for (var choice : fitting(host, current)) {
            if (choice.verifiable(keyType)) return choice.alias;
        }
        return null;
    }

    private static String host(ExtendedSSLSession session) {
        for (var name : session.getRequestedServerNames()) {
            if (name instanceof SNIHostName host) return host.getAsciiName().toLowerCase(Locale.ROOT);
        }
        return "";
    }

    /// Those that fit a host best. There may be one with an EC key and one with an RSA key, between which the
    /// visitor's abilities decide; but a worse fit must not win by them.
    private static List<Choice> fitting(String host, List<Choice> all) {
        for (int fit = 2; fit > 0; fit--) {
            int wanted = fit;
            var best = all.stream().filter(choice -> choice.certificate.fit(host) == wanted).toList();
            if (!best.isEmpty()) return best;
        }
        var names = all.getFirst().certificate.names();
        return all.stream().filter(choice -> choice.certificate.names().equals(names)).toList();
    }

    @Override public PrivateKey getPrivateKey(String alias) {
        var certificate = named(alias);
        return certificate == null ? null : certificate.key();
    }

    @Override public X509Certificate[] getCertificateChain(String alias) {
        var certificate = named(alias);
        return certificate == null ? null : certificate.chain().toArray(X509Certificate[]::new);
    }

    private Certificate named(String alias) {
        for (var choice : current) if (choice.alias.equals(alias)) return choice.certificate;
        for (var choice : previous) if (choice.alias.equals(alias)) return choice.certificate;
        return null;
    }

    @Override public String[] getServerAliases(String keyType, Principal[] issuers) {
        return current.stream().filter(choice -> choice.verifiable(keyType)).map(Choice::alias).toArray(String[]::new);
    }

    @Override public String[] getClientAliases(String keyType, Principal[] issuers) {
        return getServerAliases(keyType, issuers);
    }

    /// Whoever issued it: a server that does not trust it says so, and one that is shown none would only miss it.
    @Override public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
        look();
        for (var keyType : keyTypes) {
            for (var choice : current) if (choice.verifiable(keyType)) return choice.alias;
        }
        return null;
    }
}
