package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.ingress.AddressRange;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.TrustedProxies;
import io.loomtunnel.tunnel.Route;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StickyPipeTest {
    private static final String HOST = "app.example.com";
    private static final Pattern SET = Pattern.compile("set-cookie: (loomtunnel-client=[A-Za-z0-9_-]{16}); Path=(\\S+); HttpOnly; SameSite=Lax(; Secure)?\r\n",
            Pattern.CASE_INSENSITIVE);

    private final Deque<WholePipe> open = new ArrayDeque<>();

    @AfterEach void closeAll() {
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void aVisitorStaysWithTheClientThatServedItFirst() throws IOException {
        var pipe = pipe(IngressConfig.DEFAULTS.withStickiness());
        attach(pipe, "one", HOST);
        attach(pipe, "two", HOST);
        var seen = new HashSet<String>();
        for (int i = 0; i < 4; i++) {
            var first = get(pipe, "/", "");
            var client = name(first);
            seen.add(client);
            for (int j = 0; j < 5; j++) {
                var again = get(pipe, "/", "Cookie: " + cookie(first) + "\r\n");
                assertEquals(client, name(again));
                assertFalse(SET.matcher(again).find(), "it is known already");
            }
        }
        assertEquals(2, seen.size(), "others take turns");
    }

    @Test void withoutStickinessThereIsNoCookieAndACookieOfThatNameIsSomebodyElses() throws IOException {
        var pipe = pipe(IngressConfig.DEFAULTS);
        attach(pipe, "one", HOST);
        var answer = get(pipe, "/", "Cookie: loomtunnel-client=x\r\n");
        assertFalse(answer.toLowerCase().contains("set-cookie"));
        assertTrue(WholePipe.content(answer).endsWith("[loomtunnel-client=x]"), answer);
    }

    @Test void theOriginSeesItsOwnCookiesOnly() throws IOException {
        var pipe = pipe(IngressConfig.DEFAULTS.withStickiness());
        attach(pipe, "one", HOST);
        var ours = cookie(get(pipe, "/", ""));
        assertEquals("one []", WholePipe.content(get(pipe, "/", "Cookie: " + ours + "\r\n")));
        assertEquals("one [a=b; c=d]", WholePipe.content(get(pipe, "/", "Cookie: a=b; " + ours + "; c=d\r\n")));
        assertEquals("one [a=b; xloomtunnel-client=1]", WholePipe.content(get(pipe, "/", "Cookie: a=b\r\nCookie: " + ours + "; xloomtunnel-client=1\r\n")));
    }

    @Test void aVisitorWhoseClientIsGoneIsServedByAnotherAndStaysThere() throws IOException {
        var pipe = pipe(IngressConfig.DEFAULTS.withStickiness());
        var one = attach(pipe, "one", HOST);
        assertEquals("one", name(get(pipe, "/", "")));
        one.close();
        attach(pipe, "two", HOST);
        var gone = "Cookie: loomtunnel-client=0123456789abcdef\r\n";
        var moved = get(pipe, "/", gone);
        assertEquals("two", name(moved));
        assertFalse(SET.matcher(get(pipe, "/", "Cookie: " + cookie(moved) + "\r\n")).find());
    }

    @Test void theCookieOfARouteWithAPathBelongsToThatPath() throws IOException {              // RFC 6265 §5.1.4, §5.4
        var pipe = pipe(IngressConfig.DEFAULTS.withStickiness());
        attach(pipe, "root", HOST);
        attach(pipe, "api one", HOST + "/api");
        attach(pipe, "api two", HOST + "/api");
        var root = set(get(pipe, "/", ""));
        var api = get(pipe, "/api/x", "Cookie: " + root.group(1) + "\r\n");
        assertEquals("/", root.group(2));
        assertEquals("/api", set(api).group(2));
        for (int i = 0; i < 4; i++) {
            assertEquals(name(api), name(get(pipe, "/api/x", "Cookie: " + cookie(api) + "; " + root.group(1) + "\r\n")));
        }
    }

    @Test void theCookieIsSecureForAVisitorByTls() throws IOException {
        var proxies = new TrustedProxies(List.of(AddressRange.of("127.0.0.0/8")), false);
        var pipe = pipe(IngressConfig.DEFAULTS.withProxies(proxies).withStickiness());
        attach(pipe, "one", HOST);
        assertEquals(null, set(get(pipe, "/", "")).group(3));
        assertEquals("; Secure", set(get(pipe, "/", "X-Forwarded-Proto: https\r\n")).group(3));
    }

    @Test void aSwitchOfProtocolsSetsTheCookieToo() throws IOException {
        var pipe = pipe(IngressConfig.DEFAULTS.withStickiness());
        serve(pipe, HOST, exchange -> exchange.upgrade(new Fields()).finish());
        var answer = get(pipe, "/", "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 101 "), answer);
        set(answer);
    }

    private WholePipe pipe(IngressConfig config) throws IOException {
        var pipe = new WholePipe(config);
        open.push(pipe);
        return pipe;
    }

    private static TunnelClient attach(WholePipe pipe, String name, String route) throws IOException {
        return serve(pipe, route, exchange -> {
            var cookies = exchange.request().fields().joined("cookie");
            var text = (name + " [" + (cookies == null ? "" : cookies) + "]").getBytes(ISO_8859_1);
            try (var content = exchange.respond(new ResponseHead(200, Fields.of("content-length", Integer.toString(text.length))))) {
                content.write(text);
                content.end();
            }
        });
    }

    private static TunnelClient serve(WholePipe pipe, String route, ExchangeHandler handler) throws IOException {
        return pipe.client(builder -> builder.http(Route.of(route).toString(), handler));
    }

    private static String get(WholePipe pipe, String path, String fields) throws IOException {
        return pipe.answer("GET " + path + " HTTP/1.1\r\nHost: " + HOST + "\r\n" + fields + "\r\n");
    }

    private static String name(String answer) {
        var content = WholePipe.content(answer);
        return content.substring(0, content.indexOf(" ["));
    }

    private static Matcher set(String answer) {
        var set = SET.matcher(answer);
        assertTrue(set.find(), answer);
        return set;
    }

    private static String cookie(String answer) {
        return set(answer).group(1);
    }
}
