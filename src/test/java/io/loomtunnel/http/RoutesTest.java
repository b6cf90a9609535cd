package io.loomtunnel.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoutesTest {
    private final Routes<String> routes = new Routes<>();

    RoutesTest() {
        for (var host : new String[] {"app.example.com", "*.example.com", "*.com", "[::1]"}) routes.put(host, "", host);
    }

    @ParameterizedTest
    @CsvSource({
        "app.example.com, app.example.com", "APP.Example.com:8080, app.example.com",
        "app.example.com., app.example.com",
        "app.example.com.:80, app.example.com", "other.example.com, *.example.com", "a.b.example.com, *.example.com",
        "example.com, *.com", "com,", "'',", "localhost,", "*.example.com, *.example.com",
        "[::1], [::1]", "[::1]:8080, [::1]", ":80,", "[0:0::1]:443, [::1]", "[::1, ", "[], ", "[::2],",
    })
    void theMoreExactHostWins(String authority, String found) throws MalformedMessageException {
        assertEquals(found, routes.find(authority, "/"));
    }

    @Test void theCatchAllTakesTheRest() throws MalformedMessageException {
        routes.put("*", "", "rest");
        assertEquals("rest", routes.find("localhost", "/"));
        assertEquals("rest", routes.find("", "*"));
        assertEquals("*.com", routes.find("example.com", "/"));
    }

    @ParameterizedTest
    @CsvSource({
        "/, app.example.com", "/api, api", "/api/, api", "/api/x, api", "/api?x=1, api", "/apis, app.example.com",
        "/api/v2, v2",
        "/api/v2/x, v2", "/api/v20, api", "/static/, static", "/static/x, static",
        "/static, app.example.com", "*, app.example.com",
    })
    void theLongestPrefixOfWholeSegmentsWins(String path, String found) throws MalformedMessageException {
        routes.put("app.example.com", "/api", "api");
        routes.put("app.example.com", "/api/v2", "v2");
        routes.put("app.example.com", "/static/", "static");
        assertEquals(found, routes.find("app.example.com", path));
    }

    @Test void aHostWithoutAMatchingPathFallsBackToTheNextBestHost() throws MalformedMessageException {
        routes.put("only.example.com", "/api", "api");
        assertEquals("api", routes.find("only.example.com", "/api/x"));
        assertEquals("*.example.com", routes.find("only.example.com", "/"));
    }

    @Test void aRouteIsReplacedAndRemoved() throws MalformedMessageException {
        routes.put("a.example", "", "first");
        routes.put("a.example", "/x", "x");
        routes.put("a.example", "", "second");
        assertEquals("second", routes.find("a.example", "/"));
        routes.remove("a.example", "");
        routes.remove("a.example", "/none");
        assertNull(routes.find("a.example", "/"));
        assertEquals("x", routes.find("a.example", "/x"));
        routes.remove("a.example", "/x");
        routes.remove("*.com", "");
        assertNull(routes.find("a.example", "/x"));
        assertNull(routes.find("example.com", "/"));
    }

    /// RFC 3986 §6.2.2.2: a percent-encoded letter is that letter, while an encoded slash is none.
    @ParameterizedTest
    @CsvSource({
        "/%61pi, api", "/a%70%69/x, api", "/api%2Fx, app.example.com", "/api%2fx, app.example.com", "/%61pi%3Fx, app.example.com", "/api%, app.example.com",
        "/api/%, api", "/api/%zz, api", "/API, app.example.com", "//api, app.example.com", "/a%20b/x, spaced", "/api?../x, api", "/api/...?/../, api",
        "/api/.hidden/x..y, api", "/api/%252e%252e/x, api", "/x/api, app.example.com", "/api;v=1, app.example.com", "/api/;v=1, api", "/api/%7Eme, api",
    })
    void pathsAreComparedAsTheyWillBeForwarded(String path, String found) throws MalformedMessageException {
        routes.put("app.example.com", "/api", "api");
        routes.put("app.example.com", "/a%20b", "spaced");
        assertEquals(found, routes.find("app.example.com", path));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/../admin", "/api/..", "/api/.", "/./api", "/..", "/api/%2e%2E/admin", "/api/.%2e", "/api/..%2fadmin", "/api%2F..%2Fadmin",
        "/api/..\\admin", "/api\\..\\admin", "/api/..%5cadmin", "/api/..;/admin", "/api/..;x=1/admin", "/api/.;/x", "/api/%2e%2e%3b/x", "/x/../api", "/api/../x?y"})
    void dotSegmentsAreRefusedWherePrefixesDecide(String path) throws MalformedMessageException {
        assertEquals("app.example.com", routes.find("app.example.com", path), "a whole host has nothing to leave");
        routes.put("app.example.com", "/api", "api");
        var refusal = assertThrows(MalformedMessageException.class, () -> routes.find("app.example.com", path));
        assertEquals(400, refusal.status());
        routes.remove("app.example.com", "");
        assertThrows(MalformedMessageException.class, () -> routes.find("app.example.com", path));
    }
}
