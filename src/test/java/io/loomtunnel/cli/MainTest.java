package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    private static final Map<String, String> TOKEN = Map.of("LOOMTUNNEL_TOKEN", "a-secret");

    @Test void badInputIsOneLineAndStatus2() throws Exception {
        for (var words : List.of(
                List.<String>of(),
                List.of("serve"),
                List.of("server", "extra"),
                List.of("server", "-v"),
                List.of("server", "--bind"),
                List.of("server", "--bind", "--plaintext"),
                List.of("server", "--bind="),
                List.of("server", "--bind", "127.0.0.1:65536"),
                List.of("server", "--bind", "1::2:80"),
                List.of("server", "--bind", "[::1"),
                List.of("server", "--bind", "[1.2:80"),
                List.of("server", "--bind", "a b:80"),
                List.of("server", "--bind", "1:1", "--bind", "2:2"),
                List.of("server", "--bind", "127.0.0.1:7835", "--http", "0.0.0.0:7835"),
                List.of("server", "--bind", "0.0.0.0:7835", "--plaintext", "--http", "127.0.0.1:7835"),
                List.of("server", "--plaintext=yes"),
                List.of("server", "--bind", "127.0.0.1:0", "--trust-proxy", "10.0.0.0/33"),
                List.of("server", "--bind", "127.0.0.1:0", "--trust-proxy", "::1,localhost"),
                List.of("server", "--bind", "127.0.0.1:0", "--proxy-protocol"),
                List.of("server", "--bind", "127.0.0.1:0", "--https", "127.0.0.1:0"),
                List.of("server", "--bind", "127.0.0.1:0", "--tls-cert", "no-such.pem", "--tls-key", "k.pem"),
                List.of("server", "--bind", "127.0.0.1:0", "--tls-key", "k.pem"),
                List.of("server", "--bind", "127.0.0.1:0", "--tls-client-ca", "ca.pem"),
                List.of("server", "--bind", "127.0.0.1:0", "--tls-client-token", "web=web"),
                List.of("server", "--bind", "0.0.0.0:1", "--http", "0.0.0.0:1"),
                List.of("server", "--bind", "127.0.0.1:0", "--https", "127.0.0.1:0", "--tls-cert", "c.pem"),
                List.of("server", "--bind", "127.0.0.1:0", "--https", "127.0.0.1:0", "--tls-cert", "no-such.pem", "--tls-key", "k.pem"),
                List.of("server", "--bind", "127.0.0.1:0", "--upgrade", "h2c"),
                List.of("server", "--bind", "127.0.0.1:0", "--upgrade", "not a token"),
                List.of("server", "--tcp", "5432"),
                List.of("server", "--tcp", "d b=5432"),
                List.of("server", "--tcp", "=5432"),
                List.of("server", "--tcp", "db="),
                List.of("server", "--tcp", "db=127.0.0.1"),
                List.of("server", "--tcp", "db=65536"),
                List.of("server", "--tcp", "db=1:2:3"),
                List.of("server", "--tcp", "db=5432", "--tcp", "DB=5433"),
                List.of("server", "--tcp-range", "20000"),
                List.of("server", "--tcp-range", "20000-"),
                List.of("server", "--tcp-range", "-20000"),
                List.of("server", "--tcp-range", "20001-20000"),
                List.of("server", "--tcp-range", "0-5"),
                List.of("server", "--tcp-range", "65530-65536"),
                List.of("server", "--tcp-range", "a:b-c"),
                List.of("client"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "db=5432", "--connections", "0"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "db=5432", "--connections", "101"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "5432"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "db=localhost"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "db=*:5432"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "db/x=5432"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "db=5432,proxy"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "db=5432,proxy=v3"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "db=1", "--tcp", "DB=2"),
                List.of("client", "--server", "127.0.0.1:1"),
                List.of("client", "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--http", "3000", "--host-header", "http://a"),
                List.of("client", "--server", "ftp://127.0.0.1:1", "--http", "3000"),
                List.of("client", "--server", "https://127.0.0.1:1/path", "--http", "3000"),
                List.of("client", "--server", "https://127.0.0.1:1", "--plaintext", "--http", "3000"),
                List.of("client", "--server", "http://127.0.0.1:1", "--tls-ca", "ca.pem", "--http", "3000"),
                List.of("client", "--server", "192.0.2.1", "--plaintext", "--pin", "sha256:00", "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--pin", "sha256:00", "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--pin", "00".repeat(32), "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--pin", "sha256:" + "0g".repeat(32), "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--tls-ca", "no-such.pem", "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--tls-ca", "ca.pem", "--tls-insecure", "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--tls-ca", "ca.pem", "--pin", "sha256:" + "00".repeat(32), "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--tls-cert", "c.pem", "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--tls-cert", "no-such.pem", "--tls-key", "k.pem", "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:0", "--http", "3000"),
                List.of("client", "--server", "http://127.0.0.1:1/path", "--http", "3000"),
                List.of("client", "--server", "127.0.0.1:1", "--http", "a.test=no such target"),
                List.of("client", "--server", "127.0.0.1:1", "--http", "a.test=1", "--http", "A.test=2"),
                List.of("demo", "--twice"),
                List.of("version", "--bind", "1"))) {
            var typed = Typed.run(TOKEN, words.toArray(String[]::new));
            assertEquals(2, typed.status(), words + typed.err());
            assertEquals("", typed.out(), words.toString());
            assertEquals(1, typed.err().lines().count(), words + typed.err());
            assertTrue(typed.err().startsWith("loomtunnel: "), typed.err());
        }
    }

    @Test void mistypedFlagIsAnsweredWithTheNearest() {
        assertTrue(Typed.run("server", "--htpt", "8080").err().contains("did you mean --http?"));
        assertTrue(Typed.run("server", "--tok", "x").err().contains("did you mean --token-file?"));
        assertTrue(Typed.run("client", "--sever", "x").err().contains("did you mean --server?"));
        assertTrue(Typed.run("sevrer").err().contains("did you mean server?"));
        assertFalse(Typed.run("server", "--colour", "x").err().contains("did you mean"));
    }

    @Test void tokenOnTheCommandLineIsRefusedAndNotRepeated() {
        for (var words : List.of(List.of("client", "--token", "hush"), List.of("server", "--token=hush"))) {
            var typed = Typed.run(words.toArray(String[]::new));
            assertEquals(2, typed.status());
            assertTrue(typed.err().contains("list of processes"), typed.err());
            assertFalse(typed.err().contains("hush"), typed.err());
        }
    }

    @Test void valueOfAnUnknownFlagIsNotRepeated() {
        assertFalse(Typed.run("server", "--secret=hush").err().contains("hush"));
    }

    @Test void everyCommandHasHelpThatNamesItsFlagsAndVariables() {
        for (var command : Command.values()) {
            var typed = Typed.run(command.word(), "--help");
            assertEquals(0, typed.status());
            assertEquals("", typed.err());
            for (var flag : command.flags()) {
                assertTrue(typed.out().contains("--" + flag.name()), typed.out());
                assertTrue(typed.out().contains(command.variable(flag)), typed.out());
            }
            for (var line : typed.out().split("\n")) assertTrue(line.length() <= 120, line);
            assertTrue(Typed.run("--help").out().contains(command.about()));
            assertEquals(typed.out(), Typed.run("help", command.word()).out());
            assertEquals(typed.out(), Typed.run(command.word(), "-h").out());
        }
    }

    @Test void versionGoesToStandardOutput() {
        assertEquals(Typed.run("--version"), Typed.run("version"));
        assertTrue(Typed.run("version").out().startsWith("loomtunnel "));
    }

    @Test void controlCharactersDoNotReachTheTerminal() {
        assertFalse(Typed.run("ser\u001b[2Jver").err().contains("\u001b"));
        assertFalse(Typed.run("server", "--bi\u0007d", "1").err().contains("\u0007"));
    }

    @Test void portInUseIsNamedWithTheFlagThatHelps() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();
            var visitors = Typed.run(TOKEN, "server", "--bind", "127.0.0.1:0", "--http", "127.0.0.1:" + port);
            assertEquals("loomtunnel: port " + port + " on 127.0.0.1 is in use: choose another with --http\n", visitors.err());
            assertEquals(2, visitors.status());
            var clients = Typed.run(TOKEN, "server", "--bind", "127.0.0.1:" + port, "--http", "127.0.0.1:0");
            assertEquals("loomtunnel: port " + port + " on 127.0.0.1 is in use: choose another with --bind\n", clients.err());
            assertEquals(2, clients.status());
        }
    }

    @Test void anAddressThatIsNotOursIsStatus2() {
        var typed = Typed.run(TOKEN, "server", "--bind", "127.0.0.1:0", "--http", "192.0.2.1:0");
        assertEquals(2, typed.status(), typed.err());
        assertEquals(1, typed.err().lines().count(), typed.err());
        assertTrue(typed.err().contains("192.0.2.1"), typed.err());
    }

    @Test void clientWithoutATokenSaysWhereItComesFrom() {
        var typed = Typed.run("client", "--server", "127.0.0.1:1", "--http", "3000");
        assertEquals(2, typed.status());
        assertTrue(typed.err().contains("LOOMTUNNEL_TOKEN") && typed.err().contains("--token-file"), typed.err());
    }

    @Test void tokenFileThatCannotBeUsedIsStatus2(@TempDir Path folder) throws Exception {
        var empty = Files.createFile(folder.resolve("empty"));
        var spaced = Files.writeString(folder.resolve("spaced"), "two words\n");
        var long_ = Files.writeString(folder.resolve("long"), "x".repeat(5000));
        for (var file : List.of(folder.resolve("none"), folder, empty, spaced, long_)) {
            var typed = Typed.run("server", "--bind", "127.0.0.1:0", "--http", "127.0.0.1:0", "--token-file", file.toString());
            assertEquals(2, typed.status(), typed.err());
            assertTrue(typed.err().contains(file.toString()), typed.err());
            assertFalse(typed.err().contains("two words"), typed.err());
        }
    }

    @Test void originCaThatCannotBeUsedIsStatus2(@TempDir Path folder) throws Exception {
        var empty = Files.writeString(folder.resolve("empty"), "no certificate\n");
        var damaged = Files.writeString(folder.resolve("damaged"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        for (var file : List.of(folder.resolve("none"), folder, empty, damaged)) {
            var typed = Typed.run(TOKEN, "client", "--server", "127.0.0.1:1", "--http", "https://web", "--origin-ca", file.toString());
            assertEquals(2, typed.status(), typed.err());
            assertEquals(1, typed.err().lines().count(), typed.err());
            assertTrue(typed.err().contains("--origin-ca " + file), typed.err());
        }
    }

    @Test void originIsEitherVerifiedOrNot() {
        var typed = Typed.run(TOKEN, "client", "--server", "127.0.0.1:1", "--http", "https://web", "--origin-ca", "x", "--origin-insecure");
        assertEquals(2, typed.status());
        assertTrue(typed.err().contains("exclude each other"), typed.err());
    }
}
