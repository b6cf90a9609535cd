package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/// A certificate that this program has made (RFC 5280), with its key: the JDK reads X.509, and has no public class that writes it. Keys
/// are for ECDSA on P-256.
///
/// @param keys        the certificate's
/// @param certificate as others will read it
record IssuedCertificate(KeyPair keys, X509Certificate certificate) {
    /// What a certificate is good for.
    enum Purpose { AUTHORITY, SERVER, CLIENT }

    private static final Duration SKEW = Duration.ofHours(1);           // of others' clocks
    private static final int SERIAL_BITS = 127;                         // RFC 5280 §4.1.2.2: unique, positive, up to 20 octets
    private static final int KEY_ID_BYTES = 20;                         // RFC 7093 §2
    private static final byte[] ECDSA_SHA256 = Der.sequence(Der.known("06082A8648CE3D040302"));
    private static final byte[] COMMON_NAME = Der.known("0603550403");
    private static final byte[] SUBJECT_KEY_ID = Der.known("0603551D0E");
    private static final byte[] KEY_USAGE = Der.known("0603551D0F");
    private static final byte[] ALTERNATIVE_NAMES = Der.known("0603551D11");
    private static final byte[] BASIC_CONSTRAINTS = Der.known("0603551D13");
    private static final byte[] AUTHORITY_KEY_ID = Der.known("0603551D23");
    private static final byte[] EXTENDED_KEY_USAGE = Der.known("0603551D25");
    private static final byte[] SERVER_AUTH = Der.known("06082B06010505070301");
    private static final byte[] CLIENT_AUTH = Der.known("06082B06010505070302");
    private static final byte[] TRUE = Der.known("0101FF");
    private static final byte[] SIGNS = {(byte) 0x80};                  // digitalSignature
    private static final byte[] CERTIFIES = {0x06};                     // keyCertSign and cRLSign

    /// One that signed itself: a CA, or a server's that is known by its fingerprint.
    /// @param name  its subject's common name
    /// @param hosts names and addresses that it is for
    /// @param time  for which it is good
    static IssuedCertificate selfSigned(Purpose purpose, String name, List<String> hosts, Duration time) throws ExitException {
        try {
            var keys = newKeys();
            return new IssuedCertificate(keys, sign(purpose, name, hosts, time, keys.getPublic(), keys, subject(name)));
        } catch (GeneralSecurityException e) {
            throw ExitException.failure("a certificate cannot be made: " + Text.reason(e), e);
        }
    }

    /// One that this CA signs.
    /// @param name  its subject's common name
    /// @param hosts names and addresses that it is for
    /// @param time  for which it is good
    IssuedCertificate issue(Purpose purpose, String name, List<String> hosts, Duration time) throws ExitException {
        try {
            var own = newKeys();
            var signed = sign(purpose, name, hosts, time, own.getPublic(), keys, certificate.getSubjectX500Principal().getEncoded());
            return new IssuedCertificate(own, signed);
        } catch (GeneralSecurityException e) {
            throw ExitException.failure("a certificate cannot be made: " + Text.reason(e), e);
        }
    }

    /// A context for a server with this certificate.
    SSLContext serving() throws ExitException {
        try {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setKeyEntry("own", keys.getPrivate(), new char[0], new X509Certificate[] {certificate});
            var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(store, new char[0]);
            return TunnelTls.context(managers.getKeyManagers(), null);
        } catch (GeneralSecurityException | IOException e) {
            throw ExitException.failure("TLS is not available: " + Text.reason(e), e);
        }
    }

    String certificatePem() throws ExitException {
        try {
            return new Pem("CERTIFICATE", certificate.getEncoded()).text();
        } catch (GeneralSecurityException e) {
            throw ExitException.failure("a certificate cannot be written: " + Text.reason(e), e);
        }
    }

    /// By PKCS#8, not encrypted.
    String keyPem() {
        return new Pem("PRIVATE KEY", keys.getPrivate().getEncoded()).text();
    }

    private static KeyPair newKeys() throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static X509Certificate sign(Purpose purpose, String name, List<String> hosts, Duration time, PublicKey key, KeyPair issuer,
                                        byte[] issuerName) throws GeneralSecurityException {
        var now = Instant.now();
        var content = Der.sequence(
                Der.value(0xa0, Der.integer(BigInteger.TWO)),                   // version 3
                Der.integer(new BigInteger(SERIAL_BITS, new SecureRandom()).setBit(SERIAL_BITS - 1)),
                ECDSA_SHA256, issuerName, Der.sequence(Der.time(now.minus(SKEW)), Der.time(now.plus(time))), subject(name),
                key.getEncoded(), Der.value(0xa3, Der.sequence(extensions(purpose, hosts, key, issuer.getPublic()))));
        var signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(issuer.getPrivate());
        signature.update(content);
        var encoded = Der.sequence(content, ECDSA_SHA256, Der.bits(0, signature.sign()));
        return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
    }

    private static byte[] subject(String name) {
        return Der.sequence(Der.value(0x31, Der.sequence(COMMON_NAME, Der.text(name))));
    }

    private static byte[][] extensions(Purpose purpose, List<String> hosts, PublicKey key, PublicKey issuer) throws GeneralSecurityException {
        var all = new ArrayList<byte[]>();
        boolean authority = purpose == Purpose.AUTHORITY;
        all.add(extension(BASIC_CONSTRAINTS, TRUE, authority ? Der.sequence(TRUE, Der.integer(BigInteger.ZERO)) : Der.sequence()));
        all.add(extension(KEY_USAGE, TRUE, authority ? Der.bits(1, CERTIFIES) : Der.bits(7, SIGNS)));
        if (!authority) {
            all.add(extension(EXTENDED_KEY_USAGE, new byte[0], Der.sequence(purpose == Purpose.SERVER ? SERVER_AUTH : CLIENT_AUTH)));
        }
        if (!hosts.isEmpty()) {
            all.add(extension(ALTERNATIVE_NAMES, new byte[0], Der.sequence(hosts.stream().map(IssuedCertificate::alternative).toArray(byte[][]::new))));
        }
        all.add(extension(SUBJECT_KEY_ID, new byte[0], Der.octets(keyId(key))));
        all.add(extension(AUTHORITY_KEY_ID, new byte[0], Der.sequence(Der.value(0x80, keyId(issuer)))));
        return all.toArray(byte[][]::new);
    }

    private static byte[] extension(byte[] id, byte[] critical, byte[] value) {
        return Der.sequence(id, critical, Der.octets(value));
    }

    /// A GeneralName (RFC 5280 §4.2.1.6).
    private static byte[] alternative(String host) {
        try {
            return Der.value(0x87, InetAddress.ofLiteral(host).getAddress());
        } catch (IllegalArgumentException _) {
            return Der.value(0x82, host.getBytes(US_ASCII));
        }
    }

    private static byte[] keyId(PublicKey key) throws GeneralSecurityException {
        return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(key.getEncoded()), KEY_ID_BYTES);
    }
}
