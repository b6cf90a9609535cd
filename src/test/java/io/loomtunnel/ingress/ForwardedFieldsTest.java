package io.loomtunnel.ingress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.IpText;
import io.loomtunnel.http.Peer;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What an origin learns of a visitor (RFC 7239), and who says it.
class ForwardedFieldsTest {
    private static final TrustedProxies OURS = TrustedProxies.of("10.0.0.0/8", "fd00::/8");
    private static final String HOST = "app.example.com:8080";

    @Test void untrustedPeerIsTheVisitorWhateverItSays() {
        var fields = Fields.of("forwarded", "for=1.1.1.1", "x-forwarded-for", "1.1.1.1", "x-forwarded-proto", "https", "x-forwarded-host", "evil",
                "x-forwarded-port", "1", "x-forwarded-ssl", "on", "x-forwarded-prefix", "/x", "x-real-ip", "1.1.1.1", "accept", "*/*",
                "x_forwarded_for", "1.1.1.1", "X_Forwarded-Proto", "https", "x_real_ip", "1.1.1.1", "x-real_ip", "1.1.1.1", "x-forward", "kept", "forwarded-not", "kept");
        var visitor = write(fields, "192.0.2.7", HOST);
        assertEquals("""
                accept: */*
                x-forward: kept
                forwarded-not: kept
                forwarded: for=192.0.2.7;host="app.example.com:8080";proto=http
                x-forwarded-for: 192.0.2.7
                x-forwarded-proto: http
                x-forwarded-host: app.example.com:8080
                """, text(fields));
        assertEquals("192.0.2.7", IpText.of(visitor.address()));
        assertEquals("http", visitor.scheme());
    }

    @Test void ipv6IsQuotedAndInBracketsOnlyInForwarded() {                                            // RFC 7239 §6
        var fields = new Fields();
        write(fields, "2001:db8::1", "[2001:db8::2]:443");
        assertEquals("for=\"[2001:db8::1]\";host=\"[2001:db8::2]:443\";proto=http", fields.joined("forwarded"));
        assertEquals("2001:db8::1", fields.joined("x-forwarded-for"));
    }

    @Test void requestWithoutAHostHasNone() {
        var fields = new Fields();
        write(fields, "192.0.2.7", "");
        assertEquals("for=192.0.2.7;proto=http", fields.joined("forwarded"));
        assertNull(fields.joined("x-forwarded-host"));
    }

    @Test void trustedPeersWordIsKeptAndOursAppended() {
        var fields = Fields.of("x-forwarded-for", "198.51.100.1", "forwarded", "for=198.51.100.1;proto=https;host=\"shop.example.com\"",
                "x-forwarded-proto", "https", "x-forwarded-host", "shop.example.com", "x-real-ip", "198.51.100.1", "x-forwarded-port", "443",
                "x_forwarded_for", "6.6.6.6", "x_real_ip", "6.6.6.6");
        var visitor = write(fields, "10.0.0.1", HOST);
        assertEquals("""
                x-forwarded-proto: https
                x-forwarded-host: shop.example.com
                x-real-ip: 198.51.100.1
                x-forwarded-port: 443
                forwarded: for=198.51.100.1;proto=https;host="shop.example.com", for=10.0.0.1;host="app.example.com:8080";proto=http
                x-forwarded-for: 198.51.100.1, 10.0.0.1
                """, text(fields));
        assertEquals("https", visitor.scheme());
        assertEquals("198.51.100.1", IpText.of(visitor.address()));
    }

    @Test void trustedPeerThatSaysNothingIsTheVisitor() {
        var fields = new Fields();
        var visitor = write(fields, "10.0.0.1", HOST);
        assertEquals("10.0.0.1", IpText.of(visitor.address()));
        assertEquals("for=10.0.0.1;host=\"app.example.com:8080\";proto=http", fields.joined("forwarded"));
        assertEquals("10.0.0.1", fields.joined("x-forwarded-for"));
        assertEquals("http", fields.joined("x-forwarded-proto"));
    }

    @Test void eitherSpellingTellsTheOther() {                                                         // RFC 7239 §7.4
        var old = Fields.of("x-forwarded-for", "6.6.6.6, 2001:db8::9, 10.2.2.2", "x-forwarded-proto", "https");
        write(old, "10.0.0.1", "a");
        assertEquals("for=6.6.6.6, for=\"[2001:db8::9]\";host=\"a\";proto=https, for=10.2.2.2, for=10.0.0.1;host=\"a\";proto=http", old.joined("forwarded"));
        var modern = Fields.of("forwarded", "for=\"[2001:db8::9]:4711\";proto=https;host=shop", "forwarded", "for=10.2.2.2;proto=http");
        var visitor = write(modern, "10.0.0.1", "a");
        assertEquals("2001:db8::9, 10.2.2.2, 10.0.0.1", modern.joined("x-forwarded-for"));
        assertEquals("https", modern.joined("x-forwarded-proto"));
        assertEquals("shop", modern.joined("x-forwarded-host"));
        assertEquals("https", visitor.scheme());
    }

