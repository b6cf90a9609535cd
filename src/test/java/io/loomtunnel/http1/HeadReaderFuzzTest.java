package io.loomtunnel.http1;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.Fuzz;
import io.loomtunnel.fixture.Mutator;
import io.loomtunnel.fixture.Pieces;
import io.loomtunnel.fixture.Replay;
import io.loomtunnel.fixture.StrictRequest;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Forwarding;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http2.Blocks;
import io.loomtunnel.io.Deadline;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Request heads as nobody should send them (RFC 9112 §2 to §6).
class HeadReaderFuzzTest {
    private static final int INPUTS = 250_000;
    private static final Set<Integer> STATUSES = Set.of(400, 414, 431, 501, 505);
    private static final List<Http1Config> CONFIGS = List.of(Http1Config.DEFAULTS, Http1Config.DEFAULTS.withHeadLimits(40, 90, 5));

    private static final List<String> GOOD = List.of(
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /a%20b/..%2f?x=1&y={z}|[w] HTTP/1.1\r\nHost: app.example.com:8080\r\nAccept: */*\r\nCookie: a=b; c=d\r\nUser-Agent: x/1 (y)\r\n\r\n",
            "POST /form HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 27\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\n\r\n",
            "PUT /up HTTP/1.1\r\nhost: a.b\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nTE: trailers\r\nConnection: TE, keep-alive\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: X-One, close\r\nX-One: 1\r\nX-Two:2\r\n\r\n",
            "GET http://other.example/p?q HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nAccept-Encoding: br\r\n\r\n",
            "HEAD https://a:1?x HTTP/1.1\r\nHost:\r\nX-Empty:\r\nX-Latin: \u00e4\u00f6 \u00fc\r\nX-Tab: a\tb\r\n\r\n",
            "CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n",
            "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            "GET /old HTTP/1.0\r\n\r\n",
            "DELETE /old HTTP/1.0\r\nHost: a\r\nContent-Length: 0\r\nCookie: x\r\nCookie: y\r\n\r\n",
            "\r\nM-SEARCH /x HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\"\r\n\r\nGET /next HTTP/1.1\r\nHost: b\r\n\r\n");

    private static final List<String> PARTS = List.of("Content-Length: 5\r\n", "Content-Length: 6\r\n", "content-length:05\r\n",
            "Content-Length: 5, 5\r\n", "Content-Length: 5 \r\n", "Content-Length : 5\r\n", "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding:\u000bchunked\r\n",
            "Transfer-Encoding: CHUNKED\r\n", "Transfer-Encoding: x\r\n chunked\r\n", "Host: b\r\n", "Host: a\r\n", "Host: a b\r\n", "Host: u@a\r\n",
            "Host: a/b\r\n", "Host: a:99999\r\n", "Connection: Host, Content-Length, Transfer-Encoding\r\n", "Connection: X-One\r\n",
            "Connection: close\r\n", "Keep-Alive: 5\r\n", "Proxy-Connection: x\r\n", "TE: gzip\r\n", "Upgrade: h2c\r\nHTTP2-Settings: AA\r\n", " folded\r\n",
            "\tfolded: x\r\n", ": nameless\r\n", "noColon\r\n", "X: a\rb\r\n", "X: a\nY: b\r\n", "X: \0\r\n", "\r\n", "\n", "\r", "\r\n\r\n", " HTTP/1.1", " HTTP/1.1\r\n",
            "HTTP/1.1", "HTTP/2.0", "HTTP/1.2", "HTTP/1.10", "http://", "https://x/", "//", "/../", "%", "%00", "\u00e9", "[::1]", "@", "X_Y: z\r\n",
            "Cookie: more=1\r\n", "X: " + "v".repeat(70) + "\r\n", "N".repeat(40) + ": v\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    /// What became of a connection's bytes: heads and the reason for the end, and how many bytes were behind it.
    private record Verdict(List<HeadReader.Request> heads, String end, int left) {}

    private static Verdict read(Pieces in, Http1Config config) throws IOException {
        var bytes = new ByteReader(in, new MemoryBudget(1 << 20));
        var reader = new HeadReader(new Replay(in), bytes, config);
        var heads = new ArrayList<HeadReader.Request>();
        try {
            for (HeadReader.Request head; heads.size() < 3 && (head = reader.request("http", Deadline.NEVER)) != null; ) heads.add(head);
            return new Verdict(heads, "", bytes.available() + in.left());
        } catch (MalformedMessageException e) {
            assertTrue(STATUSES.contains(e.status()), () -> "status " + e.status());
            return new Verdict(heads, e.status() + " " + e.getMessage(), 0);
        } catch (ProtocolException e) {
            assertTrue(heads.isEmpty());
            return new Verdict(heads, "foreign", 0);
        } catch (EOFException e) {
            return new Verdict(heads, "eof", 0);
        }
    }

    @Test void everyInputIsReadOneWay() throws IOException {
        Fuzz.run(HeadReaderFuzzTest.class, "HeadReader", INPUTS, Mutator.of(GOOD, PARTS), HeadReaderFuzzTest::holds);
    }

    private static boolean holds(byte[] input, RandomGenerator random) throws IOException {
        var config = CONFIGS.get(random.nextInt(4) == 0 ? 1 : 0);
        var verdict = read(Pieces.whole(input), config);
        assertEquals(verdict, read(Pieces.single(input), config), "a byte at a time");
        assertEquals(verdict, read(Pieces.cut(input, random), config), "in pieces");
        for (var request : verdict.heads) passesOn(request);
        return !verdict.heads.isEmpty();
    }

    /// What we took goes on: to an HTTP/1.1 origin, and through a tunnel. Both must understand it as we did.
    private static void passesOn(HeadReader.Request request) throws IOException {
        var read = request.head();
        if (read.method().equals("CONNECT")) return;           // 501 before anything is sent
        var head = read.with(Forwarding.endToEnd(read.fields()));
        var sent = StrictRequest.of(Wire.sent(head, request.length()));
        assertEquals(List.of(head.method(), head.path(), head.authority()), List.of(sent.method(), sent.target(), sent.host()));
        assertEquals(lines(head.fields()), sent.fields());
        assertEquals(request.length(), sent.length());
        var far = new Blocks().passed(head);
        assertEquals(List.of(head.method(), head.scheme(), head.path(), head.authority()),
                List.of(far.method(), far.scheme(), far.path(), far.authority()));
        assertEquals(meaning(head), meaning(far));
        var back = read(Pieces.whole(Wire.sent(far, request.length())), Http1Config.ORIGIN).heads.getFirst();
        assertEquals(request.length(), back.length());
        assertEquals(List.of(head.method(), head.path(), head.authority()), List.of(back.head().method(), back.head().path(), back.head().authority()));
        assertEquals(meaning(head), meaning(back.head().with(Forwarding.endToEnd(back.head().fields()))));
    }

    private static List<String> lines(Fields fields) {
        var lines = new ArrayList<String>();
        for (int i = 0; i < fields.size(); i++) if (!fields.isNamed(i, "content-length")) lines.add(fields.name(i) + ": " + fields.value(i));
        return lines;
    }

    /// Values by name: their order matters within one name only (RFC 9110 §5.3), and cookies are one field (RFC 9113 §8.2.3).
    private static Map<String, List<String>> meaning(RequestHead head) {
        var meaning = new TreeMap<String, List<String>>();
        var fields = head.fields();
        for (int i = 0; i < fields.size(); i++) meaning.computeIfAbsent(fields.name(i), _ -> new ArrayList<>()).add(fields.value(i));
        meaning.remove("content-length");          // compared apart, since 0 may be said or not
        meaning.computeIfPresent("cookie", (_, crumbs) -> List.of(String.join("; ", crumbs.stream().filter(c -> !c.isEmpty()).toList())));
        return meaning;
    }
}
