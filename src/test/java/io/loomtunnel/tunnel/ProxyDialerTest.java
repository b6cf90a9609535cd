package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.NetworkProxy;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ProxyDialerTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @Test void aTunnelGoesThroughAProxyThatResolvesTheServersName() throws Exception {
        for (var kind : ForwardProxy.Kind.values()) {
            for (var credentials : List.of("", "me:s e cret%")) {
                var user = credentials.isEmpty() ? "" : "me";
                var password = credentials.isEmpty() ? "" : "s e cret%";
                try (var server = new ControlPort(PtthConfig.DEFAULTS); var proxy = new NetworkProxy(user, password);
                     var session = session(server.port(), new ForwardProxy(kind, "127.0.0.1", proxy.port(), user, password), _ -> { })) {
                    session.awaitAttached(Deadline.after(LIMIT));
                    assertEquals("hello", Link.get(server.tunnels.await("app.example.com", "/", Deadline.after(LIMIT))));
                    var word = kind == ForwardProxy.Kind.HTTP ? "connect" : "socks";
                    assertEquals(List.of(word + " only-the-proxy-knows.test:" + server.port()), List.copyOf(proxy.asked()));
                }
            }
        }
    }

    @Test void anAddressIsGivenToTheProxyAsAnAddress() throws Exception {
        try (var listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress()); var proxy = new NetworkProxy()) {
            int port = listening.getLocalPort();
            for (var kind : List.of("http", "socks5")) {
                for (var host : List.of("192.0.2.1", "2001:db8::1")) {
                    ProxyDialer.connect(ForwardProxy.of(kind + "://127.0.0.1:" + proxy.port()), host, port, LIMIT).close();
                }
            }
            assertEquals(List.of("connect 192.0.2.1:" + port, "connect [2001:db8::1]:" + port, "socks 192.0.2.1:" + port, "socks [2001:db8:0:0:0:0:0:1]:" + port),
                    List.copyOf(proxy.asked()));
        }
    }

    @Test void aProxyThatWantsAUserStopsTheClientWithWhatToDo() throws Exception {
        var events = new LinkedBlockingQueue<SessionEvent>();
        for (var scheme : List.of("http", "socks5")) {
            try (var server = new ControlPort(PtthConfig.DEFAULTS); var proxy = new NetworkProxy("me", "secret");
                 var _ = session(server.port(), ForwardProxy.of(scheme + "://127.0.0.1:" + proxy.port()), events::add)) {
                var refused = (SessionEvent.Refused) events.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
                assertEquals(407, refused.status());
                assertEquals("the proxy " + scheme + "://127.0.0.1:" + proxy.port() + ": it wants a user and a password: write them into its URL, "
                        + scheme + "://USER:PASSWORD@127.0.0.1:" + proxy.port(), refused.reason());
            }
        }
    }

    @Test void aWrongPasswordIsSaidAndNotRepeated() throws Exception {
        for (var scheme : List.of("http", "socks5")) {
            try (var proxy = new NetworkProxy("me", "secret")) {
                var refusal = assertThrows(RefusedException.class, () -> dial(scheme + "://me:hush@127.0.0.1:" + proxy.port(), 9));
                assertTrue(refusal.lasting());
                assertTrue(refusal.getMessage().endsWith("it does not accept this user and password"), refusal.getMessage());
                assertFalse(refusal.getMessage().contains("hush"), refusal.getMessage());
            }
        }
    }

    @Test void everyAnswerOfAProxyIsOneLineThatSaysWhatToDo() throws Exception {
        try (var proxy = new NetworkProxy()) {
            var url = "http://127.0.0.1:" + proxy.port();
            for (var each : List.of(List.of("403 Forbidden", "let port 443 pass"), List.of("405 No", "knows no CONNECT"), List.of("502 No", "are name and port right"),
                    List.of("302 Found\r\nLocation: http://login", "with a browser"), List.of("404 No", "it is no proxy"), List.of("299 Odd", "sent something"))) {
                boolean odd = each.getFirst().startsWith("299");
                proxy.answerAlways("HTTP/1.1 " + each.getFirst() + "\r\n" + (odd ? "\r\nbytes" : "Content-Length: 0\r\n\r\n"));
                var failure = assertThrows(IOException.class, () -> dial(url, 9));
                assertTrue(failure.getMessage().startsWith("the proxy " + url + " did not connect to host.test:9: "), failure.getMessage());
                assertTrue(failure.getMessage().contains(each.get(1)), failure.getMessage());
            }
            proxy.answerAlways("HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n");
            var refusal = assertThrows(RefusedException.class, () -> dial(url, 9));
            assertTrue(refusal.getMessage().contains("cntlm"), refusal.getMessage());
            proxy.answerAlways("SSH-2.0-OpenSSH\r\n\r\n");
            var failure = assertThrows(IOException.class, () -> dial(url, 9));
            assertTrue(failure.getMessage().contains("does not speak HTTP as a proxy does"), failure.getMessage());
        }
    }

    @Test void aServerThatRefusesIsSaidByBothKindsOfProxy() throws Exception {
        int closed;
        try (var reserved = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = reserved.getLocalPort();
        }
        try (var proxy = new NetworkProxy()) {
            var failure = assertThrows(IOException.class, () -> dial("http://127.0.0.1:" + proxy.port(), closed));
            assertTrue(failure.getMessage().contains("502, it cannot reach the server"), failure.getMessage());
            failure = assertThrows(IOException.class, () -> dial("socks5://127.0.0.1:" + proxy.port(), closed));
            assertTrue(failure.getMessage().contains("the connection was refused"), failure.getMessage());
        }
    }

    @Test void aProxyThatIsNotThereOrSaysNothingIsNamed() throws Exception {
        int port;
        try (var silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            port = silent.getLocalPort();
            for (var scheme : List.of("http", "socks5")) {
                var url = scheme + "://127.0.0.1:" + port;
                var late = assertThrows(SocketTimeoutException.class, () -> ProxyDialer.connect(ForwardProxy.of(url), "host.test", 9, Duration.ofMillis(200)));
                assertEquals("the proxy " + url + " did not connect to host.test:9 within 200 ms", late.getMessage());
            }
        }
        var failure = assertThrows(IOException.class, () -> dial("http://127.0.0.1:" + port, 9));
        assertTrue(failure.getMessage().startsWith("no proxy at http://127.0.0.1:" + port + ": cannot connect"), failure.getMessage());
    }

    private static void dial(String proxy, int port) throws IOException {
        ProxyDialer.connect(ForwardProxy.of(proxy), "host.test", port, LIMIT).close();
    }

    private static TunnelSession session(int port, ForwardProxy proxy, Consumer<SessionEvent> events) {
        var dial = DialConfig.DEFAULTS.withProxies(ProxyChoice.always(proxy));
        var dialer = new TunnelDialer("only-the-proxy-knows.test", port, "token", List.of(Route.of("app.example.com")), dial);
        var session = new TunnelSession(dialer, exchange -> {
            try (var content = exchange.respond(new ResponseHead(200, new Fields()))) {
                content.write("hello".getBytes(ISO_8859_1));
                content.end();
            }
        }, events);
        session.start();
        return session;
    }
}
