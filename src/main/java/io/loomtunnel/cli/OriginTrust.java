package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/// Whom a client's TLS origins must be certified by, as `--origin-ca` and `--origin-insecure` say.
final class OriginTrust {
    private static final Pattern CERTIFICATE = Pattern.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);

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
            return context(new TrustEverybody());
        }
        return file.isEmpty() ? null : authorities(file);
    }

    private static SSLContext authorities(String file) throws ExitException {
        try {
            var text = new String(Files.readAllBytes(Path.of(file)), ISO_8859_1);
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            var parser = CertificateFactory.getInstance("X.509");
            // Bundles hold comments and other things between their certificates.
            for (var block = CERTIFICATE.matcher(text); block.find(); ) {
                var certificate = parser.generateCertificate(new ByteArrayInputStream(block.group().getBytes(ISO_8859_1)));
                store.setCertificateEntry("authority " + store.size(), certificate);
            }
            if (store.size() == 0) throw bad(file, "it has no certificate in PEM", null);
            var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(store);
            return context(managers.getTrustManagers());
        } catch (NoSuchFileException e) {
            throw bad(file, "there is no such file", e);
        } catch (CertificateException e) {
            throw bad(file, "a certificate in it is damaged", e);
        } catch (IOException | IllegalArgumentException e) {
            throw bad(file, "it cannot be read: " + Text.reason(e), e);
        } catch (GeneralSecurityException e) {
            throw bad(file, Text.reason(e), e);
        }
    }

    private static ExitException bad(String file, String why, Throwable cause) {
        return ExitException.usage(Flag.ORIGIN_CA + " " + Text.printable(file) + ": " + why, cause);
    }

    private static SSLContext context(TrustManager... managers) throws ExitException {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, managers, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw ExitException.failure("TLS is not available: " + Text.reason(e), e);
        }
    }

    /// Accepts every certificate for every name: JSSE checks names only by what the extended kind does itself.
    private static final class TrustEverybody extends X509ExtendedTrustManager {
        @Override public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
