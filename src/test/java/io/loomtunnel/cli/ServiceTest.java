package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loomtunnel.tunnel.Route;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceTest {
    @Test void targetIsAPortAHostAndPortOrAUrl() throws Exception {
        assertEquals("http://127.0.0.1:3000", origin("3000"));
        assertEquals("http://127.0.0.1:3000", origin(":3000"));
        assertEquals("http://web:3000", origin("web:3000"));
        assertEquals("http://[::1]:3000", origin("[::1]:3000"));
        assertEquals("http://web:80", origin("http://web"));
        assertEquals("http://web:80", origin("HTTP://web/"));
        assertEquals("http://[::1]:80", origin("http://[::1]"));
        assertEquals("http://web:3000", origin("http://web:3000/"));
        assertEquals("https://web:443", origin("https://web"));
        assertEquals("https://web:8443", origin("HTTPS://web:8443/"));
        assertEquals("https://web:443", origin("wss://web"));
        assertEquals("h2c://127.0.0.1:50051", origin("h2c://127.0.0.1:50051"));
        assertEquals("h2c://web:80", origin("H2C://web"));
    }

    @Test void hostBeforeTheTargetIsTheRoute() throws Exception {
        assertEquals(Route.CATCH_ALL, Service.parse("3000").route());
        assertEquals(new Route.Http("app.example.com", ""), Service.parse("App.Example.com=3000").route());
        assertEquals(new Route.Http("app.example.com", "/api"), Service.parse("app.example.com/api=3001").route());
        assertEquals(new Route.Http("*.example.com", ""), Service.parse("*.example.com=3001").route());
        assertEquals(new Route.Http("*", "/api"), Service.parse("*/api=3001").route());
        assertEquals("http://a:80", Service.parse("app.example.com=http://a").origin().toString());
    }

    @Test void badTargetSaysWhy() {
        refused("a.test=no such target", "expected PORT or HOST:PORT");
        refused("web", "port is missing");
        refused("70000", "at most 65535");
        refused("0", "port is missing");
        refused("::1:80", "brackets");
        refused("ftp://web", "http://, https:// or h2c://");
        refused("grpcs://web:50051", "https://");
        refused("https://u:p@web", "password");
        refused("grpc://web:50051", "h2c://");
        refused("h2c://web/app", "path");
        refused("http://web/app", "path");
        refused("http://u:p@web", "password");
        refused("*:80", "one host");
        refused("", "");
        refused("-x.test=80", "-x.test");
        refused("=80", "");
        refused("a b=80", "a b");
        refused("a.test/x/../y=80", "dot segments");
    }

    @Test void sameHostTwiceIsRefused() {
        assertThrows(ExitException.class, () -> Service.parseAll(List.of("a.test=1", "A.TEST.=2")));
        assertThrows(ExitException.class, () -> Service.parseAll(List.of("1", "2")));
    }

    private static String origin(String text) throws ExitException {
        return Service.parse(text).origin().toString();
    }

    private static void refused(String text, String reason) {
        var failure = assertThrows(ExitException.class, () -> Service.parse(text), text);
        assertEquals(ExitException.USAGE, failure.status());
        if (!failure.getMessage().contains(reason)) throw new AssertionError(failure.getMessage());
    }
}
