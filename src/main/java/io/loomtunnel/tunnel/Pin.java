package io.loomtunnel.tunnel;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// The fingerprint of one certificate: the SHA-256 of its DER encoding, as `openssl x509 -fingerprint -sha256` prints it. Who pins a
/// certificate trusts this one and no other; its issuer, its names and its dates do not matter.
public final class Pin {
    private static final String PREFIX = "sha256:";
    private static final int BYTES = 32;

    private final byte[] digest;

    private Pin(byte[] digest) {
        this.digest = digest;
    }

    /// Reads a fingerprint.
    /// @param text `sha256:` and 64 hexadecimal digits, which may have colons between them
    /// @return the pin
    /// @throws IllegalArgumentException it is none; the message says what is expected
    public static Pin of(String text) {
        try {
            if (!text.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) throw new IllegalArgumentException();
            var digest = HexFormat.of().parseHex(text.substring(PREFIX.length()).replace(":", ""));
            if (digest.length == BYTES) return new Pin(digest);
        } catch (IllegalArgumentException _) {
            // said below
        }
        throw new IllegalArgumentException("expected " + PREFIX + " and " + 2 * BYTES + " hexadecimal digits");
    }

    /// The fingerprint of a certificate.
    /// @param certificate any
    /// @return the pin that it fits
    public static Pin of(X509Certificate certificate) {
        try {
            return new Pin(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        } catch (CertificateEncodingException e) {
            throw new IllegalArgumentException("a certificate without an encoding", e);
        }
    }

    /// Trusts a server with this certificate and nobody else.
    /// @return for an [SSLContext] that also has a key
    public TrustManager trust() {
        return new Trust();
    }

    /// A context for a client without a certificate of its own.
    /// @return trusts a server with this certificate and nobody else
    public SSLContext context() {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {trust()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("there is no TLS here: " + e.getMessage(), e);
        }
    }

    @Override public boolean equals(Object other) {
        return other instanceof Pin pin && MessageDigest.isEqual(digest, pin.digest);
    }

    @Override public int hashCode() {
        return digest[0];
    }

    /// The spelling that [#of(String)] reads.
    @Override public String toString() {
        return PREFIX + HexFormat.of().formatHex(digest);
    }

    /// JSSE looks at names by itself unless it is the extended kind.
    private final class Trust extends X509ExtendedTrustManager {
        private void check(X509Certificate[] chain) throws CertificateException {
            var found = Pin.of(chain[0]);
            if (!found.equals(Pin.this)) throw new CertificateException("it is " + found + ", not the pinned one");
        }

        @Override public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            check(chain);
        }

        @Override public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            check(chain);
        }

        @Override public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            throw new CertificateException("a pin is a server's");
        }

        @Override public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            throw new CertificateException("a pin is a server's");
        }

        @Override public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("a pin is a server's");
        }

        @Override public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
