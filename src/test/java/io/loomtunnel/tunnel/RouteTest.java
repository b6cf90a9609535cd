package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTest {
    @Test void oneHostHasOneSpelling() {
        assertEquals(new Route.Http("app.example.com", ""), Route.Http.of("App.Example.COM."));
        assertEquals(new Route.Http("xn--bcher-kva.example", ""), Route.Http.of("b\u00fccher.example"));
        assertEquals("*.xn--bcher-kva.example", Route.Http.of("*.B\u00dcCHER.example").toString());
        assertEquals(new Route.Http("app.example.com", ""), Route.Http.of("app.example.com/"));
    }

    @Test void addressesAndServiceNamesAreHosts() {
        assertTrue(Route.Http.of("127.0.0.1").exact());
        assertEquals("[::1]", Route.Http.of("[::1]").host());
        assertEquals("[2001:db8::a]", Route.Http.of("[2001:DB8:0::A]").host());
        assertTrue(Route.Http.of("my_service").exact());
    }

    @Test void onlyAWholeNamedHostIsExact() {
        assertTrue(Route.Http.of("a.example").exact());
        assertFalse(Route.Http.of("*.a.example").exact());
        assertFalse(Route.Http.of("a.example/api").exact());
        assertFalse(Route.CATCH_ALL.exact());
    }

    @Test void aPathPrefixKeepsItsSpelling() {
        assertEquals(new Route.Http("a.example", "/API/v1"), Route.Http.of("A.example/API/v1"));
        assertEquals(new Route.Http("a.example", "/~x/a%20b%2F"), Route.Http.of("a.example/%7ex/%61%20b%2F"), "but for what needs no percent sign");
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
        assertThrows(IllegalArgumentException.class, () -> Route.Http.of(text));
    }

    @Test void aTcpNameAndAHostOfTheSameSpellingAreTwoThings() {
        assertEquals(new Route.Tcp("db"), Route.of("tcp:db"));
        assertEquals(new Route.Http("db", ""), Route.of("db"));
        assertNotEquals(Route.of("db"), Route.of("tcp:db"));
        assertThrows(IllegalArgumentException.class, () -> Route.Http.of("tcp:db"));
    }

    @Test void aTcpNameHasOneSpelling() {
        assertEquals(new Route.Tcp("my_db-2.eu"), Route.of("tcp:My_DB-2.EU"));
        assertEquals("tcp:my_db-2.eu", new Route.Tcp("My_DB-2.EU").toString());
        assertEquals("a".repeat(63), new Route.Tcp("a".repeat(63)).name());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-db", ".db", "_db", "d b", "db:1", "*", "d/b", "d\u00fc", "db\u0000", "d,b", "d\"b", "tcp:db",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    void whatIsNoTcpNameIsRefused(String name) {
        assertThrows(IllegalArgumentException.class, () -> new Route.Tcp(name));
        assertThrows(IllegalArgumentException.class, () -> Route.of("tcp:" + name));
    }
}
