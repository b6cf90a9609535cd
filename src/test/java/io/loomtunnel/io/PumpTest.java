package io.loomtunnel.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.DuplexPair;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class PumpTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final DuplexPair near = new DuplexPair(8 * 1024);
    private final DuplexPair far = new DuplexPair(8 * 1024);
    private final Duplex left = near.left();
    private final Duplex right = far.right();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private Thread relay;

    @BeforeEach void start() {
        relay = Thread.ofVirtual().start(() -> {
            try {
                Pump.relay(near.right(), far.left());
            } catch (IOException e) {
                failure.set(e);
            }
        });
    }

    private static void send(Duplex to, String text) throws IOException {
        to.out().write(text.getBytes(ISO_8859_1));
        to.out().flush();
    }

    private static String read(Duplex from, int bytes) throws IOException {
        return new String(from.in().readNBytes(bytes), ISO_8859_1);
    }

    @Test void eachPiecePassesAtOnceBothWays() throws Exception {
        for (int i = 0; i < 3; i++) {
            send(left, "ping" + i);
            assertEquals("ping" + i, read(right, 5));
            send(right, "pong" + i);
            assertEquals("pong" + i, read(left, 5));
        }
    }

    @Test void anEndEndsOneDirectionOnly() throws Exception {
        send(left, "last");
        left.finish();
        assertEquals("last", read(right, 10));
        send(right, "still here");
        assertEquals("still here", read(left, 10));
        right.finish();
        assertEquals("", read(left, 1));
        assertTrue(relay.join(PATIENCE));
        assertNull(failure.get());
    }

    @Test void aResetResetsTheOtherSide() throws Exception {
        left.reset();
        assertThrows(IOException.class, () -> right.in().read());
        assertThrows(IOException.class, () -> {
            while (true) send(right, "x".repeat(1000));
        });
        assertTrue(relay.join(PATIENCE));
        assertTrue(failure.get() != null);
    }

    @Test void anInterruptEndsBothDirections() throws Exception {
        send(left, "x");
        assertEquals("x", read(right, 1));
        left.finish();
        assertEquals("", read(right, 1));
        relay.interrupt();
        assertThrows(IOException.class, () -> right.out().write(new byte[64 * 1024]));
        assertTrue(relay.join(PATIENCE));
    }

    @Test void theArrayIsLargeOnlyWhileItIsFilled() throws IOException {
        var sizes = new ArrayList<Integer>();
        var bulk = new byte[1 << 20];
        new Random(1).nextBytes(bulk);
        var in = new InputStream() {
            private final ByteArrayInputStream bytes = new ByteArrayInputStream(bulk);

            @Override public int read() {
                return bytes.read();
            }

            @Override public int read(byte[] target, int offset, int length) {
                sizes.add(length);
                // The last bytes come one by one.
                return bytes.read(target, offset, bytes.available() > 3 ? Math.min(length, bytes.available() - 3) : 1);
            }

            @Override public int available() {
                return 0;
            }
        };
        var out = new ByteArrayOutputStream();
        assertEquals(bulk.length, Pump.copy(in, new BufferedOutputStream(out, 1 << 21)));
        assertArrayEquals(bulk, out.toByteArray());
        assertEquals(2 * 1024, sizes.getFirst());
        assertTrue(sizes.contains(64 * 1024));
        assertEquals(2 * 1024, sizes.getLast());
    }
}
