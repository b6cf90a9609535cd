package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.StatusException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PtthRequestTest {
    private static final ClientId CLIENT = new ClientId("0f", 2, 7);

    @Test void isWrittenAsTheDesignShowsIt() {
        var routes = List.of(Route.of("app.example.com"), Route.of("*.example.org"));
        var head = new PtthRequest(routes, CLIENT, "secret", "").head("edge:7835");
        assertEquals("/.well-known/ptth/http%3A%2F%2Fapp.example.com/", head.path());
        assertEquals("edge:7835", head.authority());
        assertEquals("ptth", head.fields().first("upgrade"));
        assertEquals("h2", head.fields().first("alpn"));
        assertEquals("Bearer secret", head.fields().first("authorization"));
        assertEquals("\"*.example.org\"", head.fields().first("loomtunnel-routes"));
        assertEquals("instance=\"0f\", slot=2, epoch=7", head.fields().first("loomtunnel-client"));
    }

    @Test void whatWasWrittenIsRead() throws Exception {
        var routes = List.of(Route.of("a.example"), Route.of("[::1]"), Route.of("*"), Route.of("b.example/x"));
        var request = new PtthRequest(routes, CLIENT, "t.o-k_en~+/=", "");
        assertEquals(request, PtthRequest.parse(request.head("edge"), 10));
    }

    @Test void aTcpNameTravelsBesideTheHostOfItsSpelling() throws Exception {
        var request = new PtthRequest(List.of(Route.of("db"), new Route.Tcp("db")), CLIENT, "t", "");
        assertEquals("/.well-known/ptth/http%3A%2F%2Fdb/", request.head("edge").path());
        assertEquals("\"tcp:db\"", request.head("edge").fields().first("loomtunnel-routes"));
        assertEquals(request, PtthRequest.parse(request.head("edge"), 10));
    }

    @Test void withoutAnExactHostTheTargetSaysSo() throws Exception {
        var request = new PtthRequest(List.of(Route.CATCH_ALL), CLIENT, "t", "");
        assertEquals("/.well-known/ptth/loomtunnel/", request.head("edge").path());
        assertEquals(request, PtthRequest.parse(request.head("edge"), 10));
    }

    @ParameterizedTest
    @CsvSource({
        "HTTPS%3a%2f%2fApp.Example.Com.%3A8443, app.example.com",
        "http%3A%2F%2F%5B::1%5D:80, [::1]",
    })
    void schemeAndPortOfAnOriginAreAcceptedAndNotCompared(String origins, String host) throws Exception {
        assertEquals(List.of(Route.of(host)), WellKnownTarget.parse(WellKnownTarget.PREFIX + origins + "/"));
    }

    @Test void originsAreSeparatedByCommasEncodedOrNot() throws Exception {                     // RFC 6570 §3.2.2
        var expected = List.of(Route.of("a"), Route.of("b"), Route.of("c"));
        var target = "/.well-known/ptth/http%3A%2F%2Fa,http%3A%2F%2Fb%2Chttps%3A%2F%2Fc/";
        assertEquals(expected, WellKnownTarget.parse(target));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "/", "x/", "loomtunnel", "loomtunnel/x", "loomtunnel/?a",
        "http%3A%2F%2F/", "http%3A%2F%2Fa,/", "http%3A%2F%2Fa%/",
        "http%3A%2F%2Fa%4/", "http%3A%2F%2Fa%4g/", "http%3A%2F%2Fa%00/",
        "http%3A%2F%2Fa%C3%BC/", "ftp%3A%2F%2Fa/", "http%3A%2F%2Fa%3A/",
        "http%3A%2F%2Fa%3A99999/",
        "http%3A%2F%2Fa%2Fpath/", "http%3A%2F%2Fu%40a/", "http%3A%2F%2F%2A.a/", "http%3A%2F%2F%2A/", "null/",
    })
    void whatIsNoListOfOriginsIsMalformed(String rest) {
        var refusal = assertThrows(StatusException.class, () -> WellKnownTarget.parse(WellKnownTarget.PREFIX + rest));
        assertEquals(400, refusal.status());
    }

    @Test void aRequestThatOffersNoUpgradeIsToldWhatToUpgradeTo() {                             // RFC 9110 §15.5.22
        assertEquals(426, status(request().head("edge").with(Fields.of("alpn", "h2"))));
        var other = Fields.of("connection", "upgrade", "upgrade", "websocket", "alpn", "h2");
        assertEquals(426, status(request().head("edge").with(other)));
    }

    @ParameterizedTest
    @CsvSource({"h2, 101", "'http%2F1.1, h2', 101", "h2c, 426", "http%2F1.1, 426", "H2, 426", "'', 426"})
    void onlyHttp2IsSpokenOnATunnel(String alpn, int status) {                                  // RFC 7639
        var head = request().head("edge");
        head.fields().set("alpn", alpn);
        assertEquals(status, status(head));
    }

    @Test void eachConnectionWithoutAnIdentityIsAnInstanceOfItsOwn() throws Exception {
        var head = request().head("edge");
        head.fields().remove("loomtunnel-client");
        var client = PtthRequest.parse(head, 10).client();
        assertNotEquals(client.instance(), PtthRequest.parse(head, 10).client().instance());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "instance=\"a\", slot=0", "instance=a, slot=0, epoch=1", "instance=\"a\", slot=-1, epoch=1",
        "instance=\"a\", slot=0, epoch=-1",
        "instance=\"a\", slot=\"0\", epoch=1", "instance=\"\", slot=0, epoch=1",
        "instance=\"a\", slot=99999999999, epoch=1", "x",
    })
    void aBrokenIdentityIsMalformed(String field) {
        var head = request().head("edge");
        head.fields().set("loomtunnel-client", field);
        assertEquals(400, status(head));
    }

    @Test void tooManyRoutesAreMalformedAndARepeatedOneCountsOnce() throws Exception {
        var routes = IntStream.range(0, 11).mapToObj(i -> Route.of("h" + i)).toList();
        assertEquals(400, status(new PtthRequest(routes, CLIENT, "t", "").head("edge")));
        var twice = new PtthRequest(List.of(Route.of("a"), Route.of("A.")), CLIENT, "t", "");
        assertEquals(List.of(Route.of("a")), PtthRequest.parse(twice.head("edge"), 10).routes());
    }

    @Test void aRequestForNothingIsMalformed() {
        var head = new PtthRequest(List.of(Route.CATCH_ALL), CLIENT, "t", "").head("edge");
        head.fields().remove("loomtunnel-routes");
        assertEquals(400, status(head));
    }

    @ParameterizedTest
    @CsvSource({"Bearer abc, abc", "bEARER  abc, abc", "Basic abc, ''", "abc, ''", "Bearer, ''"})
    void theTokenIsTheBearers(String credentials, String token) throws Exception {              // RFC 6750 §2.1
        var head = request().head("edge");
        head.fields().set("authorization", credentials);
        assertEquals(token, PtthRequest.parse(head, 10).token());
    }

    @Test void ofTwoTokensNoneCounts() throws Exception {
        var head = request().head("edge");
        head.fields().add("authorization", "Bearer other");
        assertEquals("", PtthRequest.parse(head, 10).token());
    }

    @Test void noTokenIsEverPrinted() {
        assertFalse(request().toString().contains("secret"));
    }

    @Test void theAnswerNamesRoutesAndVisitors() throws Exception {
        var urls = List.of("http://a:8080/", "http://edge:8080/");
        var answer = new PtthAnswer(List.of(Route.of("a"), Route.CATCH_ALL), urls, Map.of());
        assertEquals(answer, PtthAnswer.parse(answer.fields(), List.of()));
        var other = Fields.of("connection", "upgrade", "upgrade", "ptth", "alpn", "h2");
        assertEquals(List.of(Route.of("b")), PtthAnswer.parse(other, List.of(Route.of("b"))).routes());
    }

    @Test void theAnswerNamesTheOneWhoHasNoUrlToo() throws Exception {
        var answer = new PtthAnswer(List.of(Route.of("a"), new Route.Tcp("db")), List.of("", "tcp://edge:20001"), Map.of(new Route.Tcp("db"), 20001));
        assertEquals("\"a\", \"tcp:db\";port=20001", answer.fields().first("loomtunnel-routes"));
        var read = PtthAnswer.parse(answer.fields(), List.of());
        assertEquals(answer.routes(), read.routes());
        assertEquals(answer.visitors(), read.visitors());
        var silent = new PtthAnswer(List.of(Route.of("a")), List.of(""), Map.of());
        assertFalse(silent.fields().has("loomtunnel-visitors"));
    }

    @Test void aSwitchToAnotherProtocolIsRefused() {
        var fields = Fields.of("connection", "upgrade", "upgrade", "websocket");
        assertThrows(StatusException.class, () -> PtthAnswer.parse(fields, List.of()));
        var http3 = Fields.of("connection", "upgrade", "upgrade", "ptth", "alpn", "h3");
        assertThrows(StatusException.class, () -> PtthAnswer.parse(http3, List.of()));
    }

    @Test void whateverIsSentIsReadOrRefused() {
        var random = new Random(7639);
        String[] parts = {"http%3A%2F%2F", "a", ".", "*", "%", "%2C", ",", "/", ":", "[", "::1", "]", "\"", ";", "=", "1", "-", " "};
        for (int round = 0; round < 50_000; round++) {
            var fields = Fields.of("connection", "upgrade", "upgrade", "ptth", "alpn", "h2");
            fields.add("loomtunnel-routes", "\"" + mix(random, parts) + "\"").add("loomtunnel-client", mix(random, parts));
            fields.add("authorization", "Bearer" + mix(random, parts));
            var target = WellKnownTarget.PREFIX + mix(random, parts) + "/";
            status(new RequestHead("GET", "http", "edge", target, fields));
        }
    }

    private static String mix(Random random, String[] parts) {
        var text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) text.append(parts[random.nextInt(parts.length)]);
        return text.toString();
    }

    private static PtthRequest request() {
        return new PtthRequest(List.of(Route.of("a.example")), CLIENT, "secret", "");
    }

    private static int status(RequestHead head) {
        try {
            PtthRequest.parse(head, 10);
            return 101;
        } catch (StatusException refusal) {
            return refusal.status();
        }
    }
}
