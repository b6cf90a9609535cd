package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.regex.Pattern;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/// A file of CA certificates (PEM) that are trusted, and no others.
final class Authorities {
    private static final Pattern CERTIFICATE = Pattern.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);

    private Authorities() {}

    /// Reads the file.
    /// @param flag names the file in messages
    /// @throws ExitException it has no certificates, or cannot be read
    static TrustManager[] read(Flag flag, String file) throws ExitException {
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
            if (store.size() == 0) throw bad(flag, file, "it has no certificate in PEM", null);
            var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(store);
            return managers.getTrustManagers();
        } catch (NoSuchFileException e) {
            throw bad(flag, file, "there is no such file", e);
        } catch (CertificateException e) {
            throw bad(flag, file, "a certificate in it is damaged", e);
        } catch (ExitException e) {
            throw e;
        } catch (IOException | IllegalArgumentException e) {
            throw bad(flag, file, "it cannot be read: " + Text.reason(e), e);
        } catch (GeneralSecurityException e) {
            throw bad(flag, file, Text.reason(e), e);
        }
    }

    private static ExitException bad(Flag flag, String file, String why, Throwable cause) {
        return ExitException.usage(flag + " " + Text.printable(file) + ": " + why, cause);
    }
}
