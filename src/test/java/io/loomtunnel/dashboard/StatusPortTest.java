package io.loomtunnel.dashboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StatusPortTest {
    private final HttpClient visitor = HttpClient.newHttpClient();
    private volatile String trouble = "";
    private final StatusPort port = StatusPort.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), () -> {
        if (!trouble.isEmpty()) throw new IOException(trouble);
    });

    StatusPortTest() throws IOException {}

    @AfterEach void close() {
        port.close();
        visitor.close();
    }

    @Test void readyIsWhatTheProbeSaysNow() throws Exception {
        assertSays(200, "ready\n", "/ready");
        trouble = "no client is attached";
        assertSays(503, "no client is attached\n", "/ready");
        trouble = "";
        assertSays(200, "ready\n", "/ready?verbose");
    }

    @Test void healthDoesNotDependOnIt() throws Exception {
        trouble = "anything";
        port.drain();
        assertSays(200, "ok\n", "/health");
    }

    @Test void whoDrainsIsNotReadyThoughItCouldBe() throws Exception {
        port.drain();
        assertSays(503, "shutting down\n", "/ready");
    }

    @Test void nothingElseIsThere() throws Exception {
        assertEquals(404, get("GET", "/").statusCode());
        var refused = get("POST", "/ready");
        assertEquals(405, refused.statusCode());
        assertEquals("GET, HEAD", refused.headers().firstValue("allow").orElseThrow());
        var head = get("HEAD", "/ready");
        assertEquals(200, head.statusCode());
        assertTrue(head.body().isEmpty());
        assertEquals("6", head.headers().firstValue("content-length").orElseThrow());
    }

    private void assertSays(int status, String text, String path) throws Exception {
        var response = get("GET", path);
        assertEquals(text, response.body());
        assertEquals(status, response.statusCode());
        assertEquals("no-store", response.headers().firstValue("cache-control").orElseThrow());
    }

    private HttpResponse<String> get(String method, String path) throws Exception {
        var uri = URI.create("http://127.0.0.1:" + port.localAddress().getPort() + path);
        return visitor.send(HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()).build(), BodyHandlers.ofString());
    }
}
