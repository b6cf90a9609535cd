package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.RequestHead;
import java.net.InetSocketAddress;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TcpConnectTest {
    @Test void isWrittenAsTheWireHasIt() {                                          // RFC 9113 §8.5, RFC 7239 §4
        var connect = new TcpConnect(new Route.Tcp("db"), new InetSocketAddress("2001:db8::7", 4711), new InetSocketAddress("192.0.2.1", 5432));
        var head = connect.head();
        assertTrue(TcpConnect.isMeant(head));
        assertEquals("CONNECT", head.method());
        assertEquals("db:5432", head.authority());
        assertEquals("", head.scheme() + head.path() + head.protocol());
        assertEquals("for=\"[2001:db8::7]:4711\";by=\"192.0.2.1:5432\"", head.fields().first("forwarded"));
    }

    @Test void whatWasWrittenIsRead() throws Exception {
        for (var visitor : new String[] {"192.0.2.7", "::1", "2001:db8::7"}) {
            for (var address : new String[] {"127.0.0.1", "fe80::1"}) {
                var connect = new TcpConnect(new Route.Tcp("a.b-c_d"), new InetSocketAddress(visitor, 65535), new InetSocketAddress(address, 1));
                assertEquals(connect, TcpConnect.parse(connect.head()));
            }
        }
    }

    @Test void whateverIsSentIsReadOrRefused() {
        var random = new Random(9113);
        String[] parts = {"db", ":", "5432", "\"", "for=\"", "\";by=\"", "192.0.2.7", "[", "::1", "]", ":1", ";", "=", "%", " ", "-1", "99999999999"};
        for (int round = 0; round < 50_000; round++) {
            var forwarded = "for=\"" + mix(random, parts) + "\";by=\"" + mix(random, parts) + "\"";
            var head = new RequestHead("CONNECT", "", mix(random, parts), "", Fields.of("forwarded", forwarded));
            try {
                var connect = TcpConnect.parse(head);
                assertEquals(connect.address().getPort(), Integer.parseInt(head.authority().substring(head.authority().lastIndexOf(':') + 1)));
            } catch (MalformedMessageException _) {
                // refused
            }
        }
    }

    private static String mix(Random random, String[] parts) {
        var text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) text.append(parts[random.nextInt(parts.length)]);
        return text.toString();
    }

    @Test void anExtendedConnectIsAnotherThing() {                                  // RFC 8441 §4
        assertFalse(TcpConnect.isMeant(new RequestHead("CONNECT", "http", "db:1", "/", "websocket", new Fields())));
        assertFalse(TcpConnect.isMeant(new RequestHead("GET", "http", "db:1", "/", new Fields())));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "db           | for=\"192.0.2.7:1\";by=\"127.0.0.1:5432\"",
        ":5432        | for=\"192.0.2.7:1\";by=\"127.0.0.1:5432\"",
        "*:5432       | for=\"192.0.2.7:1\";by=\"127.0.0.1:5432\"",
        "[::1]:5432   | for=\"192.0.2.7:1\";by=\"127.0.0.1:5432\"",
        "db:          | for=\"192.0.2.7:1\";by=\"127.0.0.1:5432\"",
        "db:0         | for=\"192.0.2.7:1\";by=\"127.0.0.1:0\"",
        "db:x         | for=\"192.0.2.7:1\";by=\"127.0.0.1:5432\"",
        "db:5433      | for=\"192.0.2.7:1\";by=\"127.0.0.1:5432\"",
        "db:65536     | for=\"192.0.2.7:1\";by=\"127.0.0.1:65536\"",
        "db:5432      | for=\"localhost:1\";by=\"127.0.0.1:5432\"",
        "db:5432      | for=\"192.0.2.7\";by=\"127.0.0.1:5432\"",
        "db:5432      | for=\"::1:1\";by=\"127.0.0.1:5432\"",
        "db:5432      | for=\"[192.0.2.7]:1\";by=\"127.0.0.1:5432\"",
        "db:5432      | for=\"[]:1\";by=\"127.0.0.1:5432\"",
        "db:5432      | for=\"192.0.2.7:-1\";by=\"127.0.0.1:5432\"",
        "db:5432      | for=\"192.0.2.7:1\"",
        "db:5432      | by=\"127.0.0.1:5432\";for=\"192.0.2.7:1\"",
        "db:5432      | for=\"192.0.2.7:1\";by=\"",
        "db:5432      | for=\";by=\"",
        "db:5432      |",
    })
    void whatIsNoConnectionIsMalformed(String authority, String forwarded) {
        var fields = forwarded == null ? new Fields() : Fields.of("forwarded", forwarded);
        var head = new RequestHead("CONNECT", "", authority, "", fields);
        assertEquals(400, assertThrows(MalformedMessageException.class, () -> TcpConnect.parse(head)).status());
    }
}
