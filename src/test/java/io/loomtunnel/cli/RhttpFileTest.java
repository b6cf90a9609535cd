package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.http.Peer;
import io.loomtunnel.tunnel.RhttpClients;
import io.loomtunnel.tunnel.Route;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RhttpFileTest {
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final Screen screen = new Screen(new PrintStream(said, true), new PrintStream(said, true));
    private final Peer inClear = new Peer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9), "http");
    @TempDir Path folder;

    @Test void withoutACertificateOnlyTheStarCounts() throws Exception {
        var known = file("# who\nedge.example = app.example.com\n* = b.example, *.c.example, d.example/api  # all\n").find(inClear);
        assertEquals(Optional.of(new RhttpClients.Known("*", List.of(Route.Http.of("b.example"), Route.Http.of("*.c.example"), Route.Http.of("d.example/api")))), known);
        assertEquals(Optional.empty(), file("edge.example = app.example.com\n").find(inClear));
    }

    @Test void aCertificatesNamesGoBeforeTheStar() throws Exception {
        var certificate = TestCertificate.of("EC", "app-1", "Edge.example").certificate();
        var peer = new Peer(inClear.address(), "https", certificate);
        assertEquals("edge.example", file("* = a.example\nedge.example = b.example").find(peer).orElseThrow().name());
        assertEquals("app-1", file("* = a.example\napp-1 = b.example").find(peer).orElseThrow().name());
        assertEquals("*", file("* = a.example\napp-2 = b.example").find(peer).orElseThrow().name());
    }

    @Test void noNameIsReadOutOfAnotherPartOfTheSubject() throws Exception {
        for (var subject : List.of("O=x\\,CN=app-1", "O=\"x,CN=app-1\"", "CN=app-1\\,x", "CN=app-1+O=x", "OU=CN=app-1")) {
            assertEquals(List.of(), RhttpFile.commonName(new X500Principal(subject)), subject);
        }
        assertEquals(List.of("app-1"), RhttpFile.commonName(new X500Principal("CN=App-1, O=\"x, y\", C=AT")));
    }

    @Test void aChangeCountsFromTheNextAttachmentOn() throws Exception {
        var file = file("* = a.example");
        file("* = b.example");
        assertEquals("b.example", file.find(inClear).orElseThrow().routes().getFirst().host());
    }

    @Test void aChangeThatIsNoneLeavesWhatWasThereAndIsToldOnce() throws Exception {
        var file = file("* = a.example");
        Files.writeString(folder.resolve("routes"), "* = a b\n");
        for (int i = 0; i < 2; i++) assertEquals("a.example", file.find(inClear).orElseThrow().routes().getFirst().host());
        assertEquals(1, said.toString().lines().count(), said.toString());
        assertTrue(said.toString().contains(", line 1: "), said.toString());
    }

    @Test void whatIsWrongIsNamedByItsLine() {
        for (var text : List.of("\nnothing", "\n= a.example", "\n* =", "\n* = tcp:db", "\n* = a.example,", "\na = b.example\nA = c.example")) {
            var failure = assertThrows(ExitException.class, () -> file(text), text);
            assertTrue(failure.getMessage().matches("--accept .*, line [23]: .+"), failure.getMessage());
        }
        assertThrows(ExitException.class, () -> file("# nobody\n"));
    }

    @Test void theFlagsAreCheckedBeforeAPortIsOpened() {
        var token = Map.of("LOOMTUNNEL_TOKEN", "t");
        for (var words : List.of(List.of("server", "--bind", "127.0.0.1:0", "--accept", "ptth"), List.of("server", "--bind", "127.0.0.1:0", "--accept", "rhttp="),
                List.of("server", "--bind", "127.0.0.1:0", "--accept", "rhttp=" + folder.resolve("none")),
                List.of("server", "--bind", "127.0.0.1:9", "--http", "127.0.0.1:9", "--accept", "rhttp=x"),
                List.of("client", "--server", "127.0.0.1:1", "--http", "1", "--attach", "http"),
                List.of("client", "--server", "127.0.0.1:1", "--tcp", "db=1", "--attach", "rhttp"))) {
            var typed = Typed.run(token, words.toArray(String[]::new));
            assertEquals(2, typed.status(), words + typed.err());
            assertEquals(1, typed.err().lines().count(), typed.err());
        }
    }

    private RhttpFile file(String text) throws Exception {
        return RhttpFile.of("rhttp=" + Files.writeString(folder.resolve("routes"), text), screen);
    }
}
