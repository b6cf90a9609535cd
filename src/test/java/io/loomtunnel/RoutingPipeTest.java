package io.loomtunnel;

import static io.loomtunnel.fixture.WholePipe.content;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.ingress.IngressConfig;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which of several clients, and which of their services, gets a request; and that its path arrives as it was sent.
@Timeout(30)
class RoutingPipeTest {
    private final WholePipe pipe = new WholePipe(IngressConfig.DEFAULTS);

    RoutingPipeTest() throws IOException {
        pipe.client(client -> client.http("app.test", named("app")).http("app.test/api/v2", named("v2")).http("[::1]", named("v6")));
        pipe.client(client -> client.http("app.test/api", named("api")).http("only.test/in", named("in")).http("xn--bcher-kva.test", named("idn")));
        pipe.client(client -> client.http("*.wild.test", named("wild")));
    }

    @AfterEach void close() {
        pipe.close();
    }

    @ParameterizedTest
    @CsvSource({
        "app.test, /, app", "APP.Test:8080, /x, app", "app.test., /, app", "app.test.:1, /?x, app", "app.test, /api, api", "app.test, /api?/v2, api", "app.test, /api/v2, v2",
        "app.test, /api/v2/x?y#, 400", "app.test, /api/v20, api", "app.test, /apis, app", "app.test, /%61pi/%76%32, v2", "app.test, /api%2Fv2, app", "app.test, //api, app",
        "app.test, /api/../admin, 400", "app.test, /api/%2e%2E/admin, 400", "app.test, /api/..%2Fadmin, 400", "app.test, /api/..;/admin, 400", "app.test, /../x, 400",
        "only.test, /in/x, in", "only.test, /, 404", "only.test, /inn, 404", "only.test, /in/../x, 400", "a.wild.test, /, wild", "a.b.WILD.test, /a/../b/%2e, wild", "wild.test, /, 404",
        "[::1], /, v6", "[0:0:0:0::1]:80, /, v6", "[::2], /, 404", "xn--bcher-kva.test, /, idn", "XN--BCHER-KVA.test, /, idn", "other.test, /, 404",
    })
    void longestMatchGetsTheRequestAsItWasSent(String host, String path, String who) throws IOException {
        var answer = pipe.answer("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
        assertEquals(who.length() == 3 && Character.isDigit(who.charAt(0)) ? "HTTP/1.1 " + who : who + " " + host + " " + path,
                answer.startsWith("HTTP/1.1 200 ") ? content(answer) : answer.substring(0, 12));
    }

    @ParameterizedTest
    @CsvSource({"b\u00fccher.test", "a b", "a/b", "u@app.test", "app.test:x", "app.test:80:80", "'app.test, app.test'", "[::1", "::1", "[app.test]", ":80", "app.test:65536", "[:::]", "[1.2.3.4]"})
    void hostThatIsNoneIsRefused(String host) throws IOException {                                     // RFC 9112 §3.2
        assertEquals("HTTP/1.1 400", pipe.answer("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").substring(0, 12));
    }

    @Test void requestWithoutAHostIsTheCatchAlls() throws IOException {
        assertEquals("HTTP/1.1 400", pipe.answer("GET / HTTP/1.1\r\n\r\n").substring(0, 12), "RFC 9112 §3.2");
        assertEquals("HTTP/1.1 404", pipe.answer("GET / HTTP/1.0\r\n\r\n").substring(0, 12));
        assertEquals("HTTP/1.1 404", pipe.answer("GET / HTTP/1.1\r\nHost:\r\n\r\n").substring(0, 12));
        pipe.client(client -> client.http("*", named("rest")));
        assertEquals("rest  /x", content(pipe.answer("GET /x HTTP/1.0\r\n\r\n")));
        assertEquals("rest  /x", content(pipe.answer("GET /x HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")));
        assertEquals("rest only.test /", content(pipe.answer("GET / HTTP/1.1\r\nHost: only.test\r\nConnection: close\r\n\r\n")), "a less exact host has the rest of the paths");
    }

    @Test void otherFormsOfTheTargetAreRoutedAlike() throws IOException {                              // RFC 9112 §3.2.2, §3.2.4
        assertEquals("api app.test /api/x", content(pipe.answer("GET http://app.test/api/x HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n")));
        assertEquals("app app.test *", content(pipe.answer("OPTIONS * HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n")));
        assertEquals("HTTP/1.1 404", pipe.answer("OPTIONS * HTTP/1.1\r\nHost: only.test\r\nConnection: close\r\n\r\n").substring(0, 12));
    }

    /// Answers with its own name and the head that arrived.
    private static ExchangeHandler named(String name) {
        return exchange -> {
            var text = (name + " " + exchange.request().authority() + " " + exchange.request().path()).getBytes(ISO_8859_1);
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", Integer.toString(text.length))));
            sink.write(text);
            sink.end();
        };
    }
}
