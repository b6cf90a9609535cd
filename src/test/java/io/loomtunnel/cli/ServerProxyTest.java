package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.NetworkProxy;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServerProxyTest {
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @Test void theFlagGoesBeforeTheEnvironment() throws Exception {
        var environment = Map.of("HTTPS_PROXY", "http://other:1", "NO_PROXY", "*");
        assertEquals("http://p:2", chosen(environment, "edge.example.com", "--proxy", "http://p:2"));
        assertEquals("http://p:2", chosen(environment, "127.0.0.1", "--proxy", "http://p:2"));
        assertEquals("", chosen(Map.of("HTTPS_PROXY", "http://other:1"), "edge.example.com", "--proxy", "none"));
        assertEquals("socks5://p:3", chosen(Map.of("LOOMTUNNEL_PROXY", "socks5://p:3", "HTTPS_PROXY", "http://other:1"), "edge.example.com"));
    }

    @Test void theEnvironmentOfTheMachineCounts() throws Exception {
        assertEquals("http://other:1", chosen(Map.of("HTTPS_PROXY", "http://me:hush@other:1/"), "edge.example.com"));
        assertEquals("http://other:1", chosen(Map.of("https_proxy", "other:1", "HTTPS_PROXY", " "), "edge.example.com"));
        assertEquals("", chosen(Map.of("https_proxy", "other:1", "no_proxy", "example.com"), "edge.example.com"));
        assertEquals("", chosen(Map.of("https_proxy", "other:1"), "localhost"));
        assertEquals("", chosen(Map.of(), "edge.example.com"));
    }

    @Test void aPasswordOnTheCommandLineIsWarnedOfAndNotRepeated() throws Exception {
        chosen(Map.of(), "edge.example.com", "--proxy", "http://me:hush@p:2");
        assertTrue(said.toString().contains("list of processes"), said.toString());
        assertFalse(said.toString().contains("hush"), said.toString());
        said.reset();
        chosen(Map.of("LOOMTUNNEL_PROXY", "http://me:hush@p:2"), "edge.example.com");
        assertEquals("", said.toString());
    }

    @Test void whatIsNoProxyIsNamedByItsSource() {
        var client = new String[] {"client", "--server", "127.0.0.1:1", "--http", "3000"};
        for (var each : List.of("HTTPS_PROXY", "https_proxy", "LOOMTUNNEL_PROXY")) {
            var typed = Typed.run(Map.of("LOOMTUNNEL_TOKEN", "t", each, "ftp://hush"), client);
            assertEquals(2, typed.status());
            assertTrue(typed.err().startsWith("loomtunnel: " + each + ": expected http://"), typed.err());
            assertFalse(typed.err().contains("hush"), typed.err());
        }
    }

    @Test void aProxyThatWantsAUserEndsTheClientWithStatus3() throws Exception {
        try (var proxy = new NetworkProxy("me", "secret")) {
            var url = "http://127.0.0.1:" + proxy.port();
            var typed = Typed.run(Map.of("LOOMTUNNEL_TOKEN", "t"), "client", "--server", "127.0.0.1:1", "--http", "3000", "--proxy", url);
            assertEquals(3, typed.status(), typed.err());
            assertEquals("loomtunnel: refused: the proxy " + url + ": it wants a user and a password: write them into its URL, http://USER:PASSWORD@127.0.0.1:"
                    + proxy.port() + "\n", typed.err());
        }
    }

    private String chosen(Map<String, String> environment, String host, String... words) throws ExitException {
        var out = new PrintStream(said, true);
        var choice = ServerProxy.of(Arguments.parse(Command.CLIENT, List.of(words), environment), new Screen(out, out));
        return choice.proxyFor(host, 443).map(Object::toString).orElse("");
    }
}
