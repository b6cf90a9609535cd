package io.loomtunnel.http1;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.Fuzz;
import io.loomtunnel.fixture.Mutator;
import io.loomtunnel.fixture.Pieces;
import io.loomtunnel.fixture.Replay;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.NoResponseException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Responses as no origin should send them (RFC 9112 §4 to §7).
class Http1ClientFuzzTest {
    private static final int INPUTS = 200_000;
    private static final List<String> METHODS = List.of("GET", "GET", "HEAD", "POST");

    private static final List<String> GOOD = List.of(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 204 No Content\r\nX: 1\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: \"x\"\r\n\r\n",
            "HTTP/1.0 404 Not Found\r\nServer: \u00e4\r\n\r\nuntil the close",
            "HTTP/1.1 200 \r\nConnection: close\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\nuntil the close",
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\u0081\u0000",
            "HTTP/1.1 999\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 smuggled\r\nContent-Length: 0\r\n\r\n");

    private static final List<String> PARTS = List.of("Content-Length: 5\r\n", "Content-Length: 4\r\n", "Content-Length: 5, 5\r\n", "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding : chunked\r\n", "Transfer-Encoding:\r\n",
            "Content-Length:\r\n", "Connection: close\r\n", " folded\r\n", ": x\r\n", "X: a\rb\r\n", "X: a\nb\r\n", "X: \0\r\n", "\r\n", "\n", "\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 099 Low\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n",
            "HTTP/2.0 200 OK\r\n", "http/1.1 200 OK\r\n", "HTTP/1.1  200 OK\r\n", "ICY 200 OK\r\n", "0\r\n\r\n", "5\r\nhello\r\n", "X: " + "v".repeat(9_000) + "\r\n");

    /// @param reusable whether the next request would go over this connection
    private record Verdict(List<ResponseHead> heads, String content, Fields trailers, String end, boolean reusable) {}

    private static Verdict read(Pieces in, String method) throws IOException {
        var origin = new Replay(in);
        var client = new Http1Client(origin, new ByteReader(in, new MemoryBudget(1 << 20)), Http1Config.ORIGIN);
        var transaction = client.send(new RequestHead(method, "http", "a", "/", new Fields()));
        transaction.content().end();
        var heads = new ArrayList<ResponseHead>();
        var content = new ByteArrayOutputStream();
        var end = "";
        try {
            ResponseHead head;
            do {
                head = transaction.response(Deadline.NEVER);
                heads.add(head);
            } while (head.interim());
            if (head.status() != 101) transaction.body().transferTo(content);
        } catch (MalformedMessageException e) {
            end = e.status() + " " + e.getMessage();
        } catch (NoResponseException e) {
            throw new AssertionError("the connection had not served before", e);
        } catch (EOFException e) {
            end = "eof";
        }
        // Behind a whole response there may be bytes that have not been read yet: then `stale` tells.
        return new Verdict(heads, content.toString(ISO_8859_1), transaction.body().trailers(), end, client.reusable() && in.left() == 0);
    }

    @Test void everyInputIsReadOneWay() throws IOException {
        Fuzz.run(Http1ClientFuzzTest.class, "Http1Client", INPUTS, Mutator.of(GOOD, PARTS), Http1ClientFuzzTest::holds);
    }

    private static boolean holds(byte[] input, RandomGenerator random) throws IOException {
        var method = METHODS.get(random.nextInt(METHODS.size()));
        var verdict = read(Pieces.whole(input), method);
        assertEquals(verdict, read(Pieces.single(input), method), "a byte at a time");
        assertEquals(verdict, read(Pieces.cut(input, random), method), "in pieces");
        for (var head : verdict.heads) sentAgain(head);
        return verdict.end.isEmpty();
    }

    /// What we write of a head is read as the same head, but for the field that belongs to the framing.
    private static void sentAgain(ResponseHead head) throws IOException {
        var out = new ByteWriter(256);
        HeadWriter.response(out, head);
        out.put("\r\n");
        var in = Pieces.whole(Arrays.copyOf(out.array(), out.size()));
        var bytes = new ByteReader(in, new MemoryBudget(1 << 20));
        var again = new HeadReader(new Replay(in), bytes, Http1Config.ORIGIN).response(Deadline.NEVER);
        assertEquals(0, bytes.available() + in.left());
        assertEquals(new HeadReader.Response(new ResponseHead(head.status(), head.fields().copy().remove("transfer-encoding")), 1), again);
    }
}
