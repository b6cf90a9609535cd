package io.loomtunnel.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.DuplexPair;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.http1.Http1Server;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorPageTest {
    private static final String NASTY = "it's <b>\"bold\"</b> & a \\ back\u0001slash";

    @ParameterizedTest
    @CsvSource({
        "400, http_request_error", "404, destination_not_found", "408, http_request_error", "413, http_request_error", "414, http_request_error",
        "421, destination_not_found", "431, http_request_error", "500, proxy_internal_error", "501, proxy_internal_response", "502, destination_unavailable",
        "503, destination_unavailable", "504, http_response_timeout", "505, proxy_internal_response",
    })
    void proxyStatusSaysWhatHappened(int status, String error) throws IOException {                    // RFC 9209 §2.3
        var answer = answer("GET", "*/*", new StatusException(status, "why"));
        assertEquals(status, answer.status());
        assertEquals("loomtunnel; error=" + error, answer.fields().joined("proxy-status"));
        assertEquals(status == 503, answer.fields().has("retry-after"));
        assertTrue(answer.fields().has("date"));
        assertEquals("accept", answer.fields().joined("vary"));
        assertEquals("no-store", answer.fields().joined("cache-control"));
    }

    @Test void failureOfTheNextHopHasItsOwnType() throws IOException {
        var answer = answer("GET", "*/*", new GatewayException(502, "connection_refused", "why", null));
        assertEquals("loomtunnel; error=connection_refused", answer.fields().joined("proxy-status"));
    }

    @Test void textIsOneTitleAndOneSentence() throws IOException {
        var answer = answer("GET", "*/*", new StatusException(404, "no client has registered this host"));
        assertEquals("text/plain; charset=utf-8", answer.fields().joined("content-type"));
        assertEquals("404 No Such Host\nNo client has registered this host.\n", answer.text());
    }

    @Test void htmlIsEscaped() throws IOException {
        var answer = answer("GET", "text/html", new StatusException(502, NASTY));
        assertEquals("text/html; charset=utf-8", answer.fields().joined("content-type"));
        assertTrue(answer.text().contains("&lt;b&gt;&quot;bold&quot;&lt;/b&gt; &amp; a"), answer.text());
        assertFalse(answer.text().contains("<b>"), answer.text());
        assertTrue(answer.fields().joined("content-security-policy").startsWith("default-src 'none'"));
    }

    @Test void jsonIsAProblem() throws IOException {                                                   // RFC 9457
        var answer = answer("GET", "application/problem+json", new StatusException(502, NASTY));
        assertEquals("application/problem+json", answer.fields().joined("content-type"));
        assertTrue(answer.text().contains("\"status\":502,\"title\":\"Bad Gateway\",\"detail\":\"It's <b>\\\"bold\\\"</b> & a \\\\ back slash.\""), answer.text());
        assertEquals("application/json", answer("GET", "application/json", new StatusException(502, "why")).fields().joined("content-type"));
    }

    @Test void headHasTheLengthOfAPageAndNoPage() throws IOException {                                 // RFC 9110 §9.3.2
        var get = answer("GET", "text/html", new StatusException(404, "why"));
        var head = answer("HEAD", "text/html", new StatusException(404, "why"));
        assertEquals("", head.text());
        assertEquals(Integer.toString(get.text().getBytes(UTF_8).length), head.fields().joined("content-length"));
    }

    private record Answer(int status, Fields fields, String text) {}

    /// Through a real connection, on which the handler fails.
    private static Answer answer(String method, String accept, StatusException error) throws IOException {
        var pair = new DuplexPair(16 * 1024);
        var visitor = pair.left();
        visitor.out().write((method + " /<script> HTTP/1.1\r\nHost: a\r\nAccept: " + accept + "\r\n\r\n").replace("<", "%3C").replace(">", "%3E").getBytes(UTF_8));
        visitor.finish();
        var served = pair.right();
        var peer = new Peer(new InetSocketAddress("192.0.2.7", 4711), "http");
        new Http1Server(served, new ByteReader(served.in(), MemoryBudget.PROCESS), Http1Config.DEFAULTS, peer).serve(_ -> {
            throw error;
        });
        served.finish();
        var answer = new String(visitor.in().readAllBytes(), UTF_8);
        assertFalse(answer.contains("script"), "nothing of the request is repeated");
        int empty = answer.indexOf("\r\n\r\n");
        var lines = answer.substring(0, empty).split("\r\n");
        var fields = new Fields();
        for (int i = 1; i < lines.length; i++) fields.add(lines[i].substring(0, lines[i].indexOf(':')), lines[i].substring(lines[i].indexOf(':') + 2));
        return new Answer(Integer.parseInt(lines[0].substring(9, 12)), fields, answer.substring(empty + 4));
    }
}
