package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `loomtunnel keygen` leaves behind. The JDK's parser judges it; handshakes do in [TlsRefusalTest].
class KeygenTest {
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final int DIGITAL_SIGNATURE = 0;         // bits of keyUsage, RFC 5280 §4.2.1.3
    private static final int KEY_CERT_SIGN = 5;

    @TempDir Path directory;

    private Typed keygen(String... words) {
        var all = new ArrayList<>(List.of("keygen", "--dir", directory.toString()));
        all.addAll(List.of(words));
        return Typed.run(all.toArray(String[]::new));
    }

    private Certificate read(String name) throws ExitException {
        return Certificate.read(directory.resolve(name + ".pem").toString(), directory.resolve(name + "-key.pem").toString());
    }

    @Test void makesAnAuthorityAServerAndAClient() throws Exception {
        var typed = keygen("--host", "edge.example.com", "--host", "192.0.2.7", "--host", "2001:db8::1", "--days", "30");
        assertEquals(0, typed.status(), typed.err());
        var authority = read("ca").chain().getFirst();
        assertEquals(0, authority.getBasicConstraints());
        assertTrue(authority.getKeyUsage()[KEY_CERT_SIGN]);
        assertTrue(authority.getNotAfter().toInstant().isAfter(Instant.now().plus(Duration.ofDays(3650))));
        var server = read("server").chain().getFirst();
        server.verify(authority.getPublicKey());
        server.checkValidity();
        assertEquals(-1, server.getBasicConstraints());
        assertEquals(List.of(SERVER_AUTH), server.getExtendedKeyUsage());
        assertTrue(server.getKeyUsage()[DIGITAL_SIGNATURE]);
        assertFalse(server.getKeyUsage()[KEY_CERT_SIGN]);
        assertEquals(Set.of(List.of(2, "edge.example.com"), List.of(7, "192.0.2.7"), List.of(7, "2001:db8:0:0:0:0:0:1")),
                Set.copyOf(server.getSubjectAlternativeNames()));
        assertTrue(server.getNotAfter().toInstant().isBefore(Instant.now().plus(Duration.ofDays(31))));
        var client = read("client").chain().getFirst();
        client.verify(authority.getPublicKey());
        assertEquals(List.of(CLIENT_AUTH), client.getExtendedKeyUsage());
        assertEquals("CN=client", client.getSubjectX500Principal().getName());
        assertFalse(server.getSerialNumber().equals(client.getSerialNumber()));
        assertTrue(typed.out().contains("loomtunnel client --server https://edge.example.com:7835 --tls-ca "), typed.out());
    }

    @Test void keysAreTheirOwnersOnly() throws Exception {
        keygen("--host", "edge.example.com");
        for (var name : List.of("ca-key.pem", "server-key.pem", "client-key.pem")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name))));
        }
    }

    @Test void aLaterCallUsesTheSameAuthority() throws Exception {
        keygen("--host", "edge.example.com");
        var before = Files.readAllBytes(directory.resolve("ca.pem"));
        assertEquals(0, keygen("--client", "web", "--client", "db").status());
        assertArrayEquals(before, Files.readAllBytes(directory.resolve("ca.pem")));
        for (var name : List.of("web", "db")) {
            var client = read(name).chain().getFirst();
            client.verify(read("ca").chain().getFirst().getPublicKey());
            assertEquals("CN=" + name, client.getSubjectX500Principal().getName());
        }
        var other = Files.createDirectory(directory.resolve("other"));
        Typed.run("keygen", "--dir", other.toString(), "--client", "web");
        var stranger = Certificate.read(other.resolve("web.pem").toString(), other.resolve("web-key.pem").toString()).chain().getFirst();
        assertThrows(GeneralSecurityException.class, () -> stranger.verify(read("ca").chain().getFirst().getPublicKey()));
    }

    @Test void nothingIsOverwritten() throws Exception {
        keygen("--host", "edge.example.com");
        var before = Files.readAllBytes(directory.resolve("server-key.pem"));
        for (var words : List.of(List.of("--host", "edge.example.com"), List.of("--client", "new", "--client", "client"))) {
            var typed = keygen(words.toArray(String[]::new));
            assertEquals(2, typed.status());
            assertEquals(1, typed.err().lines().count(), typed.err());
            assertTrue(typed.err().contains("is there already"), typed.err());
        }
        assertArrayEquals(before, Files.readAllBytes(directory.resolve("server-key.pem")));
        assertFalse(Files.exists(directory.resolve("new.pem")), "all or nothing");
    }

    @Test void withoutAHostItIsForThisMachine() throws Exception {
        assertEquals(0, keygen().status());
        assertEquals(Set.of("localhost"), read("server").names());
    }

    @Test void whatCannotBeIsRefusedInOneLine() {
        for (var words : List.of(List.of("--host", "a b"), List.of("--host", "-x"), List.of("--host", "*"), List.of("--client", "../up"), List.of("--client", "ca"),
                List.of("--client", ".hidden"), List.of("--client", "server"), List.of("--days", "0"), List.of("--days", "3651"), List.of("--days", "x"),
                List.of("--client", "twice", "--client", "twice"))) {
            var typed = keygen(words.toArray(String[]::new));
            assertEquals(2, typed.status(), words + typed.err());
            assertEquals("", typed.out(), words.toString());
            assertEquals(1, typed.err().lines().count(), words + typed.err());
        }
    }
}
