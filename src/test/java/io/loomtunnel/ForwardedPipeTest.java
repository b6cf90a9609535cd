package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.RawOrigin;
import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.TrustedProxies;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What an origin learns of its visitors through both ends, and by whose word.
@Timeout(30)
class ForwardedPipeTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n\r\n";
    private static final byte[] V2 = "\r\n\r\n\0\r\nQUIT\n\041\021\0\014\300\0\002\007\177\0\0\001\334\004\001\273".getBytes(ISO_8859_1);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final LinkedBlockingQueue<String> heads = new LinkedBlockingQueue<>();
    private final RawOrigin origin = new RawOrigin(connection -> {
        for (String head; !(head = connection.head()).isEmpty(); ) {
            heads.add(head);
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    private WholePipe pipe;

    ForwardedPipeTest() throws IOException {
        open.push(origin);
    }

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void visitorsWordCountsForNothing() throws Exception {
        start(TrustedProxies.NONE);
        assertEquals("ok", visit(GET));
        var head = head();
        assertTrue(head.contains("\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: app.test\r\n"), head);
        assertFalse(head.contains("6.6.6.6"), head);
    }

    @Test void trustedProxysWordCounts() throws Exception {
        start(TrustedProxies.of("127.0.0.0/8"));
        assertEquals("ok", visit(GET));
        var head = head();
        assertTrue(head.contains("\r\nX-Forwarded-For: 6.6.6.6, 127.0.0.1\r\n"), head);
        assertTrue(head.contains("\r\nX-Forwarded-Proto: https\r\n"), head);
    }

    @Test void proxyHeaderNamesTheVisitorWhoIsNotTrustedForIt() throws Exception {
        start(TrustedProxies.of("127.0.0.0/8").withProxyProtocol());
        for (var header : new String[] {"PROXY TCP4 192.0.2.7 127.0.0.1 56324 443\r\n", new String(V2, ISO_8859_1)}) {
            assertEquals("ok", visit(header + GET), "in one segment");
            var head = head();
            assertTrue(head.contains("\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n"), head);
            assertEquals("ok", visit(header, GET), "in two segments");
            assertTrue(head().contains("\r\nX-Forwarded-For: 192.0.2.7\r\n"));
        }
    }

    @Test void proxyHeaderOfNobodyLeavesTheConnectionsAddress() throws Exception {
        start(TrustedProxies.of("127.0.0.0/8").withProxyProtocol());
        assertEquals("ok", visit("PROXY UNKNOWN\r\n" + GET));
        assertTrue(head().contains("\r\nX-Forwarded-For: 6.6.6.6, 127.0.0.1\r\n"));
    }

    @Test void trustedConnectionWithoutItsProxyHeaderIsClosedUnanswered() throws Exception {
        start(TrustedProxies.of("127.0.0.0/8").withProxyProtocol());
        assertEquals("", visit(GET));
        assertEquals("", visit("PROXY TCP4 192.0.2.7 127.0.0.1 56324 65536\r\n" + GET));
        assertNull(heads.poll());
    }

    @Test void proxyHeaderIsReadFromNobodyElse() throws Exception {
        start(TrustedProxies.of("192.0.2.0/24").withProxyProtocol());
        assertEquals("", pipe.answer("PROXY TCP4 192.0.2.7 127.0.0.1 56324 443\r\n" + GET));     // no line of HTTP's
        assertEquals("ok", visit(GET));
        assertTrue(head().contains("\r\nX-Forwarded-For: 127.0.0.1\r\n"));
    }

    private void start(TrustedProxies proxies) throws IOException {
        pipe = new WholePipe(IngressConfig.DEFAULTS.withProxies(proxies));
        open.push(pipe);
        pipe.client(client -> client.http(origin.uri()));
    }

    private String head() throws InterruptedException {
        return heads.poll(10, TimeUnit.SECONDS);
    }

    private String visit(String... pieces) throws IOException {
        return WholePipe.content(pipe.answer(pieces));
    }
}
