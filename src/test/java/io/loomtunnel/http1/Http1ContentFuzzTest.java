package io.loomtunnel.http1;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.Fuzz;
import io.loomtunnel.fixture.Mutator;
import io.loomtunnel.fixture.Pieces;
import io.loomtunnel.fixture.Replay;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Chunks as nobody should send them (RFC 9112 §7.1).
class Http1ContentFuzzTest {
    private static final int INPUTS = 250_000;

    private static final List<String> GOOD = List.of(
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
            "A;name=value\r\n0123456789\r\n00\r\nX-Sum: 1\r\nX-Other: a, b\r\n\r\n",
            "1;a;b=\"q;q\\\"\"\r\nx\r\n1\r\ny\r\n1\r\nz\r\n0;last\r\nServer-Timing: t;dur=1\r\nContent-Length: 9\r\n\r\n5\r\n",
            "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n000\r\n\r\n",
            "4\r\n\r\n\r\n\r\n2\r\n0\r\r\n0\r\n\r\n");

    private static final List<String> PARTS = List.of("0\r\n\r\n", "0\r\n", "5\r\nhello\r\n", "5\r\nhell\r\n", "5\r\nhelloo\r\n", "05\r\nhello\r\n", "0x5\r\nhello\r\n",
            "5 \r\nhello\r\n", " 5\r\nhello\r\n", "5;\r\nhello\r\n", "5;a\nb\r\nhello\r\n", "5;a\rb\r\nhello\r\n", "5\nhello\n", "5;\"\r\n\"\r\nhello\r\n", "-5\r\nhello\r\n",
            "+5\r\nhello\r\n", "5;\0\r\nhello\r\n", "5\t;a\r\nhello\r\n", "5 ; a = \"b\\\"c\" ;d\r\nhello\r\n", "5;a \r\nhello\r\n", "5;a=\"\r\nhello\r\n", "ffffffffffffffff\r\n", "fffffffffffffff\r\n", "10000000000000005\r\nhello\r\n", "\r\n", "\n", "\r",
            ";", "X: y\r\n", "X : y\r\n", " x\r\n", "Transfer-Encoding: chunked\r\n", "GET / HTTP/1.1\r\n", "e".repeat(20), "0".repeat(40), ";" + "x".repeat(1_100));

    /// The same by other means: the whole of what is left after each chunk.
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]++";
    private static final String QUOTED = "\"(?:[^\\x00-\\x08\\x0a-\\x1f\\x7f\"\\\\]|\\\\[\\t -~\\x80-\\xff])*+\"";
    private static final String EXTENSION = "[\\t ]*;[\\t ]*" + TOKEN + "(?:[\\t ]*=[\\t ]*(?:" + TOKEN + "|" + QUOTED + "))?";
    private static final Pattern CHUNK = Pattern.compile("([0-9A-Fa-f]+)(?:" + EXTENSION + ")*\r\n");
    private static final Pattern TRAILER = Pattern.compile(TOKEN + ":[\\t -~\\x80-\\xff]*\r\n");

    /// @param end empty when the content was whole
    /// @param left bytes behind it
    private record Verdict(String content, Fields trailers, String end, int left) {}

    private static Verdict read(Pieces in, int size) throws IOException {
        var bytes = new ByteReader(in, new MemoryBudget(1 << 20));
        var config = Http1Config.DEFAULTS;
        var content = new Http1Content(bytes, new HeadReader(new Replay(in), bytes, config), Http1Content.Framing.CHUNKED, Content.UNKNOWN);
        var got = new ByteArrayOutputStream();
        var end = "";
        try {
            if (size == 0) {
                content.transferTo(got);
            } else {
                var some = new byte[size];
                for (int n; (n = content.read(some, 0, size)) >= 0; ) got.write(some, 0, n);
            }
        } catch (MalformedMessageException e) {
            assertTrue(Set.of(400, 431).contains(e.status()));
            end = e.status() + " " + e.getMessage();
        } catch (EOFException e) {
            end = "eof";
        }
        assertEquals(end.isEmpty(), content.ended());
        return new Verdict(got.toString(ISO_8859_1), content.trailers(), end, end.isEmpty() ? bytes.available() + in.left() : 0);
    }

    @Test void everyInputIsReadOneWay() throws IOException {
        Fuzz.run(Http1ContentFuzzTest.class, "Http1Content", INPUTS, Mutator.of(GOOD, PARTS), Http1ContentFuzzTest::holds);
    }

    private static boolean holds(byte[] input, RandomGenerator random) throws IOException {
        var verdict = read(Pieces.whole(input), 0);
        assertEquals(verdict, read(Pieces.single(input), 1 + random.nextInt(8)), "a byte at a time");
        assertEquals(verdict, read(Pieces.cut(input, random), 0), "in pieces");
        assertEquals(verdict, read(Pieces.whole(input), 1 + random.nextInt(8)), "to a slow reader");
        var text = new String(input, ISO_8859_1);
        var oracle = strict(text);
        if (!verdict.end.isEmpty()) {
            // Only limits are ours to refuse by.
            assertTrue(oracle == null || verdict.end.contains("too l") || verdict.end.startsWith("431"), () -> "refused: " + verdict.end);
            return false;
        }
        assertEquals(oracle, verdict.content);
        sentAgain(verdict);
        return true;
    }

    /// @return the content, or null when it is malformed or not whole
    private static String strict(String text) {
        var content = new StringBuilder();
        var chunk = CHUNK.matcher(text);
        for (int at = 0; chunk.region(at, text.length()).lookingAt(); ) {
            var digits = chunk.group(1).replaceFirst("^0+", "");
            at = chunk.end();
            if (digits.isEmpty()) {
                var trailer = TRAILER.matcher(text);
                while (trailer.region(at, text.length()).lookingAt()) at = trailer.end();
                return text.startsWith("\r\n", at) ? content.toString() : null;
            }
            if (digits.length() > 4) return null;                            // longer than any input
            int end = at + Integer.parseInt(digits, 16);
            if (!text.startsWith("\r\n", end)) return null;
            content.append(text, at, end);
            at = end + 2;
        }
        return null;
    }

    /// What we write of it is read as the same, and nothing is left over.
    private static void sentAgain(Verdict verdict) throws IOException {
        var peer = new Replay(Pieces.whole(new byte[0]));
        var sink = new MessageSink(peer, new ByteWriter(64), _ -> { }, null, Content.UNKNOWN, true, true);
        var content = verdict.content.getBytes(ISO_8859_1);
        for (int at = 0; at < content.length; at += 7) sink.write(content, at, Math.min(7, content.length - at));
        sink.flush();
        sink.end(verdict.trailers);
        var framing = "Transfer-Encoding: chunked\r\n\r\n".getBytes(ISO_8859_1);
        var sent = peer.sent();
        assertArrayEquals(framing, Arrays.copyOf(sent, framing.length));
        var again = read(Pieces.whole(Arrays.copyOfRange(sent, framing.length, sent.length)), 0);
        assertEquals(new Verdict(verdict.content, verdict.trailers, "", 0), again);
    }
}
