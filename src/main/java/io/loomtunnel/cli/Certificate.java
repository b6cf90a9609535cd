package io.loomtunnel.cli;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/// A certificate with those that lead from it to a root, and its private key.
///
/// @param chain the server's own first
/// @param key   of the first
/// @param names the hosts that the first is for, in lower case; a wildcard begins with `*.`
record Certificate(List<X509Certificate> chain, PrivateKey key, Set<String> names) {
    private static final int DNS_NAME = 2;          // of a GeneralName, RFC 5280 §4.2.1.6
    private static final byte[] PROBE = {1, 2, 3, 4, 5, 6, 7, 8};

    /// Reads both from PEM files, which may be one and the same.
    /// @throws ExitException there is no certificate, no key that we can read, or they do not belong together
    static Certificate read(String certificateFile, String keyFile) throws ExitException {
        var chain = chain(certificateFile);
        var own = chain.getFirst();
        var key = key(keyFile, own.getPublicKey());
        if (!belongs(key, own.getPublicKey())) {
            throw ExitException.usage("the key in " + Text.printable(keyFile)
                    + " is not that of the first certificate in " + Text.printable(certificateFile));
        }
        return new Certificate(chain, key, names(own));
    }

    private static List<X509Certificate> chain(String file) throws ExitException {
        var chain = new ArrayList<X509Certificate>();
        var name = Text.printable(file);
        try {
            var factory = CertificateFactory.getInstance("X.509");
            for (var block : Pem.read(file)) {
                if (!block.label().equals("CERTIFICATE") && !block.label().equals("X509 CERTIFICATE")) continue;
                chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.content())));
            }
        } catch (GeneralSecurityException e) {
            throw ExitException.usage("a certificate in " + name + " cannot be read: " + Text.reason(e), e);
        }
        if (chain.isEmpty()) throw ExitException.usage(name + " holds no certificate (-----BEGIN CERTIFICATE-----)");
        return List.copyOf(chain);
    }

    private static PrivateKey key(String file, PublicKey pair) throws ExitException {
        var name = Text.printable(file);
        for (var block : Pem.read(file)) {
            if (block.label().equals(Pem.ENCRYPTED)) {
                throw ExitException.usage("the key in " + name + " is encrypted; openssl pkey -in " + name
                        + " -out KEY writes one that is not");
            }
            var pkcs8 = switch (block.label()) {
                case "PRIVATE KEY" -> block.content();
                case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> wrapped(block.content(), pair);
                default -> null;
            };
            if (pkcs8 == null) continue;
            try {
                return KeyFactory.getInstance(pair.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (GeneralSecurityException e) {
                throw ExitException.usage("the key in " + name + " cannot be read, or is not " + pair.getAlgorithm()
                        + " as its certificate: " + Text.reason(e), e);
            }
        }
        throw ExitException.usage(name + " holds no private key (-----BEGIN PRIVATE KEY-----)");
    }

    /// A key by PKCS#1 or SEC 1 is what PKCS#8 (RFC 5958 §2) wraps, beside the algorithm; that one stands in the
    /// public key.
    private static byte[] wrapped(byte[] key, PublicKey pair) {
        var spki = pair.getEncoded();                           // SEQUENCE { algorithm, key }, RFC 5280 §4.1
        int at = content(spki, 0);
        int end = content(spki, at) + length(spki, at);
        var algorithm = Arrays.copyOfRange(spki, at, end);
        return Der.sequence(new byte[] {2, 1, 0}, algorithm, Der.octets(key));
    }

    /// Where the content of the DER value at `at` begins.
    private static int content(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
    }

    private static int length(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        if (first < 0x80) return first;
        int length = 0;
        for (int i = at + 2; i < content(der, at); i++) length = length << 8 | der[i] & 0xff;
        return length;
    }

    private static boolean belongs(PrivateKey key, PublicKey pair) {
        try {
            var signing = Signature.getInstance(switch (pair.getAlgorithm()) {
                case "RSA" -> "SHA256withRSA";
                case "EC" -> "SHA256withECDSA";
                default -> pair.getAlgorithm();
            });
            signing.initSign(key);
            signing.update(PROBE);
            var signature = signing.sign();
            signing.initVerify(pair);
            signing.update(PROBE);
            return signing.verify(signature);
        } catch (GeneralSecurityException _) {
            return false;
        }
    }

    private static Set<String> names(X509Certificate certificate) throws ExitException {
        var names = new TreeSet<String>();
        try {
            var alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives == null) return names;
            for (var each : alternatives) {
                if (each.get(0).equals(DNS_NAME)) names.add(((String) each.get(1)).toLowerCase(Locale.ROOT));
            }
            return names;
        } catch (CertificateParsingException e) {
            throw ExitException.usage("a certificate's names cannot be read: " + Text.reason(e), e);
        }
    }

    /// How well this certificate fits a host: 2 by name, 1 by a wildcard for its first label (RFC 9525 §6.3), 0 not at
    /// all.
    int fit(String host) {
        if (names.contains(host)) return 2;
        int dot = host.indexOf('.');
        return dot > 0 && names.contains("*" + host.substring(dot)) ? 1 : 0;
    }
}
