package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTest {
    @Test void oneHostHasOneSpelling() {
        assertEquals(new Route("app.example.com", ""), Route.of("App.Example.COM."));
        assertEquals(new Route("xn--bcher-kva.example", ""), Route.of("b\u00fccher.example"));
        assertEquals("*.xn--bcher-kva.example", Route.of("*.B\u00dcCHER.example").toString());
        assertEquals(new Route("app.example.com", ""), Route.of("app.example.com/"));
    }

    @Test void addressesAndServiceNamesAreHosts() {
        assertTrue(Route.of("127.0.0.1").exact());
        assertEquals("[::1]", Route.of("[::1]").host());
        assertEquals("[2001:db8::a]", Route.of("[2001:DB8:0::A]").host());
        assertTrue(Route.of("my_service").exact());
    }

    @Test void onlyAWholeNamedHostIsExact() {
        assertTrue(Route.of("a.example").exact());
        assertFalse(Route.of("*.a.example").exact());
        assertFalse(Route.of("a.example/api").exact());
        assertFalse(Route.CATCH_ALL.exact());
    }

    @Test void aPathPrefixKeepsItsSpelling() {
        assertEquals(new Route("a.example", "/API/v1"), Route.of("A.example/API/v1"));
        assertEquals(new Route("a.example", "/~x/a%20b%2F"), Route.of("a.example/%7ex/%61%20b%2F"), "but for what needs no percent sign");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", ".", "/api", "a..b", "-a.example", "a-.example", "a b", "a.example:80", "http://a", "*a.example",
        "a.*.example", "**", "*.",
        "a.example/x?y", "a.example/x y", "a.example/#", "a.example/x/../y", "a.example/%2e", "a.example/a%2f..", "[::1", "[:::]", "[1.2.3.4]", "[]", "[g::]", "a\u0000b", "u@a.example",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
    })
    void whatIsNoRouteIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Route.of(text));
    }
}
