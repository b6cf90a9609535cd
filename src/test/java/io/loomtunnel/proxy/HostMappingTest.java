package io.loomtunnel.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loomtunnel.http.Fields;
import io.loomtunnel.pool.Origin;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostMappingTest {
    private static final HostMapping DEV = new HostMapping("http", "localhost:3000", "https", "app.example.com");

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
        "http://localhost:3000/x?y#z https://app.example.com/x?y#z", "http://LOCALHOST:3000 https://app.example.com", "HTTP://localhost:3000?x https://app.example.com?x",
        "//localhost:3000/x //app.example.com/x", "https://localhost:3000/x https://app.example.com/x",
        "/x /x", "x x", "?x ?x", "http:/x http:/x", "http://localhost/x http://localhost/x", "http://localhost:30001/ http://localhost:30001/",
        "http://localhost:3000.evil/ http://localhost:3000.evil/", "http://u@localhost:3000/ http://u@localhost:3000/", "ftp://localhost:3000/ ftp://localhost:3000/",
        "/x?u=http://localhost:3000/ /x?u=http://localhost:3000/", "https://login.example.com/?to=http://localhost:3000/ https://login.example.com/?to=http://localhost:3000/",
        "http:// http://", "// //", ":// ://",
    })
    void ownUrlsAreTurnedBack(String origins, String visitors) {
        assertEquals(visitors, DEV.url(origins));
    }

    @Test void usualPortIsAsGoodAsNone() {                                                             // RFC 9110 §4.2.3
        var usual = new HostMapping("http", "web", "http", "app.example.com:8080");
        assertEquals("http://app.example.com:8080/x", usual.url("http://web:80/x"));
        assertEquals("http://app.example.com:8080/x", usual.url("http://web/x"));
        assertEquals("https://app.example.com:8080/x", usual.url("https://web:443/x"), "another scheme was meant");
        assertEquals("http://web:443/x", usual.url("http://web:443/x"));
        assertEquals("https://a/x", new HostMapping("https", "[::1]:443", "https", "a").url("https://[::1]/x"));
    }

    @Test void cookieOfTheOriginsDomainBecomesOneOfTheVisitorsHost() {                                 // RFC 6265 §5.2.3, §5.3
        assertEquals("a=b; Path=/; Secure", DEV.cookie("a=b; Domain=localhost; Path=/; Secure"));
        assertEquals("a=b", DEV.cookie("a=b;domain = .LOCALHOST"));
        for (var other : new String[] {"a=b", "a=b; Path=/;", "a=b; Domain=example.com", "Domain=localhost", "a=domain=localhost; Path=/", "a=b; Domain=localhost.evil"}) {
            assertSame(other, DEV.cookie(other));
        }
    }

    @Test void otherFieldsAndTheOrderStay() {
        var fields = Fields.of("x-a", "http://localhost:3000/", "set-cookie", "a=1; Domain=localhost", "location", "http://localhost:3000/a", "set-cookie", "b=2",
                "content-location", "http://localhost:3000/c", "refresh", "0; url=http://localhost:3000/");
        assertEquals(Fields.of("x-a", "http://localhost:3000/", "set-cookie", "a=1", "location", "https://app.example.com/a", "set-cookie", "b=2",
                "content-location", "https://app.example.com/c", "refresh", "0; url=http://localhost:3000/"), DEV.map(fields));
        var plain = Fields.of("x-a", "1");
        assertSame(plain, DEV.map(plain));
    }

    @Test void hostIsTheVisitorsTheTargetsOrAFixedOne() {
        var origin = Origin.of(URI.create("http://localhost:3000"));
        assertEquals("app.example.com", HostHeader.of("preserve").authority("app.example.com", origin));
        assertEquals("localhost:3000", HostHeader.of("preserve").authority("", origin));
        assertEquals("localhost:3000", HostHeader.of("rewrite").authority("app.example.com", origin));
        assertEquals("web", HostHeader.of("rewrite").authority("a", Origin.of(URI.create("http://web"))));
        assertEquals("web", HostHeader.of("rewrite").authority("a", Origin.of(URI.create("https://web:443"))));
        assertEquals("web:443", HostHeader.of("rewrite").authority("a", Origin.of(URI.create("http://web:443"))));
        assertEquals("[::1]", HostHeader.of("rewrite").authority("a", Origin.of(URI.create("http://[::1]:80"))));
        assertEquals("my.local:81", HostHeader.of("my.local:81").authority("a", origin));
        assertEquals("[::1]:81", HostHeader.of("[::1]:81").authority("", origin));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":80", "a:", "a:b", "a:65536", "a:80:80", "::1", "[::1", "[::1]80", "[1.2.3.4]", "a b", "a/b", "http://a", "u@a", "a\r\nb", "\u00fc"})
    void hostThatIsNoneIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> HostHeader.of(text));
    }
}
