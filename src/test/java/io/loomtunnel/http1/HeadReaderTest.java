package io.loomtunnel.http1;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.Replay;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Deadline;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

/// What a head costs before it is whole.
class HeadReaderTest {
    private static final String SHORT = "GET / HTTP/1.1\r\nHost: a.example\r\n";
    private static final String LONG = SHORT + ("X: " + "x".repeat(500) + "\r\n").repeat(20);

    private final MemoryBudget budget = new MemoryBudget(1 << 20);
    private long most;

    private HeadReader.Request read(String text) throws IOException {
        var bytes = new ByteArrayInputStream(text.getBytes(ISO_8859_1));
        var watched = new InputStream() {
            @Override public int read() {
                throw new IllegalStateException();
            }

            @Override public int read(byte[] target, int offset, int length) {
                most = Math.max(most, budget.used());
                return bytes.read(target, offset, length);
            }
        };
        var in = ByteReader.guarded(watched, budget);
        try {
            return new HeadReader(new Replay(watched), in, Http1Config.DEFAULTS).request("http", Deadline.NEVER);
        } finally {
            in.release();
        }
    }

    @Test void aLongHeadIsChargedToTheBudgetUntilItIsWholeOrBreaksOff() throws IOException {
        read(LONG + "\r\n");
        assertTrue(most > 8_000, "charged " + most);
        assertEquals(0, budget.used());
        assertThrows(EOFException.class, () -> read(LONG));
        assertEquals(0, budget.used());
    }

    @Test void whileMemoryIsShortALongOneIsRefusedAndAShortOneIsNot() throws IOException {
        budget.charge(1 << 19);
        assertEquals(503, assertThrows(StatusException.class, () -> read(LONG + "\r\n")).status());
        assertEquals("/", read(SHORT + "\r\n").head().path());
        var line = SHORT + "X: " + "x".repeat(5_000) + "\r\n\r\n";
        assertEquals(503, assertThrows(StatusException.class, () -> read(line)).status());
        assertEquals(1 << 19, budget.used());
    }
}
