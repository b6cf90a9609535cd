package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.TestCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateTest {
    private static final TestCertificate EC = TestCertificate.of("EC", "a.test", "*.A.test", "127.0.0.1");

    @TempDir Path directory;

    private String file(String name, String... content) throws IOException {
        return Files.writeString(directory.resolve(name), String.join("", content)).toString();
    }

    @ParameterizedTest @ValueSource(strings = {"EC", "RSA", "Ed25519"})
    void readsKeysByPkcs8(String algorithm) throws Exception {                                // RFC 5958, RFC 7468 §10
        var made = TestCertificate.of(algorithm, "a.test");
        var read = Certificate.read(file("cert.pem", made.certificatePem()), file("key.pem", made.keyPem()));
        assertEquals(List.of(made.certificate()), read.chain());
        assertArrayEquals(made.keys().getPrivate().getEncoded(), read.key().getEncoded());
    }

    @ParameterizedTest @ValueSource(strings = {"EC", "RSA"})
    void readsKeysByPkcs1AndSec1(String algorithm) throws Exception {                         // RFC 8017 A.1.2, RFC 5915
        var made = TestCertificate.of(algorithm, "a.test");
        var read = Certificate.read(file("cert.pem", made.certificatePem()), file("key.pem", made.traditionalKeyPem()));
        assertArrayEquals(made.keys().getPrivate().getEncoded(), read.key().getEncoded());
    }

    @Test void oneFileMayHoldItAllWithTextBetween() throws Exception {                        // RFC 7468 §2: explanatory text
        var parameters = TestCertificate.pem("EC PARAMETERS", new byte[] {6, 1, 1});
        var issuer = TestCertificate.of("RSA", "issuer.test");
        var all = file("all.pem", "subject=a.test: x\r\n", parameters.replace("\n", "\r\n"), EC.keyPem(), "\n\n", EC.certificatePem(),
                "issuer\n", issuer.certificatePem());
        var read = Certificate.read(all, all);
        assertEquals(List.of(EC.certificate(), issuer.certificate()), read.chain());
    }

    @Test void namesAreThoseOfTheCertificateAndAWildcardIsForOneLabel() throws Exception {    // RFC 9525 §6.3
        var read = Certificate.read(file("cert.pem", EC.certificatePem()), file("key.pem", EC.keyPem()));
        assertEquals(Set.of("a.test", "*.a.test"), read.names());
        assertEquals(2, read.fit("a.test"));
        assertEquals(1, read.fit("b.a.test"));
        assertEquals(0, read.fit("c.b.a.test"));
        assertEquals(0, read.fit(".a.test".substring(1) + "x"));
        assertEquals(0, read.fit("test"));
        assertEquals(0, read.fit(""));
    }

    @Test void whatCannotBeUsedIsSaidInOneLine() throws Exception {
        var cert = file("cert.pem", EC.certificatePem());
        var key = file("key.pem", EC.keyPem());
        assertTrue(refused(cert, directory + "/none.pem").endsWith("none.pem: there is no such file"));
        assertTrue(refused(directory.toString(), key).startsWith("cannot read "));
        assertTrue(refused(key, key).contains("holds no certificate"));
        assertTrue(refused(cert, cert).contains("holds no private key"));
        assertTrue(refused(file("cut.pem", EC.certificatePem().substring(0, 200)), key).contains("CERTIFICATE has no end"));
        assertTrue(refused(file("bad.pem", EC.certificatePem().replace("M", "*")), key).contains("is no PEM file"));
        assertTrue(refused(file("der.pem", TestCertificate.pem("CERTIFICATE", new byte[] {48, 3, 1, 1, 1})), key).contains("cannot be read"));
        assertTrue(refused(cert, file("broken.pem", TestCertificate.pem("PRIVATE KEY", new byte[] {48, 3, 1, 1, 1}))).contains("cannot be read"));
        assertTrue(refused(cert, file("broken.pem", TestCertificate.pem("EC PRIVATE KEY", new byte[0]))).contains("cannot be read"));
        assertTrue(refused(cert, file("other.pem", TestCertificate.of("EC", "a.test").keyPem())).contains("is not that of the first certificate"));
        assertTrue(refused(cert, file("rsa.pem", TestCertificate.of("RSA", "a.test").keyPem())).contains("is not EC"));
    }

    @Test void anEncryptedKeyIsRefusedWithTheWayOut() throws Exception {
        var cert = file("cert.pem", EC.certificatePem());
        var traditional = EC.traditionalKeyPem().replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233\n\n");
        for (var encrypted : List.of(TestCertificate.pem("ENCRYPTED PRIVATE KEY", new byte[40]), traditional)) {
            var reason = refused(cert, file("key.pem", encrypted));
            assertTrue(reason.contains("is encrypted; openssl pkey -in "), reason);
        }
    }

    private static String refused(String cert, String key) {
        var failure = assertThrows(ExitException.class, () -> Certificate.read(cert, key));
        assertEquals(ExitException.USAGE, failure.status());
        assertEquals(1, failure.getMessage().lines().count());
        return failure.getMessage();
    }
}
