package io.loomtunnel.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.DuplexPair;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class OpeningTest {
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(30);

    @Test void thePrefaceIsKnownHoweverItArrives() throws Exception {                       // RFC 9113 §3.4
        for (int cut = 0; cut <= PREFACE.length(); cut++) {
            assertEquals(Opening.HTTP_2, read(PREFACE.substring(0, cut), PREFACE.substring(cut) + "more"), "cut at " + cut);
        }
    }

    @Test void theFirstByteThatDiffersDecides() throws IOException {
        for (int same = 0; same < PREFACE.length(); same++) {
            var other = PREFACE.substring(0, same) + '?';
            assertEquals(Opening.HTTP_1, readOpen(other, LONG), "no more is waited for after " + same + " bytes");
        }
        assertEquals(Opening.HTTP_1, readOpen("PUT / HTTP/1.1\r\n", LONG));
        assertEquals(Opening.HTTP_1, readOpen("G", LONG));
    }

    @Test void nothingIsConsumed() throws IOException {
        var pair = new DuplexPair(1024);
        pair.left().out().write((PREFACE + "x").getBytes(US_ASCII));
        var in = new ByteReader(pair.right().in(), MemoryBudget.PROCESS);
        assertEquals(Opening.HTTP_2, Opening.read(pair.right(), in, LONG, LONG));
        assertEquals(PREFACE.length() + 1, in.available());
    }

    @Test void aConnectionWithoutAByteIsNothing() throws IOException {
        var pair = new DuplexPair(1024);
        assertEquals(Opening.NOTHING, read(pair.right(), SHORT, LONG), "idle for too long");
        pair.left().finish();
        assertEquals(Opening.NOTHING, read(pair.right(), LONG, LONG), "closed by its peer");
    }

    @Test void aPrefaceThatIsNeverCompleteIsLeftToTheOtherParser() throws IOException {
        assertEquals(Opening.HTTP_1, readOpen("PRI * HT", SHORT), "time is up");
        var pair = new DuplexPair(1024);
        pair.left().out().write("PRI * HT".getBytes(US_ASCII));
        pair.left().finish();
        assertEquals(Opening.HTTP_1, read(pair.right(), LONG, LONG), "cut short");
    }

    private static Opening read(String first, String second) throws Exception {
        var pair = new DuplexPair(1024);
        var opening = new FutureTask<>(() -> read(pair.right(), LONG, LONG));
        pair.left().out().write(first.getBytes(US_ASCII));
        var thread = Thread.ofVirtual().start(opening);
        while (pair.right().in().available() > 0) Thread.onSpinWait();      // the first piece was read by itself
        pair.left().out().write(second.getBytes(US_ASCII));
        thread.join();
        return opening.get();
    }

    private static Opening readOpen(String text, Duration head) throws IOException {
        var pair = new DuplexPair(1024);
        pair.left().out().write(text.getBytes(US_ASCII));
        return read(pair.right(), LONG, head);
    }

    private static Opening read(Duplex connection, Duration idle, Duration head) throws IOException {
        return Opening.read(connection, new ByteReader(connection.in(), MemoryBudget.PROCESS), idle, head);
    }
}
