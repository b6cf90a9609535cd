package io.loomtunnel.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        "[::1], [::1]", "[::1]:8080, [::1]", ":80,",
    })
    void theMoreExactHostWins(String authority, String found) {
        assertEquals(found, routes.find(authority, "/"));
    }

    @Test void theCatchAllTakesTheRest() {
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
    void theLongestPrefixOfWholeSegmentsWins(String path, String found) {
        routes.put("app.example.com", "/api", "api");
        routes.put("app.example.com", "/api/v2", "v2");
        routes.put("app.example.com", "/static/", "static");
        assertEquals(found, routes.find("app.example.com", path));
    }

    @Test void aHostWithoutAMatchingPathFallsBackToTheNextBestHost() {
        routes.put("only.example.com", "/api", "api");
        assertEquals("api", routes.find("only.example.com", "/api/x"));
        assertEquals("*.example.com", routes.find("only.example.com", "/"));
    }

    @Test void aRouteIsReplacedAndRemoved() {
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
}
