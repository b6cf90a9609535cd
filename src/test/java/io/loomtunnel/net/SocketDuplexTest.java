package io.loomtunnel.net;

import static io.loomtunnel.net.Running.start;
import static io.loomtunnel.net.Running.writeForEver;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SocketDuplexTest {
    @Test void aResetOfWhichAWriteWasToldIsNoEndToTheReader() throws Exception {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var writer = Running.writeForEver(pair.ours());
            writer.untilParked();                       // the kernel's buffers are full: the reset wakes the writer
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            writer.failure();
            assertThrows(SocketException.class, () -> pair.ours().in().read());
        }
    }

    @Test void theEndOfAPeerWhoThenTakesNoMoreIsAnEnd() throws Exception {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            pair.peer().shutdownOutput();
            assertEquals(-1, pair.ours().in().read());
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            Running.writeForEver(pair.ours()).failure();
            assertEquals(-1, pair.ours().in().read());
        }
    }

    @Test void carriesBytesBothWaysWhateverTheirNumber() throws Exception {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var bytes = new byte[3 * SocketDuplex.PIECE + 17];
            new Random(1).nextBytes(bytes);
            var written = start(() -> {
                pair.ours().out().write(bytes);
                pair.ours().finish();
            });
            assertArrayEquals(bytes, pair.peer().getInputStream().readAllBytes());
            written.join();
            pair.peer().getOutputStream().write('x');
            assertEquals('x', pair.ours().in().read());
        }
    }

    @Test void afterFinishWeStillRead() throws IOException {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            pair.ours().finish();
            pair.ours().finish();
            assertEquals(-1, pair.peer().getInputStream().read(), "our direction has ended");
            pair.peer().getOutputStream().write("late".getBytes(US_ASCII));
            pair.peer().shutdownOutput();
            assertEquals("late", new String(pair.ours().in().readAllBytes(), US_ASCII));
        }
    }

    @Test void closingTheStreamsLeavesTheConnectionOpen() throws IOException {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            pair.ours().in().close();
            pair.ours().out().close();
            pair.ours().out().write('x');
            assertEquals('x', pair.peer().getInputStream().read());
        }
    }

    @Test void resetWhileAThreadIsBlockedInWriteFailsItAndThePeerSeesTheReset() throws Exception {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var blocked = writeForEver(pair.ours());
            blocked.untilParked();
            pair.ours().reset();
            assertInstanceOf(SocketException.class, blocked.failure());
            assertThrows(SocketException.class, () -> pair.peer().getInputStream().readAllBytes(), "RST, not an end");
        }
    }

    @Test void resetWhileAThreadIsBlockedInReadFailsItAndThePeerSeesTheReset() throws Exception {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var blocked = start(() -> pair.ours().in().read());
            blocked.untilParked();
            pair.ours().reset();
            assertInstanceOf(SocketException.class, blocked.failure());
            assertThrows(SocketException.class, () -> pair.peer().getInputStream().read(), "RST, not an end");
        }
    }

    @Test void closeEndsInOrderAndOnlyOnce() throws IOException {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            pair.ours().out().write('x');
            pair.ours().close();
            pair.ours().close();
            pair.ours().reset();
            assertEquals('x', pair.peer().getInputStream().read());
            assertEquals(-1, pair.peer().getInputStream().read());
            assertThrows(IOException.class, () -> pair.ours().in().read());
            assertThrows(IOException.class, () -> pair.ours().readTimeout(Duration.ofSeconds(1)));
        }
    }

    @Test void aReadEndsAtItsTimeOutAndTheNextOneStillWorks() throws IOException {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            pair.ours().readTimeout(Duration.ofNanos(1));      // rounded up: zero would wait for ever
            assertThrows(SocketTimeoutException.class, () -> pair.ours().in().read());
            pair.ours().readTimeout(Duration.ZERO);
            pair.peer().getOutputStream().write('x');
            assertEquals('x', pair.ours().in().read());
        }
    }

    @Test void knowsBothAddresses() throws IOException {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            assertEquals(pair.peer().getLocalSocketAddress(), pair.ours().remoteAddress());
            assertEquals(pair.peer().getRemoteSocketAddress(), pair.ours().localAddress());
        }
    }
}
