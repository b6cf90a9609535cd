package io.loomtunnel.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Records read as JSSE reads them, header and rest by themselves. What is in them nobody looks at.
@Timeout(30)
class RecordInputTest {
    private static final int APPLICATION_DATA = 23;

    @Test void recordsWithoutDataAreCountedByTheKeyUpdatesThatTheyHaveRoomFor() throws IOException {   // RFC 8446 §4.6.3
        assertEquals(129, recordsTaken(22, false), "the next one is refused");
        assertEquals(1, recordsTaken(16 * 1024, false), "one holds hundreds");
    }

    @Test void recordsWithDataAreNotCounted() throws IOException {
        assertEquals(1000, recordsTaken(22, true));
        assertEquals(1000, recordsTaken(16 * 1024, true));
    }

    /// @return how many of a thousand records of that length are taken
    private static int recordsTaken(int length, boolean data) throws IOException {
        var bytes = new byte[1000 * (5 + length)];
        for (int at = 0; at < bytes.length; at += 5 + length) {
            bytes[at] = APPLICATION_DATA;
            bytes[at + 3] = (byte) (length >> 8);
            bytes[at + 4] = (byte) length;
        }
        var jsse = new ReentrantLock();
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var reader = new ByteReader(new ByteArrayInputStream(bytes), MemoryBudget.PROCESS);
            var records = new RecordInput(reader, new RecordQueue(pair.ours()), jsse, true);
            records.established();
            jsse.lock();
            for (int taken = 0; taken < 1000; taken++) {
                try {
                    assertEquals(5, records.readNBytes(5).length);
                } catch (SSLException _) {
                    return taken;
                }
                assertEquals(length, records.readNBytes(length).length);
                if (data) records.fruitful(1);
            }
            records.release();
            return 1000;
        }
    }
}