    @Test void forwardedOfAVisitorThatAProxyLetPassIsDropped() {
        for (var invented : new String[] {"for=6.6.6.6;proto=https;host=evil", "for=6.6.6.6, for=192.0.2.7", "for=192.0.2.7, for=6.6.6.6", "proto=https"}) {
            var fields = Fields.of("forwarded", invented, "x-forwarded-for", "192.0.2.7");
            var visitor = write(fields, "10.0.0.1", "a");
            assertEquals("192.0.2.7", IpText.of(visitor.address()));
            assertEquals("http", visitor.scheme());
            assertEquals("for=192.0.2.7;host=\"a\";proto=http, for=10.0.0.1;host=\"a\";proto=http", fields.joined("forwarded"));
            assertEquals("192.0.2.7, 10.0.0.1", fields.joined("x-forwarded-for"));
        }
    }

    @Test void hopsThatTheVisitorInventedTellNothing() {
        var fields = Fields.of("forwarded", "for=10.9.9.9;proto=https;host=evil, for=192.0.2.7;proto=http;host=shop, for=10.2.2.2");
        var visitor = write(fields, "10.0.0.1", "a");
        assertEquals("192.0.2.7", IpText.of(visitor.address()));
        assertEquals("http", visitor.scheme());
        assertEquals("shop", fields.joined("x-forwarded-host"));
        var listed = Fields.of("x-forwarded-for", "192.0.2.7", "x-forwarded-proto", "https, http");
        assertEquals("http", write(listed, "10.0.0.1", "a").scheme(), "only the last one is the proxy's own");
        assertEquals("https, http", listed.joined("x-forwarded-proto"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "192.0.2.7|192.0.2.7", "192.0.2.7, 10.1.1.1, fd00::1|192.0.2.7", "6.6.6.6, 192.0.2.7|192.0.2.7", "10.3.3.3, 10.2.2.2|10.3.3.3",
        "192.0.2.7:4711|192.0.2.7", "192.0.2.7, unknown|10.0.0.1", "192.0.2.7, unknown, 10.1.1.1|10.1.1.1", ",, 192.0.2.7 ,|192.0.2.7",
        "[2001:db8::1]:80|2001:db8::1", "2001:db8::1|2001:db8::1", "_hidden|10.0.0.1", "localhost|10.0.0.1", "[::1|10.0.0.1", "1.2.3|10.0.0.1",
    })
    void visitorIsTheNearestAddressThatIsNotTrusted(String chain, String visitor) {
        assertEquals(visitor, IpText.of(write(Fields.of("x-forwarded-for", chain), "10.0.0.1", "a").address()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"for=\"1.2.3.4", "for", "for=", "for=1.2.3.4;", "for=1.2.3.4 proto=http", "=x", "for=1.2.3.4;for=5.6.7.8", "for=\"a\\",
        "proto=http;proto=https", "for=a b", "for=\"a\"b", "for=1.2.3.4;;proto=http", "for =a", "{for=a}", "1.2.3.4"})
    void malformedForwardedIsDroppedWhole(String field) {
        assertNull(Forwarded.parse(field));
        var fields = Fields.of("forwarded", field);
        write(fields, "10.0.0.1", "a");
        assertEquals("for=10.0.0.1;host=\"a\";proto=http", fields.joined("forwarded"), "an origin must not read ours as a part of it");
    }

    @Test void forwardedIsReadAsOthersWriteIt() {                                                      // RFC 7239 §4, §7.1
        var hops = Forwarded.parse("For=\"[2001:db8:cafe::17]:4711\", for=192.0.2.60;proto=HTTP;by=203.0.113.43,, FOR=_gazonk ; secret=\"a;b,\\\"c\" , proto=https");
        assertEquals(4, hops.size());
        assertEquals("For=\"[2001:db8:cafe::17]:4711\"", hops.get(0).text());
        assertEquals("2001:db8:cafe::17", IpText.of(hops.get(0).node()));
        assertEquals("http", hops.get(1).proto());
        assertEquals("FOR=_gazonk ; secret=\"a;b,\\\"c\"", hops.get(2).text());
        assertNull(hops.get(2).node());
        assertEquals(0, Forwarded.parse(" , ").size());
    }

    @Test void ofALongWayTheNearestHopsArePassedOn() {
        for (int length = Visitor.MAX_HOPS - 1; length <= Visitor.MAX_HOPS + 1; length++) {
            var chain = new StringBuilder("first");
            for (int i = 1; i < length; i++) chain.append(", 10.0.0.").append(i);
            var fields = Fields.of("x-forwarded-for", chain.toString());
            write(fields, "10.1.1.1", "a");
            var list = fields.joined("x-forwarded-for");
            assertEquals(Math.min(length, Visitor.MAX_HOPS) + 1, list.split(",").length, "of " + length);
            assertEquals(length <= Visitor.MAX_HOPS, list.startsWith("first"));
            assertEquals(Math.min(length, Visitor.MAX_HOPS) + 1, Forwarded.parse(fields.joined("forwarded")).size());
        }
    }

    private static Visitor write(Fields fields, String peer, String authority) {
        return ForwardedFields.write(fields, new Peer(new InetSocketAddress(peer, 4711), "http"), authority, OURS);
    }

    private static String text(Fields fields) {
        var text = new StringBuilder();
        for (int i = 0; i < fields.size(); i++) text.append(fields.name(i)).append(": ").append(fields.value(i)).append('\n');
        return text.toString();
    }
}
