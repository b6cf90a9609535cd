package io.loomtunnel;

import static io.loomtunnel.fixture.WholePipe.content;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.RawOrigin;
import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.proxy.HostHeader;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What RFC 9110 asks of a gateway, seen from both sides of the whole pipe.
@Timeout(30)
class GatewayPipeTest {
    private final LinkedBlockingQueue<String> heads = new LinkedBlockingQueue<>();
    private volatile String fields = "";
    private final RawOrigin origin = new RawOrigin(connection -> {
        for (String head; !(head = connection.head()).isEmpty(); ) {
            heads.add(head);
            connection.send("HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 2\r\n\r\nok");
        }
    });
    private final WholePipe pipe = new WholePipe(IngressConfig.DEFAULTS);

    GatewayPipeTest() throws IOException {
        pipe.client(client -> client.http(origin.uri()));
    }

    @AfterEach void close() throws IOException {
        pipe.close();
        origin.close();
    }

    @Test void requestCarriesOneViaOfBothEnds() throws Exception {                                     // RFC 9110 §7.6.3
        pipe.answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals("Via: 1.1 loomtunnel", lines("Via"));
        pipe.answer("GET / HTTP/1.0\r\nHost: a\r\nVia: 1.1 cdn (x, y)\r\n\r\n");
        assertEquals("Via: 1.1 cdn (x, y)\nVia: 1.0 loomtunnel", lines("Via"));
    }

    @Test void responseHasNoVia() throws Exception {
        assertFalse(pipe.answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n").contains("\r\nVia:"));
    }

    @Test void requestThatRunsInACircleEnds() throws Exception {                                       // RFC 9110 §7.6
        var self = new WholePipe(IngressConfig.DEFAULTS);
        try (self) {
            self.client(client -> client.http(URI.create("http://127.0.0.1:" + self.server().httpAddress().getPort())));
            var answer = self.answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 502 "), answer);
            assertTrue(answer.contains("\r\nProxy-Status: loomtunnel; error=proxy_loop_detected\r\n"), answer);
        }
    }

    @Test void dateIsAddedWhereTheOriginHasNone() throws Exception {                                   // RFC 9110 §6.6.1
        assertEquals(1, pipe.answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n").split("\r\nDate: ", -1).length - 1);
        fields = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
        var answer = pipe.answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(answer.contains("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), answer);
        assertEquals(1, answer.split("\r\nDate: ", -1).length - 1);
        assertTrue(pipe.answer("nonsense\r\n\r\n").contains("\r\nDate: "), "our own pages have one, too");
    }

    @ParameterizedTest
    @CsvSource({"OPTIONS,1,0", "OPTIONS,70,69", "TRACE,1,0", "GET,0,0", "GET,5,5", "OPTIONS,x,x", "OPTIONS,-1,-1",
        "OPTIONS,99999999999999999999,9223372036854775806"})
    void maxForwardsIsCountedByTheWholeTunnelOnce(String method, String before, String after) throws Exception { // RFC 9110 §7.6.2
        pipe.answer(method + " / HTTP/1.1\r\nHost: a\r\nMax-Forwards: " + before + "\r\n\r\n");
        assertEquals("Max-Forwards: " + after, lines("Max-Forwards"));
    }

    @Test void lastHopAnswersForTheOrigin() throws Exception {                                         // RFC 9110 §7.6.2, §9.3.8
        var options = pipe.answer("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
        assertTrue(options.startsWith("HTTP/1.1 200 ") && options.contains("\r\nContent-Length: 0\r\n"), options);
        assertEquals("", content(options));
        var trace = pipe.answer("TRACE /x?y HTTP/1.1\r\nHost: a\r\nMax-Forwards: 00\r\nCookie: c\r\nAuthorization: a\r\nProxy-Authorization: p\r\nX-A: 1\r\n\r\n");
        assertTrue(trace.contains("\r\nContent-Type: message/http\r\n"), trace);
        assertEquals("TRACE /x?y HTTP/1.1\r\nhost: a\r\nmax-forwards: 00\r\nx-a: 1\r\n\r\n", content(trace));
        assertNull(heads.poll(), "nothing was forwarded");
    }

    @Test void pageOfTheClientsEndPassesTheServerAsItIs() throws Exception {                            // RFC 9209 §2
        var gone = new RawOrigin(_ -> { });
        gone.close();
        pipe.client(client -> client.http("gone.test", gone.uri()));
        var answer = pipe.answer("GET / HTTP/1.1\r\nHost: gone.test\r\nAccept: application/json\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 502 ") && answer.contains("\r\nContent-Type: application/json\r\n"), answer);
        assertEquals(1, answer.split("\r\nProxy-Status: loomtunnel; error=connection_refused\r\n", -1).length - 1, answer);
        assertEquals(1, answer.split("Proxy-Status", -1).length - 1, answer);
    }

    @Test void originThatAnswersToItsOwnNameIsAskedForThat() throws Exception {
        pipe.client(client -> client.http("dev.test", origin.uri()).hostHeader(HostHeader.REWRITE));
        var own = "127.0.0.1:" + origin.port();
        fields = "Location: http://" + own + "/login\r\nSet-Cookie: a=b; Domain=127.0.0.1\r\n";
        var answer = pipe.answer("GET / HTTP/1.1\r\nHost: dev.test:8080\r\nOrigin: http://dev.test:8080\r\n\r\n");
        var head = heads.poll(10, TimeUnit.SECONDS);
        assertTrue(head.contains("\r\nHost: " + own + "\r\n") && head.contains("\r\nX-Forwarded-Host: dev.test:8080\r\n"), head);
        assertTrue(head.contains("\r\nOrigin: http://dev.test:8080\r\n"), head);
        assertTrue(answer.contains("\r\nLocation: http://dev.test:8080/login\r\n") && answer.contains("\r\nSet-Cookie: a=b\r\n"), answer);
        answer = pipe.answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(answer.contains("\r\nLocation: http://" + own + "/login\r\n"), "with the visitor's host nothing is turned back");
    }

    @Test void originsOwnErrorIsNoneOfOurs() throws Exception {
        fields = "Proxy-Status: cdn; error=dns_error\r\n";
        var answer = pipe.answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(answer.contains("\r\nProxy-Status: cdn; error=dns_error\r\n"), answer);
        assertFalse(answer.contains("loomtunnel"), answer);
    }

    private String lines(String name) throws InterruptedException {
        var head = heads.poll(10, TimeUnit.SECONDS);
        var found = new StringBuilder();
        for (var line : head.split("\r\n")) if (line.startsWith(name + ":")) found.append(found.isEmpty() ? "" : "\n").append(line);
        return found.toString();
    }
}
