package io.loomtunnel.bytes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ByteReaderTest {
    private final MemoryBudget budget = new MemoryBudget(1 << 20);

    @Test void whatGrewIsChargedUntilTheReaderIsReleased() throws IOException {
        var in = new ByteReader(new ByteArrayInputStream(new byte[100_000]), budget);
        in.require(50_000);
        assertEquals(ByteReader.LARGE - ByteReader.SMALL, budget.used());
        in.release();
        in.release();
        assertEquals(0, budget.used());
    }

    /// The watcher of a connection, say, whose read ends only with the connection.
    @Test void whoStillReadsWhenItIsReleasedChargesNothing() {
        var in = new ByteReader(new ByteArrayInputStream(new byte[100_000]), budget);
        in.release();
        assertThrows(EOFException.class, () -> in.require(50_000));
        assertEquals(0, budget.used());
    }

    @Test void theArrayGrowsForBulkUntilHalfOfTheBudgetIsUsed() throws IOException {
        assertEquals(ByteReader.LARGE, afterBulk().array().length);
        budget.charge(budget.limit() / 2);
        assertEquals(ByteReader.SMALL, afterBulk().array().length);
    }

    private ByteReader afterBulk() throws IOException {
        var in = new ByteReader(new ByteArrayInputStream(new byte[1 << 20]), budget);
        for (int i = 0; i < 10; i++) {
            in.fill();
            in.skip(in.available());
        }
        return in;
    }

    @Test void aGuardedOneDoesNotGrowForAHeadWhileMemoryIsShort() throws IOException {
        var in = ByteReader.guarded(new ByteArrayInputStream(new byte[100_000]), budget);
        in.require(5_000);
        budget.charge(1 << 19);
        in.require(8 * 1024);
        assertTrue(in.starved());
        assertThrows(IOException.class, in::fill);
        assertThrows(IOException.class, () -> in.require(9_000));
        in.skip(8 * 1024);
        assertFalse(in.starved());
        assertTrue(in.fill());
    }
}
