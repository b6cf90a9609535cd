package io.loomtunnel.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loomtunnel.fixture.DuplexPair;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class PumpTest {
    @Test void whateverComesInWhateverPiecesIsPassedOn() throws Exception {
        var random = new Random(5);
        for (int round = 0; round < 300; round++) {
            var bytes = new byte[random.nextInt(400_000)];
            random.nextBytes(bytes);
            var buffers = new Buffers(round % 3);
            var out = new ByteArrayOutputStream();
            assertEquals(bytes.length, Pump.copy(new Pieces(bytes, random), out, buffers));
            assertArrayEquals(bytes, out.toByteArray(), "round " + round);
            assertEquals(0, buffers.lent());
        }
    }

    @Test void noLargeArrayIsHeldWhileNothingComes() throws Exception {
        var buffers = new Buffers(1);
        var pair = new DuplexPair(200_000);
        pair.left().out().write(new byte[150_000]);
        var out = new Counting(150_000);
        var copying = Thread.ofVirtual().start(() -> {
            try {
                Pump.copy(pair.right().in(), out, buffers);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        out.reached.await();
        while (copying.getState() != Thread.State.WAITING) Thread.onSpinWait();
        assertEquals(0, buffers.lent());
        pair.left().finish();
        copying.join();
    }

    @Test void aWriteThatFailsGivesTheArrayBack() {
        var buffers = new Buffers(1);
        var broken = new OutputStream() {
            @Override public void write(int b) throws IOException {
                assertEquals(1, buffers.lent());
                throw new IOException("broken");
            }
        };
        assertThrows(IOException.class, () -> Pump.copy(new ByteArrayInputStream(new byte[10_000]), broken, buffers));
        assertEquals(0, buffers.lent());
    }

    @Test void noMoreArraysAreLentThanThereMayBe() {
        var buffers = new Buffers(2);
        var first = buffers.lend();
        assertNotNull(buffers.lend());
        assertNull(buffers.lend());
        buffers.giveBack(first);
        assertEquals(first, buffers.lend(), "the one that was in use a moment ago");
    }

    @Test void theEndOfOneDirectionIsItsEndAlone() throws Exception {
        var visitor = new DuplexPair(1024);
        var origin = new DuplexPair(1024);
        var relay = Thread.ofVirtual().start(() -> relay(visitor.right(), origin.left()));
        visitor.left().out().write("question".getBytes(ISO_8859_1));
        visitor.left().finish();
        assertEquals("question", new String(origin.right().in().readAllBytes(), ISO_8859_1));
        origin.right().out().write("answer".getBytes(ISO_8859_1));
        origin.right().finish();
        assertEquals("answer", new String(visitor.left().in().readAllBytes(), ISO_8859_1));
        relay.join();
    }

    @Test void whatASideHasSentBeforeItTakesNoMoreStillArrives() throws Exception {
        var visitor = new DuplexPair(1024);
        var origin = new DuplexPair(1024 * 1024);
        var answer = new byte[1024 * 1024];
        new Random(6).nextBytes(answer);
        origin.right().out().write(answer);
        origin.right().close();                 // an end in order, and nothing more is taken
        var relay = Thread.ofVirtual().start(() -> relay(visitor.right(), origin.left()));
        visitor.left().out().write(new byte[500]);
        assertArrayEquals(answer, visitor.left().in().readAllBytes());
        relay.join();
        assertThrows(IOException.class, () -> visitor.left().out().write(new byte[2000]), "and then it is told");
    }

    @Test void whoWaitsForAPeerThatEchoesIsNotHeldUpByOneThatLeft() throws Exception {
        var near = new DuplexPair(1_000);
        var far = new DuplexPair(1_000);
        var echo = Thread.ofVirtual().start(() -> relayOneWay(far.right()));
        var relaying = Thread.ofVirtual().start(() -> relay(near.right(), far.left()));
        // All pipes are full then, and each waits for the other to read.
        var visitor = Thread.ofVirtual().start(() -> flood(near.left()));
        while (near.left().in().available() < 1_000 || far.left().in().available() < 1_000 || visitor.getState() != Thread.State.WAITING) Thread.onSpinWait();
        near.left().reset();
        for (var each : List.of(visitor, relaying, echo)) each.join();
    }

    private static void flood(Duplex duplex) {
        try {
            while (true) duplex.out().write(new byte[100]);
        } catch (IOException e) {
            // reset
        }
    }

    private static void relayOneWay(Duplex echo) {
        try {
            echo.transferTo(echo.out());
        } catch (IOException e) {
            // reset
        }
    }

    @Test void aResetOfOneSideIsAResetOfTheOther() throws Exception {
        var visitor = new DuplexPair(1024);
        var origin = new DuplexPair(1024);
        var relay = Thread.ofVirtual().start(() -> relay(visitor.right(), origin.left()));
        origin.right().reset();
        assertThrows(IOException.class, () -> visitor.left().in().read());
        relay.join();
    }

    @Test void whatAPeerSaidBeforeItTookNoMoreIsPassedOn() throws Exception {
        var visitor = new DuplexPair(1024);
        var origin = new Refusing("and this is why");
        var relay = Thread.ofVirtual().start(() -> relay(visitor.right(), origin));
        visitor.left().out().write("question".getBytes(ISO_8859_1));
        visitor.left().out().flush();
        assertEquals("and this is why", new String(visitor.left().in().readNBytes(15), ISO_8859_1));
        origin.heard.countDown();
        assertThrows(IOException.class, () -> visitor.left().in().read());
        relay.join();
    }

    private static void relay(Duplex near, Duplex far) {
        try {
            Pump.relay(near, far);
        } catch (IOException _) {
            // a side was reset
        }
    }

    /// Takes nothing, and once it was asked to says why and is gone.
    private static final class Refusing implements Duplex {
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch heard = new CountDownLatch(1);
        private final InputStream words;

        Refusing(String words) {
            this.words = new ByteArrayInputStream(words.getBytes(ISO_8859_1));
        }

        @Override public InputStream in() {
            return new InputStream() {
                @Override public int read() throws IOException {
                    await(asked);
                    int b = words.read();
                    if (b >= 0) return b;
                    await(heard);
                    throw new IOException("connection reset");
                }

                @Override public int read(byte[] target, int offset, int length) throws IOException {
                    int b = read();
                    target[offset] = (byte) b;
                    return 1;
                }
            };
        }

        @Override public OutputStream out() {
            return new OutputStream() {
                @Override public void write(int b) throws IOException {
                    asked.countDown();
                    throw new IOException("broken pipe");
                }
            };
        }

        private static void await(CountDownLatch latch) throws IOException {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override public void readTimeout(Duration limit) {}

        @Override public void finish() {}

        @Override public void reset() {}

        @Override public void close() {}
    }

    /// Gives its bytes in pieces of any size, and does not always know that there are more.
    private static final class Pieces extends InputStream {
        private final ByteArrayInputStream bytes;
        private final Random random;

        Pieces(byte[] bytes, Random random) {
            this.bytes = new ByteArrayInputStream(bytes);
            this.random = random;
        }

        @Override public int read() {
            return bytes.read();
        }

        @Override public int read(byte[] target, int offset, int length) {
            return bytes.read(target, offset, Math.min(length, 1 + random.nextInt(random.nextBoolean() ? 2_000 : 100_000)));
        }

        @Override public int available() {
            return random.nextInt(4) == 0 ? 0 : bytes.available();
        }
    }

    private static final class Counting extends OutputStream {
        private final CountDownLatch reached = new CountDownLatch(1);
        private int left;

        Counting(int bytes) {
            left = bytes;
        }

        @Override public void write(int b) {
            write(new byte[1], 0, 1);
        }

        @Override public void write(byte[] source, int offset, int length) {
            left -= length;
            if (left == 0) reached.countDown();
        }
    }
}
