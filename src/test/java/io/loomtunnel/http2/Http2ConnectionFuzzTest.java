package io.loomtunnel.http2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.Frames;
import io.loomtunnel.fixture.Fuzz;
import io.loomtunnel.fixture.Pieces;
import io.loomtunnel.fixture.Replay;
import io.loomtunnel.http.CancelledException;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.NoResponseException;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What a connection makes of any frames, in both roles: it ends, says why, and says the same however they arrive (RFC 9113 §5).
class Http2ConnectionFuzzTest {
    private static final int INPUTS = 20_000;
    private static final Peer PEER = new Peer(new InetSocketAddress("127.0.0.1", 1), "http");
    private static final MemoryBudget BUDGET = MemoryBudget.PROCESS;      // the one that streams charge
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
    private static final byte[] SETTINGS = HexFormat.of().parseHex("000000040000000000");

    /// @param answers what the peer was told, but for heads, content and credit, which other threads send
    /// @param end     how the connection ended
    /// @param results what became of our own requests
    private record Verdict(List<String> answers, String end, List<String> results) {}

    @Test void asTheServer() throws IOException {
        whole("Http2Server", false);
    }

    @Test void asTheClient() throws IOException {
        whole("Http2Client", true);
    }

    /// Whatever the connections held is given back when they are over.
    private static void whole(String name, boolean client) throws IOException {
        long before = BUDGET.used();
        Fuzz.run(Http2ConnectionFuzzTest.class, name, INPUTS, new Frames(client), (input, random) -> holds(input, random, client));
        var deadline = Deadline.after(Duration.ofSeconds(5));
        while (BUDGET.used() != before && !deadline.passed()) Thread.onSpinWait();       // handlers are still ending
        assertEquals(before, BUDGET.used());
        assertTrue(BUDGET.mayGrow((int) (BUDGET.limit() / 4)), "some window is still counted");
    }

    private static boolean holds(byte[] input, RandomGenerator random, boolean client) throws IOException {
        var bytes = new ByteWriter(input.length + 40);
        if (!client) bytes.put(PREFACE);
        bytes.put(SETTINGS).put(input);
        var wire = Arrays.copyOf(bytes.array(), bytes.size());
        var verdict = run(Pieces.whole(wire), client);
        assertEquals(verdict, run(Pieces.single(wire), client), "a byte at a time");
        assertEquals(verdict, run(Pieces.cut(wire, random), client), "in pieces");
        return verdict.end.isEmpty() && verdict.answers.stream().noneMatch(answer -> answer.startsWith("RstStream"));
    }

    private static Verdict run(Pieces in, boolean client) throws IOException {
        var duplex = new Replay(in);
        var reader = new ByteReader(in, BUDGET);
        var over = new CountDownLatch(1);
        // No handler answers before the end: what the peer is told is the reader's alone.
        var connection = client ? Http2Connection.client(duplex, reader, Http2Config.ORIGIN, PEER)
                : Http2Connection.server(duplex, reader, Http2Config.PUBLIC, PEER, _ -> await(over));
        in.atEnd(() -> written(connection));
        var sent = new ArrayList<Transaction>();
        if (client) in.atStart(() -> send(connection, sent));
        var end = "";
        try {
            connection.run();
        } catch (ConnectionException e) {
            end = e.code() + " " + e.getMessage();
        } catch (EOFException e) {
            end = "eof";
        }
        over.countDown();
        assertFalse(connection.isOpen());
        var answers = answers(duplex.sent(), client);
        // Our direction ends with the last stream once the peer takes no more: nobody is told anything then.
        if (connection.table().ending()) answers = List.of();
        else if (end.contains("connection: ")) {
            var code = end.substring(0, end.indexOf(' '));
            assertTrue(answers.getLast().startsWith("GoAway[") && answers.getLast().endsWith("code=" + code + "]"), answers::toString);
        }
        return new Verdict(answers, end, sent.stream().map(Http2ConnectionFuzzTest::result).toList());
    }

    /// What we sent is well formed, whatever it answers.
    private static List<String> answers(byte[] sent, boolean client) throws IOException {
        var bytes = new ByteReader(new ByteArrayInputStream(sent), new MemoryBudget(1 << 20));
        if (client) {
            bytes.require(PREFACE.length);
            bytes.skip(PREFACE.length);
        }
        var frames = new FrameReader(bytes, 16_384, 65_536);
        var answers = new ArrayList<String>();
        for (Frame frame; (frame = frames.next()) != null; ) {
            switch (frame) {
                case Frame.RstStream _, Frame.Ping _, Frame.GoAway _, Frame.SettingsAck() -> answers.add(frame.toString());
                case Frame.Data data -> bytes.skip(data.flow());
                default -> { }
            }
        }
        return answers;
    }

    private static void send(Http2Connection connection, List<Transaction> sent) {
        try {
            for (int i = 0; i < 3; i++) {
                var transaction = connection.send(new RequestHead(i == 2 ? "HEAD" : "GET", "http", "a", "/", new Fields()));
                transaction.content().end();
                sent.add(transaction);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The heads and the content that came, and how it ended.
    private static String result(Transaction transaction) {
        var text = new StringBuilder();
        try {
            for (boolean interim = true; interim; ) {
                var head = transaction.response(Deadline.after(Duration.ofSeconds(5)));
                text.append(head.status()).append(' ');
                interim = head.interim();
            }
            var content = new ByteArrayOutputStream();
            try {
                transaction.body().transferTo(content);
            } finally {
                text.append(content.size()).append(' ');
            }
            return text + "whole";
        } catch (CancelledException | NotProcessedException | NoResponseException e) {
            return text + e.getClass().getSimpleName();
        } catch (StreamException | ConnectionException | MalformedMessageException e) {
            return text + e.getMessage();
        } catch (IOException e) {
            throw new AssertionError("an unexpected failure", e);
        }
    }

    private static void await(CountDownLatch over) {
        try {
            over.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Until the writer thread has written what the reader has queued.
    private static void written(Http2Connection connection) {
        var deadline = Deadline.after(Duration.ofSeconds(10));
        while (connection.queuedBytes() > 0 && !connection.table().ending()) {
            if (deadline.passed()) throw new AssertionError("nobody writes what is queued");
            Thread.onSpinWait();
        }
    }
}
